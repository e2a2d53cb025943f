import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendDeadLetters, deadLetterPath } from '../../agent/dead-letters.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { appendRecords, makeRecord } from '../../store/testing/samples.js';
import { runProgram } from '../../test/program.js';
import { sendLetters } from './dead-letters.js';

const MAX_BYTES = 1_000_000;

let dataDir: string;
let store: Store;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'jobtrace-letters-'));
  store = await openStore({ kind: 'sqlite', path: join(dataDir, 'jobtrace.db') });
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

function bury(...numbers: number[]): void {
  const letters = numbers.map((number) => ({
    time: '2026-11-20T10:00:00.000Z',
    error: `refused: reason ${number}`,
    record: makeRecord(number),
  }));
  appendDeadLetters(dataDir, MAX_BYTES, letters);
}

function listFiles(): string[] {
  return readdirSync(dataDir).filter((name) => name.startsWith('dead-letters'));
}

async function readTexts(): Promise<string[]> {
  const { records } = await store.readRecords(undefined, { limit: 100 });
  return records.map((record) => record.message);
}

describe('sendLetters', () => {
  it('stores once what a store takes, keeps the rest, and goes on behind half a line', async () => {
    await appendRecords(store, [makeRecord(2), makeRecord(3, { text: 'another entry under this id' })]);
    bury(1, 2);
    appendFileSync(deadLetterPath(dataDir), '{"time":"2026-');
    bury(3);

    const sent = [await sendLetters(store, dataDir), await sendLetters(store, dataDir)];

    expect(sent).toMatchObject([
      { stored: 2, aside: 0, left: 1, problem: expect.stringContaining('holds the id') as string },
      { stored: 0, aside: 0, left: 1 },
    ]);
    expect((await readTexts()).sort()).toEqual(['another entry under this id', 'entry number 1', 'entry number 2']);
    expect(listFiles()).toHaveLength(1);
  });

  it('leaves every letter where it is while the store cannot be reached', async () => {
    bury(1, 2);
    const away: Store = { ...store, append: () => Promise.reject(new Error('away')) };

    await expect(sendLetters(away, dataDir)).rejects.toThrow('away');

    expect(await sendLetters(store, dataDir)).toMatchObject({ stored: 2, left: 0 });
    expect(listFiles()).toEqual([]);
  });
});

describe('jobtrace dead-letters', () => {
  it('lists letters with their reasons and sends them', async () => {
    bury(1, 2);

    const listed = await runProgram(['dead-letters', 'list', '--data', dataDir]);
    const asJson = await runProgram(['dead-letters', 'list', '--data', dataDir, '--format', 'ndjson']);
    const sent = await runProgram(['dead-letters', 'send', '--data', dataDir]);
    // The name of the previous release.
    const after = await runProgram(['letters', 'list', '--data', dataDir]);

    expect(listed.stdout).toContain(`/logs/tm.log:1000 (${deadLetterPath(dataDir)}): refused: reason 1`);
    expect(listed.stdout).toContain('    entry number 2\n');
    expect(
      asJson.stdout
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text) as unknown),
    ).toMatchObject([
      { error: 'refused: reason 1', record: { message: 'entry number 1' } },
      { error: 'refused: reason 2', record: { message: 'entry number 2' } },
    ]);
    expect(sent).toMatchObject({
      code: 0,
      stdout: '2 stored, 0 moved from this node into the store, 0 still rejected\n',
    });
    expect(after).toMatchObject({ code: 0, stdout: '' });
    expect(await readTexts()).toHaveLength(2);
  });
});
