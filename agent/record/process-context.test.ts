// Tests flink.version and flink.process.id: what the beginning of a file states must be in every record of it, whatever
// happens to the agent in between.
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogRecord } from '../../core/types.js';
import { line, openAgentFixture, type AgentFixture } from '../../test/agent-fixture.js';

let fixture: AgentFixture;
beforeEach(() => {
  fixture = openAgentFixture();
});
afterEach(() => fixture.close());

const NAME = 'flink-u-taskexecutor-0-node-1.log';
const start = (version: string): string =>
  `2026-11-20 10:00:00,000 INFO  org.apache.flink.runtime.taskexecutor.TaskManagerRunner [] -  Starting TaskManager (Version: ${version}, Scala: 2.12, Rev:0981b59, Date:2025-01-01T00:00:00+01:00)\n`;
const named = (id: string): string =>
  `2026-11-20 10:00:01,000 INFO  org.apache.flink.runtime.taskexecutor.TaskManagerRunner [] - Starting TaskManager with ResourceID: ${id}\n`;
const say = (number: number): string => `${line(number)}\n`;

async function readNotes(): Promise<(readonly [string | undefined, string | undefined])[]> {
  const records = await fixture.records();
  const inOrder = [...records].sort((a, b) => a['log.offset'] - b['log.offset']);
  return inOrder.map((record: LogRecord) => [record['flink.version'], record['flink.process.id']]);
}

describe('what a file says of its process', () => {
  it('stands in each record from the line that says it, and is kept over a restart in the middle of the file', async () => {
    const path = join(fixture.logs, NAME);
    writeFileSync(path, say(0) + start('1.20.5') + named('h1:1-abc') + say(1));
    await fixture.poll(2, 2000);
    fixture.restart();
    appendFileSync(path, say(2) + say(3));
    await fixture.poll(2, 2000);

    expect(await readNotes()).toEqual([
      [undefined, undefined],
      ['1.20.5', undefined],
      ['1.20.5', 'h1:1-abc'],
      ['1.20.5', 'h1:1-abc'],
      ['1.20.5', 'h1:1-abc'],
      ['1.20.5', 'h1:1-abc'],
    ]);
  });

  it('is forgotten when another process goes on in the same file', async () => {
    writeFileSync(join(fixture.logs, NAME), start('1.20.4') + named('h1:1-abc') + start('1.20.5') + say(1));
    await fixture.poll(2, 2000);

    expect(await readNotes()).toEqual([
      ['1.20.4', undefined],
      ['1.20.4', 'h1:1-abc'],
      ['1.20.5', undefined],
      ['1.20.5', undefined],
    ]);
  });

  it('goes on in the file when it is renamed, and is not guessed for the one that takes its place', async () => {
    const path = join(fixture.logs, NAME);
    writeFileSync(path, start('1.20.5') + say(1));
    await fixture.poll(2, 2000);
    fixture.restart();
    appendFileSync(path, say(2));
    renameSync(path, `${path}.1`);
    writeFileSync(path, say(3));
    await fixture.poll(3, 2000);
    const records = await fixture.records();
    const versions = new Map(records.map((record) => [record['event.original'], record['flink.version']]));

    expect([1, 2, 3].map((number) => versions.get(line(number)))).toEqual(['1.20.5', '1.20.5', undefined]);
  });

  it('leaves out the ids of a program that runs a whole cluster in itself', async () => {
    writeFileSync(join(fixture.logs, 'app.log'), named('id-1') + named('id-2') + say(1));
    await fixture.poll(2, 2000);

    expect(new Set((await readNotes()).flat())).toEqual(new Set([undefined]));
  });
});
