// Of which files a turn wants something: those at rest cost nothing until a scan finds that they have grown.
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import { discoverFiles } from '../files/discover.js';
import { createKnown } from '../identity/known.js';
import { fillAgentSettings } from '../settings.js';
import { createBoard } from '../status.js';
import { seekTail } from '../tail/tail.js';
import { createTails, type Tails } from './tails.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-tails-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function open(clock: { now: number }): Tails {
  return createTails({
    settings: fillAgentSettings({ dataDir: folder }),
    known: createKnown([]),
    isFirstStart: true,
    hasBirthTimes: true,
    board: createBoard(() => clock.now),
    pods: undefined,
    log: createLog('silent'),
    now: () => clock.now,
    forward: () => undefined,
  });
}

/** As if all was read, and the store had it. */
function finish(tails: Tails): void {
  for (const tail of tails.list()) {
    seekTail(tail, { offset: tail.reading.size, crc: 0, time: undefined });
    tail.acks.isDirty = false;
  }
}

describe('listBusy', () => {
  it('leaves out files whose bytes the store has and that have not grown for a minute, until they do', async () => {
    const names = ['a.log', 'b.log', 'c.log'];
    for (const name of names) writeFileSync(join(folder, name), '2026-11-20 10:00:00,000 INFO  a.B [] - one\n');
    const clock = { now: Date.now() };
    const tails = open(clock);
    const scan = async (): Promise<string[]> => {
      tails.syncFiles(await discoverFiles([folder]));
      return tails.listBusy().map(({ file }) => file.path.slice(folder.length + 1));
    };
    expect(await scan()).toEqual(names);
    finish(tails);
    expect(await scan()).toEqual(names);

    clock.now += 61_000;
    expect(await scan()).toEqual([]);
    expect(tails.list()).toHaveLength(3);
    appendFileSync(join(folder, 'b.log'), '2026-11-20 10:00:01,000 INFO  a.B [] - two\n');
    expect(await scan()).toEqual(['b.log']);
    tails.close();
    expect(tails.listBusy()).toEqual([]);
  });
});
