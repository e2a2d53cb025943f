import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogRecord } from '../core/types.js';
import { expected, lines, openAgentFixture, type AgentFixture } from './agent-fixture.js';
import { compareEntries, listEntries } from './ledger.js';

let fixture: AgentFixture;
beforeEach(() => {
  fixture = openAgentFixture();
});
afterEach(() => fixture.close());

/** Returns what the agent makes of a file and its rotation, and the entries of the folder with both. */
async function readBoth(): Promise<{
  readonly records: readonly LogRecord[];
  readonly inFolder: ReadonlyMap<string, number>;
}> {
  for (const [name, text] of [
    ['flink-u-taskexecutor-0-h.log.1', lines(0, 20)],
    ['flink-u-taskexecutor-0-h.log', lines(20, 30)],
  ] as const)
    writeFileSync(join(fixture.logs, name), text);
  await fixture.poll(2);
  return { records: await fixture.records(), inFolder: listEntries(fixture.logs) };
}

describe('compareEntries', () => {
  it('finds nothing when each entry stands in the store once', async () => {
    const { records, inFolder } = await readBoth();

    expect(records).toHaveLength(expected(0, 30).length);
    expect(compareEntries(records, inFolder)).toEqual([]);
  });

  it('finds what is missing, what is there twice, and what differs by a byte', async () => {
    const { records, inFolder } = await readBoth();
    const [first, second, third, ...rest] = records;
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('the agent stored too little');

    expect(compareEntries([second, third, ...rest], inFolder)).toEqual([
      expect.stringMatching(/^1 in the files, 0 in the store: /),
    ]);
    expect(compareEntries([first, ...records], inFolder)).toEqual([
      expect.stringMatching(/^1 in the files, 2 in the store: /),
    ]);
    expect(
      compareEntries([{ ...first, 'event.original': `${first['event.original']} ` }, second, third, ...rest], inFolder),
    ).toHaveLength(2);
    expect(compareEntries([{ ...first, 'log.offset': 1 }, second, third, ...rest], inFolder)).toHaveLength(2);
  });
});
