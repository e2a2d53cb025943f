import { describe, expect, it } from 'vitest';
import { makeRecord } from './testing/samples.js';
import { fillWords, splitWords } from './words.js';

describe('splitWords', () => {
  it('takes runs of letters or digits, in lower case', () => {
    expect(splitWords('java.io.IOException: task_manager-7 (1/2)#0 Größe')).toEqual([
      'java',
      'io',
      'ioexception',
      'task',
      'manager',
      '7',
      '1',
      '2',
      '0',
      'größe',
    ]);
  });

  it('takes each Chinese character as a word', () => {
    expect(splitWords('作业Job失败')).toEqual(['作', '业', 'job', '失', '败']);
  });

  it('cuts words that no index takes whole', () => {
    expect(splitWords('a'.repeat(600)).map((word) => word.length)).toEqual([255, 255, 90]);
  });

  it('has no words in punctuation and control characters', () => {
    expect(splitWords('\u0000 -- \u001b[ ===\n')).toEqual([]);
  });
});

describe('fillWords', () => {
  it('takes the entry as written once, and what a layout took out of escapes beside it', () => {
    const plain = { ...makeRecord(1), 'event.original': 'INFO a.B - hello', message: 'hello' };
    const json = { ...makeRecord(1), 'event.original': '{"m":"x\\nat y"}', message: 'x\nat y' };

    expect(fillWords(plain)).toBe('info a b hello');
    expect(fillWords(json)).toBe('m x nat y x at y');
  });
});
