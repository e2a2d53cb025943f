import { describe, expect, it } from 'vitest';
import { fillTemplate, parseTemplate } from './template.js';

const fill = (text: string, values: Parameters<typeof fillTemplate>[1]): ReturnType<typeof fillTemplate> =>
  fillTemplate(parseTemplate(text), values, (key) => key);

describe('fillTemplate', () => {
  it('leaves an ellipsis where a value is missing, and nothing where a computed one is empty', () => {
    expect(fill('more than it may have{usage}.', { usage: '' })).toEqual({
      text: 'more than it may have.',
      missing: [],
    });
    expect(fill('more than it may have{usage}.', {})).toEqual({ text: 'more than it may have….', missing: ['usage'] });
  });

  it('ends before a colon that nothing would follow', () => {
    expect(fill('The code threw {type}: {message}', { type: 'a.BException' }).text).toBe('The code threw a.BException');
    expect(fill('The code threw {type}: {message}', { type: 'a.BException', message: 'x' }).text).toBe(
      'The code threw a.BException: x',
    );
  });

  it('ends with one full stop', () => {
    expect(fill('It says: {message}. Then', { message: 'The disk is full.' }).text).toBe(
      'It says: The disk is full. Then',
    );
    expect(fill('{message}.', { message: 'The disk is full.' }).text).toBe('The disk is full.');
    expect(fill('其内容：{message}。之后', { message: 'The disk is full.' }).text).toBe(
      '其内容：The disk is full。之后',
    );
    expect(fill('In ../{path}. And so on...', { path: 'a/.. b' }).text).toBe('In ../a/.. b. And so on...');
  });

  it('writes numbers for people and for options', () => {
    expect(fill('{need|bytes}, {need|size}, {pause|duration}', { need: 117_440_512n, pause: 90_000n }).text).toBe(
      '112 MiB, 112m, 1.5 min',
    );
  });

  it('quotes the beginning of a message of several lines, on one', () => {
    expect(fill('Refused: {message}.', { message: 'No key. The plan is:\n  Join(a, b)\n' }).text).toBe(
      'Refused: No key. The plan is: Join(a, b).',
    );
    expect(fill('{message}', { message: `Plan:\n${'Join '.repeat(100)}` }).text).toMatch(/^Plan: (?:Join )+\w*…$/);
    expect(fill('{message}', { message: 'one line '.repeat(100) }).text).toHaveLength(900);
  });
});
