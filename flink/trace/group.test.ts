import { loadCatalog } from '../../analyzer/catalog/catalog.js';
import { describe, expect, it } from 'vitest';
import type { FailureGroup } from '../../core/documents/incident.js';
import { parseChain } from './chain.js';
import { groupFailure } from './group.js';

const CODE = loadCatalog().engine.code;

function groupOf(...lines: readonly string[]): FailureGroup {
  return groupFailure(parseChain(lines.join('\n')), 'A task failed.', CODE);
}

const PARSE = [
  'java.lang.NumberFormatException: For input string: "12,5"',
  '\tat java.lang.NumberFormatException.forInputString(NumberFormatException.java:65)',
  '\tat java.lang.Double.parseDouble(Double.java:651)',
  '\tat com.acme.Prices.read(Prices.java:41)',
  '\tat org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:38)',
];

describe('the same group', () => {
  const { id } = groupOf(...PARSE);

  it.each([
    ['of another value', PARSE.map((line) => line.replace('12,5', 'x'))],
    [
      'at another line, of another build',
      PARSE.map((line) => line.replace(':41', ':77').replace(/\)$/, ') ~[a.jar:2]')),
    ],
    [
      'with modules',
      PARSE.map((line) => line.replace('at java', 'at java.base/java').replace('com.acme', 'app//com.acme')),
    ],
    [
      'below a wrapper',
      ['java.lang.RuntimeException: Could not map', '\tat a.B.c(B.java:1)', `Caused by: ${PARSE.join('\n')}`],
    ],
    [
      'whose class was lost at the end',
      [
        'java.lang.Exception: Could not map',
        `Caused by: org.apache.flink.util.SerializedThrowable: ${PARSE[0] ?? ''}`,
        ...PARSE.slice(1),
        'Caused by: org.apache.flink.util.SerializedThrowable: For input string: "12,5"',
        ...PARSE.slice(1),
      ],
    ],
    ['that travelled', [`org.apache.flink.util.SerializedThrowable: ${PARSE.join('\n')}`]],
    [
      'whose frames were cut',
      [
        'org.apache.flink.streaming.runtime.tasks.ExceptionInChainedOperatorException: Could not forward element',
        '\tat org.apache.flink.streaming.runtime.tasks.CopyingChainingOutput.pushToOperator(CopyingChainingOutput.java:92)',
        '\tat com.acme.Other.wrap(Other.java:7)',
        ...PARSE.slice(3),
        `Caused by: ${PARSE.slice(0, 3).join('\n')}`,
        '\t... 2 more',
      ],
    ],
  ])('is that %s', (_, lines) => {
    expect(groupOf(...lines).id).toBe(id);
  });

  it.each([
    [
      'a null that newer JVMs describe',
      'java.lang.NullPointerException: Cannot invoke "String.length()" because "<local1>" is null',
      'java.lang.NullPointerException',
    ],
    [
      'a cast that newer JVMs describe',
      "java.lang.ClassCastException: class com.acme.A cannot be cast to class com.acme.B (com.acme.A and com.acme.B are in unnamed module of loader 'app')",
      'java.lang.ClassCastException: com.acme.A cannot be cast to com.acme.B',
    ],
    [
      'a class of Flink that moved',
      'org.apache.flink.runtime.concurrent.RetryException: No more of it',
      'org.apache.flink.util.concurrent.RetryException: No more of it',
    ],
    [
      'Akka and Pekko',
      'akka.pattern.AskTimeoutException: no answer came in time',
      'org.apache.pekko.pattern.AskTimeoutException: no answer came in time',
    ],
    [
      'a list of another length',
      'com.acme.ShardException: no shard of [1, 2, 3] at /data/a',
      'com.acme.ShardException: no shard of [4] at hdfs://name-1:8020/data/b',
    ],
    [
      'other numbers',
      'com.acme.ShardException: shard 1 of -17 was closed after 2.5 s',
      'com.acme.ShardException: shard 23 of 40 was closed after 10 s',
    ],
    [
      'ids and hosts',
      'com.acme.GoneException: 3f2a90bc1d77 left tm-3:6122',
      'com.acme.GoneException: 9c12c7f3f0b4 left 10.2.3.4:41231',
    ],
  ])('is that of %s', (_, one, other) => {
    const at = '\tat com.acme.Orders.read(Orders.java:12)';
    expect(groupOf(one, at).id).toBe(groupOf(other, at).id);
  });
});

describe('another group', () => {
  it.each([
    [
      'a class that was not found',
      'java.lang.ClassNotFoundException: com.acme.A',
      'java.lang.ClassNotFoundException: com.acme.B',
    ],
    [
      'a quoted class',
      "a.bc.MissingException: nothing implements 'com.acme.A'",
      "a.bc.MissingException: nothing implements 'com.acme.B'",
    ],
    [
      'a number that is a code',
      'java.sql.SQLException: ORA-00308: cannot open',
      'java.sql.SQLException: ORA-01291: cannot open',
    ],
    [
      'a status',
      'a.bc.HttpException: it ended with status code 403',
      'a.bc.HttpException: it ended with status code 500',
    ],
    ['another sentence', 'com.acme.ShardException: shard 1 is closed', 'com.acme.ShardException: shard 1 is full'],
  ])('is that of %s', (_, one, other) => {
    expect(groupOf(one).id).not.toBe(groupOf(other).id);
  });

  it('has what anybody throws from another place', () => {
    expect(groupOf(...PARSE.map((line) => line.replace('Prices', 'Rates'))).id).not.toBe(groupOf(...PARSE).id);
  });

  it('has what was thrown without a word and without a frame in something else', () => {
    const below = (outer: string): string => groupOf(outer, 'Caused by: java.util.concurrent.TimeoutException').id;

    expect(below('com.acme.LedgerException: the ledger is away')).not.toBe(
      below('com.acme.CellException: no such cell'),
    );
  });
});

it('says by what failures are the same', () => {
  expect(groupOf(...PARSE)).toEqual({
    id: expect.stringMatching(/^g1-[0-9a-f]{12}$/),
    type: 'java.lang.NumberFormatException',
    message: 'For input string: *',
    place: 'com.acme.Prices.read',
  });
});

it('goes by the words of an entry without an exception', () => {
  expect(groupFailure([], 'Process 4711 ended with exit code 239', CODE).message).toBe(
    'Process * ended with exit code 239',
  );
});

it('reads a long message in the time of a short one', () => {
  const { message } = groupOf(`com.acme.LongException: ${'a-b_'.repeat(500_000)}`);

  expect(message.length).toBeLessThanOrEqual(160);
});
