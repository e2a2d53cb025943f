import { describe, expect, it } from 'vitest';
import { formatProblems, parseDocument } from './document.js';

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['severity', 'title'],
  properties: {
    severity: { type: 'string', enum: ['info', 'warning', 'error'] },
    title: { type: 'string', minLength: 1 },
    match: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        properties: { anchor: { type: 'string' }, regex: { type: 'string' } },
      },
    },
    count: { type: 'integer', minimum: 1 },
  },
};

describe('parseDocument', () => {
  it.each([
    ['nested lists', '['.repeat(100_000), 'at most 200 are read'],
    ['lists in lists', '- '.repeat(100_000), 'at most 200 are read'],
    [
      'keys below keys',
      Array.from({ length: 1_000 }, (_, level) => `${' '.repeat(level)}a:\n`).join(''),
      'at most 200 are read',
    ],
    ['nested keys', `${'? '.repeat(20_000)}a`, 'at most 200 are read'],
    ['too much text', 'a'.repeat(3_000_000), 'at most 2097152 are read'],
    [
      'aliases that multiply',
      Array.from(
        { length: 12 },
        (_, level) =>
          `a${level}: &a${level} [${
            level === 0
              ? 'x'
              : Array(10)
                  .fill(`*a${level - 1}`)
                  .join(', ')
          }]`,
      ).join('\n'),
      'cannot be read',
    ],
  ])('survives %s', (_, text, problem) => {
    const { problems } = parseDocument(text, 'a.yaml', schema);

    expect(problems[0]).toMatchObject({ line: 1, column: 1, message: expect.stringContaining(problem) });
  });

  it('gives the value of a correct document and no problem', () => {
    const document = parseDocument('severity: error\ntitle: a\ncount: 3\n', 'a.yaml', schema);

    expect(document.value).toEqual({ severity: 'error', title: 'a', count: 3 });
    expect(document.problems).toEqual([]);
  });

  it('reports every problem at once with line, column and the nearest known word', () => {
    const text = ['severity: eror', 'match:', '  - anchor: a', '    regexp: b', 'count: 0', ''].join('\n');

    const document = parseDocument(text, 'rules/a/rule.yaml', schema);

    expect(formatProblems(document.name, document.problems).split('\n')).toEqual([
      'rules/a/rule.yaml:1:1 misses `title`',
      'rules/a/rule.yaml:1:11 `severity` must be one of info, warning, error, not "eror"; did you mean `error`?',
      'rules/a/rule.yaml:4:5 `match[0]` has the unknown key `regexp`; did you mean `regex`?',
      'rules/a/rule.yaml:5:8 `count` must be >= 1, not 0',
    ]);
  });

  it('names a duplicate key and a tab in plain words', () => {
    expect(parseDocument('a: 1\na: 2\n', 'x').problems).toEqual([
      { line: 2, column: 1, path: '', message: 'duplicate key; keep one of them' },
    ]);
    expect(parseDocument('a:\n\tb: 1\n', 'x').problems[0]).toMatchObject({
      line: 2,
      message: 'a tab is used to indent, which YAML does not allow; use blanks',
    });
  });

  it('names each key that stands twice among many, in the order of the text', () => {
    const many = Array.from({ length: 50_000 }, (_, number) => `k${number}: {a: 1, a: 2}`).join('\n');

    expect(parseDocument(`${many}\nk7: 1\n`, 'x').problems).toHaveLength(50);
    expect(parseDocument('b: {c: 1, "c": 2}\na:\n  - d: 1\n    d: 2\n', 'x').problems).toMatchObject([
      { line: 1, column: 11 },
      { line: 4, column: 5 },
    ]);
  });

  it('reads a document that stands in one line of JSON, however many keys it has', () => {
    const value = { list: Array.from({ length: 1000 }, (_, number) => ({ id: number, text: 'a: b' })) };

    expect(parseDocument(JSON.stringify(value), 'x')).toMatchObject({ value, problems: [] });
  });

  it('reports an unclosed quote without throwing', () => {
    const document = parseDocument('title: "abc\nseverity: error\n', 'x', schema);

    expect(document.value).toBeUndefined();
    expect(document.problems.length).toBeGreaterThan(0);
  });

  it('refuses an alias bomb', () => {
    const bomb = [
      'a: &a [x, x, x, x, x, x, x, x, x]',
      'b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a]',
      'c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]',
      'd: [*c, *c, *c, *c, *c, *c, *c, *c, *c]',
    ].join('\n');

    expect(parseDocument(bomb, 'x').problems[0]?.message).toContain('cannot be read');
  });

  it('locates a value, and the nearest parent of a missing one', () => {
    const document = parseDocument('a:\n  b:\n    - 1\n    - 22\n', 'x');

    expect(document.locate(['a', 'b', 1])).toEqual({ line: 4, column: 7 });
    expect(document.locate(['a', 'b', 9, 'z'])).toEqual({ line: 3, column: 5 });
  });
});

it('tells the first problems of a document that has thousands, and how many more', () => {
  const text = Array.from({ length: 20_000 }, (_, index) => `key${index}: 1`).join('\n');
  const schema = { type: 'object', properties: {}, additionalProperties: false };

  const { problems } = parseDocument(text, 'a.yaml', schema);

  expect(problems).toHaveLength(51);
  expect(problems.map(({ message }) => message)).toContain('has 19950 more problems');
});
