import { describe, expect, it } from 'vitest';
import { askForValues, completeTerm, findUnfinished, type Unfinished } from './complete.js';

/** Finds the unfinished term. `|` is the caret. */
function find(marked: string): Unfinished | undefined {
  return findUnfinished(marked.replace('|', ''), marked.indexOf('|'));
}

function choose(marked: string, choice: string): string {
  const found = find(marked);
  if (found === undefined) return 'nothing';
  const { text, caret } = completeTerm(marked.replace('|', ''), found, choice);
  return `${text.slice(0, caret)}|${text.slice(caret)}`;
}

describe('findUnfinished', () => {
  it.each([
    ['|', undefined, ''],
    ['lev|', undefined, 'lev'],
    ['timeout -lev|', undefined, 'lev'],
    ['le|vel:ERROR', undefined, 'le'],
    ['level:|', 'level', ''],
    ['level:ER|', 'level', 'ER'],
    ['-log.level:ER|ROR lost', 'level', 'ER'],
    ['job:"my or|', 'job', 'my or'],
    ['level:(ERROR OR WA|', 'level', 'WA'],
    ['level:(ERROR OR |', 'level', ''],
    ['level:(ERROR) WA|', undefined, 'WA'],
  ])('finds in %s', (text, field, typed) => {
    const found = find(text);

    expect([found?.field?.name, found?.typed]).toEqual([field, typed]);
  });

  it.each(['"a phr|', 'http://node:80|', 'levl:ER|'])('finds nothing in %s', (text) => {
    expect(find(text)).toBeUndefined();
  });
});

describe('completeTerm', () => {
  it.each([
    ['lost -lev|', 'level', 'lost -level:|'],
    ['le|v:ERROR', 'level', 'level:|ERROR'],
    ['level:ER|', 'ERROR', 'level:ERROR |'],
    ['level:ER|ROR lost', 'WARN', 'level:WARN |lost'],
    ['job:my|', 'my "own" job', 'job:"my \\"own\\" job" |'],
    ['job:"my |', 'my job', 'job:"my job" |'],
    ['process:|', 'node-1:/log/a', 'process:"node-1:/log/a" |'],
    ['level:(ERROR OR W|)', 'WARN', 'level:(ERROR OR WARN|)'],
  ])('makes of %s and %s %s', (text, choice, completed) => {
    expect(choose(text, choice)).toBe(completed);
  });
});

describe('askForValues', () => {
  const ask = (marked: string) => askForValues(marked.replace('|', ''), find(marked) ?? fail());
  const fail = (): never => {
    throw new Error('nothing is unfinished');
  };

  it('asks for what begins so beside the other terms, or alone where these are not understood without it', () => {
    expect(ask('lost -job:or| level:ERROR')).toEqual(['lost level:ERROR job:or*', 'job:or*']);
  });

  it('asks for all values where nothing is typed, or no single word', () => {
    expect(ask('lost job:|')).toEqual(['lost', '']);
    expect(ask('lost job:"my or|')).toEqual(['lost', '']);
  });
});
