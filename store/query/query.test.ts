import { describe, expect, it } from 'vitest';
import { JobtraceError } from '../../core/errors.js';
import { wordProblem } from './problems.js';
import { parseQuery } from './query.js';

function refuse(text: string): JobtraceError {
  try {
    parseQuery(text);
  } catch (error) {
    if (error instanceof JobtraceError && error.code === 'JT_QUERY_INVALID') return error;
    throw error;
  }
  throw new Error(`${text} was understood`);
}

const word = (...words: string[]) => ({ kind: 'phrase', words });

describe('parseQuery', () => {
  it('asks for everything when there is nothing to ask for', () => {
    expect(parseQuery('')).toEqual({ kind: 'all' });
    expect(parseQuery('  -  --- () '.replace('()', ''))).toEqual({ kind: 'all' });
  });

  it('takes words as all needed, in any case', () => {
    expect(parseQuery('Checkpoint expired')).toEqual({ kind: 'and', nodes: [word('checkpoint'), word('expired')] });
  });

  it('takes a class name as the phrase of its parts', () => {
    expect(parseQuery('java.io.IOException')).toEqual(word('java', 'io', 'ioexception'));
  });

  it('takes quoted text as a phrase, with operators and stars inside being text', () => {
    expect(parseQuery('"Insufficient number OR of* -buffers"')).toEqual(
      word('insufficient', 'number', 'or', 'of', 'buffers'),
    );
    expect(parseQuery('"say \\"hi\\""')).toEqual(word('say', 'hi'));
  });

  it('excludes with - and NOT', () => {
    expect(parseQuery('lost -heartbeat')).toEqual({
      kind: 'and',
      nodes: [word('lost'), { kind: 'not', node: word('heartbeat') }],
    });
    expect(parseQuery('NOT "cancel job"')).toEqual({ kind: 'not', node: word('cancel', 'job') });
  });

  it('keeps a dash inside a word as part of it', () => {
    expect(parseQuery('flink-akka')).toEqual(word('flink', 'akka'));
  });

  it('binds AND tighter than OR and obeys parentheses', () => {
    expect(parseQuery('a b OR c')).toEqual({
      kind: 'or',
      nodes: [{ kind: 'and', nodes: [word('a'), word('b')] }, word('c')],
    });
    expect(parseQuery('a AND (b OR c)')).toEqual({
      kind: 'and',
      nodes: [word('a'), { kind: 'or', nodes: [word('b'), word('c')] }],
    });
  });

  it('asks fields by short and by full names', () => {
    const level = { kind: 'value', field: 'log.level', glob: ['error'] };
    expect(parseQuery('level:error')).toEqual(level);
    expect(parseQuery('log.level:error')).toEqual(level);
    expect(parseQuery('job:orders')).toEqual({ kind: 'job', glob: ['orders'] });
    expect(parseQuery('cluster:"a b"')).toEqual({ kind: 'value', field: 'flink.cluster', glob: ['a b'] });
  });

  it('looks for an error class anywhere in the chain and without its package', () => {
    const node = parseQuery('error:IOException');
    expect(node).toMatchObject({ kind: 'or' });
    expect(JSON.stringify(node)).toContain('{"kind":"value","field":"flink.chain","glob":["",".IOException"]}');
  });

  it('takes stars in values and words', () => {
    expect(parseQuery('thread:flink-*-7')).toEqual({
      kind: 'value',
      field: 'process.thread.name',
      glob: ['flink-', '-7'],
    });
    expect(parseQuery('Timeout*')).toEqual({ kind: 'word', glob: ['timeout', ''] });
    expect(parseQuery('org.apache.*Exception')).toEqual({
      kind: 'and',
      nodes: [word('org', 'apache'), { kind: 'word', glob: ['', 'exception'] }],
    });
    expect(parseQuery('*')).toEqual({ kind: 'all' });
  });

  it('takes several values of one field in parentheses', () => {
    const level = (name: string) => ({ kind: 'value', field: 'log.level', glob: [name] });
    expect(parseQuery('level:(ERROR OR WARN)')).toEqual({ kind: 'or', nodes: [level('ERROR'), level('WARN')] });
  });

  it('takes text pasted from a log as words', () => {
    expect(parseQuery('Caused by: java.io.IOException: broken')).toMatchObject({ kind: 'and' });
    expect(parseQuery('akka.tcp://flink@host:6123/user')).toEqual(word('akka', 'tcp', 'flink', 'host', '6123', 'user'));
    expect(parseQuery('http://node:8081')).toEqual(word('http', 'node', '8081'));
    expect(parseQuery('08:49:59,123')).toEqual(word('08', '49', '59', '123'));
    expect(parseQuery('Map(1/2).run()')).toEqual(word('map', '1', '2', 'run'));
  });

  it('splits Chinese text into its characters', () => {
    expect(parseQuery('连接失败')).toEqual(word('连', '接', '失', '败'));
  });

  it('takes a long text with a star whose words are short, and any length in quotes', () => {
    expect(parseQuery(`${'ab-'.repeat(200)}c*`)).toMatchObject({ kind: 'and' });
    expect(parseQuery(`job:"*${'a'.repeat(300)}"`)).toMatchObject({ kind: 'job' });
  });

  it('says what a mistyped level should have been, and where', () => {
    const error = refuse('timeout level:EROR');
    expect(error.message).toBe('The query is not valid at character 15: there is no level "EROR".');
    expect(error.fix).toContain('Did you mean level:ERROR?');
    expect(refuse('level:WARNING').fix).toContain('level:WARN?');
  });

  it('says what a mistyped field should have been', () => {
    const error = refuse('levle:ERROR');
    expect(error.message).toContain('character 1: there is no field "levle"');
    expect(error.fix).toContain('Did you mean level:ERROR?');
    expect(refuse('colour:red').fix).toContain('Fields are id, level, logger,');
  });

  it.each<[string, number, string]>([
    ['"open', 1, 'quote is never closed'],
    ['a (b OR c', 3, '"(" is never closed'],
    ['a) b', 2, 'unmatched ")"'],
    ['OR b', 1, 'OR needs something on both sides'],
    ['a OR', 3, 'OR needs something on both sides'],
    ['a AND', 3, 'AND needs something on both sides'],
    ['a NOT', 3, 'NOT needs a term'],
    ['()', 1, 'nothing between these parentheses'],
    ['level: ERROR', 7, 'level: has no value'],
    ['('.repeat(300), 41, 'nested too deeply'],
    ['a '.repeat(501), 1001, 'more than 500 terms'],
    [`a job:*${'a'.repeat(255)}`, 7, 'a pattern with * of more than 255 characters'],
    [`a x-${'a'.repeat(255)}*`, 3, 'a pattern with * of more than 255 characters'],
  ])('refuses with its place: %#', (text, position, problem) => {
    const error = refuse(text);
    expect(error.message).toContain(`at character ${position}: `);
    expect(error.message).toContain(problem);
    expect(error.fix).not.toBe('');
  });

  it('understands or refuses whatever is typed, and never fails otherwise', () => {
    const parts = [
      '(',
      ')',
      '"',
      '-',
      'OR',
      'AND',
      'NOT',
      ' ',
      'level:',
      'job:',
      'a',
      '*',
      ':',
      '\\',
      '连',
      '\u0000',
      '\ud800',
    ];
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % below;
    for (let round = 0; round < 5000; round += 1) {
      const text = Array.from({ length: random(12) }, () => parts[random(parts.length)]).join('');
      try {
        parseQuery(text);
      } catch (error) {
        expect(error, text).toBeInstanceOf(JobtraceError);
      }
    }
  });
});

describe('wordProblem', () => {
  const word = (text: string, lang: 'en' | 'zh') => wordProblem(text, refuse(text).details, lang);

  it('says what is wrong in both languages, where, and what was meant', () => {
    expect(word('lost levl:ERROR', 'en')).toMatchObject({ at: 5, repaired: 'lost level:ERROR' });
    expect(word('lost levl:ERROR', 'zh').problem).toBe('没有字段 "levl"');
    expect(word('level:ERORR', 'zh')).toMatchObject({ at: 6, repaired: 'level:ERROR' });
  });

  it('closes what is open', () => {
    for (const text of ['(a OR b', '"a b']) expect(() => parseQuery(word(text, 'en').repaired ?? '')).not.toThrow();
  });

  it('has a value for each place of its texts', () => {
    const wrong = [
      'a)',
      '(a',
      '()',
      '"a',
      'a OR',
      'a AND',
      'NOT',
      'level:',
      'level:XY',
      'abcxyz:1',
      `${'a*'.repeat(200)}`,
    ];
    for (const text of wrong) {
      const { problem, advice } = word(text, 'zh');
      expect(`${problem} ${advice}`).not.toMatch(/\{\w+\}/);
    }
  });
});
