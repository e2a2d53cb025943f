// Tests which files a cycle checks: idle files cost nothing until a scan finds that they have grown. Tests also how
// many new files are begun: some at a time, and no more than may be open.
import { appendFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import { discoverFiles } from '../discovery/discover.js';
import { Known } from '../checkpoint/known.js';
import { fillAgentSettings, type AgentSettings } from '../settings.js';
import { createBoard } from '../status.js';
import { closeReading } from './read.js';
import { seekTail } from './tail.js';
import { Lifecycle } from './lifecycle.js';
import { Tails } from './tails.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-tails-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Opened {
  readonly tails: Tails;
  readonly lifecycle: Lifecycle;
}

function open(clock: { now: number }, settings: Partial<AgentSettings> = {}): Opened {
  const parts = {
    settings: fillAgentSettings({ dataDir: folder, ...settings }),
    known: new Known([]),
    isFirstStart: true,
    hasBirthTimes: true,
    board: createBoard(() => clock.now),
    pods: undefined,
    log: createLog('silent'),
    now: () => clock.now,
    encoder: { send: () => undefined },
  };
  const tails = new Tails(parts);
  return { tails, lifecycle: new Lifecycle({ ...parts, tails }) };
}

function writeFiles(count: number): readonly string[] {
  const names = Array.from({ length: count }, (_, index) => `f${String(index).padStart(3, '0')}.log`);
  for (const name of names) writeFileSync(join(folder, name), '2026-11-20 10:00:00,000 INFO  a.B [] - one\n');
  return names;
}

function namesOf(tails: Tails): readonly string[] {
  return tails.list().map(({ file }) => file.path.slice(folder.length + 1));
}

/** Pretends that everything was read and the store has it. */
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
    const { tails, lifecycle } = open(clock);
    const scan = async (): Promise<string[]> => {
      lifecycle.syncFiles(await discoverFiles([folder]));
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

describe('a copy beside a file that stands when it is complete', () => {
  const TEXT = '2026-11-20 10:00:00,000 INFO  a.B [] - one\n';
  const [original, copy] = ['a.log.1', 'a.log.2'];

  /** Reads and stores the original and meets its copy; the waiting time of the copy is nearly over. */
  async function meetBoth(): Promise<Opened & { clock: { now: number }; scan: () => Promise<void> }> {
    const clock = { now: Date.now() };
    const { tails, lifecycle } = open(clock, { copyWaitMs: 10_000, holdGoneMs: 1000 });
    const scan = async (): Promise<void> => lifecycle.syncFiles(await discoverFiles([folder]));
    writeFileSync(join(folder, original), TEXT);
    await scan();
    const [first] = tails.list();
    if (first !== undefined) seekTail(first, { offset: TEXT.length, crc: crc32(TEXT), time: undefined });
    writeFileSync(join(folder, copy), TEXT);
    await scan();
    clock.now += 9000;
    await scan();
    expect(keysOf(tails)).toEqual([expect.stringMatching(/./), '']);
    return { tails, lifecycle, clock, scan };
  }

  function keysOf(tails: Tails): readonly string[] {
    return tails.list().map(({ file }) => file.key);
  }

  it('is a file of its own when that still stands long after', async () => {
    const { tails, clock, scan } = await meetBoth();
    clock.now += 2000;
    await scan();

    expect(new Set(keysOf(tails)).size).toBe(2);
    expect(keysOf(tails)).not.toContain('');
    tails.close();
  });

  // A busy agent scans late.
  it('is that file when that has gone meanwhile, however late it is seen that it has', async () => {
    const { tails, lifecycle, clock, scan } = await meetBoth();
    const [key = ''] = keysOf(tails);
    rmSync(join(folder, original));
    clock.now += 20_000;
    lifecycle.openFiles();
    expect(keysOf(tails)).toEqual([key, '']);
    await scan();
    clock.now += 1001;
    lifecycle.sweep();
    lifecycle.openFiles();

    expect(keysOf(tails)).toEqual([key]);
    tails.close();
  });
});

describe('openFiles', () => {
  it('begins some of many files in a turn, and the next ones without another scan', async () => {
    const names = writeFiles(150);
    const { tails, lifecycle } = open({ now: Date.now() });

    lifecycle.syncFiles(await discoverFiles([folder]));
    expect(namesOf(tails)).toEqual(names.slice(0, 100));
    expect(tails.isOpening).toBe(true);
    lifecycle.openFiles();
    expect(namesOf(tails)).toEqual(names);
    expect(tails.isOpening).toBe(false);

    tails.close();
  });

  it('begins more as others are read and closed, which are not busy any more', async () => {
    const names = writeFiles(3);
    const { tails, lifecycle } = open({ now: Date.now() }, { maxOpenFiles: 2 });

    lifecycle.syncFiles(await discoverFiles([folder]));
    expect(namesOf(tails)).toEqual(names.slice(0, 2));
    expect(tails.isOpening).toBe(false);
    finish(tails);
    lifecycle.sweep();
    expect(tails.isOpening).toBe(true);
    expect(tails.listBusy()).toHaveLength(1);
    lifecycle.openFiles();
    expect(namesOf(tails)).toEqual(names);
    expect(tails.listBusy()).toHaveLength(2);

    tails.close();
  });

  it('opens what has grown and is closed as others are read and closed, without another scan', async () => {
    const names = writeFiles(4);
    const { tails, lifecycle } = open({ now: Date.now() }, { maxOpenFiles: 2 });
    lifecycle.syncFiles(await discoverFiles([folder]));
    for (let turn = 0; turn < 4; turn += 1) {
      finish(tails);
      lifecycle.sweep();
      lifecycle.openFiles();
    }
    finish(tails);
    lifecycle.sweep();
    expect(namesOf(tails)).toEqual(names);
    for (const { reading } of tails.list()) closeReading(reading);

    for (const name of names) appendFileSync(join(folder, name), '2026-11-20 10:00:01,000 INFO  a.B [] - two\n');
    for (const name of names) expect(tails.notifyChange(join(folder, name))).toBe(true);
    expect(tails.notifyChange(join(folder, 'other.log'))).toBe(false);
    const listOpen = (): readonly string[] =>
      tails
        .list()
        .filter(({ reading: { fd } }) => fd !== undefined)
        .map(({ file }) => file.path.slice(folder.length + 1));
    lifecycle.syncFiles(await discoverFiles([folder]));
    expect(listOpen()).toEqual(names.slice(0, 2));
    finish(tails);
    lifecycle.sweep();
    lifecycle.openFiles();
    expect(listOpen()).toContain(names[2]);
    finish(tails);
    lifecycle.sweep();
    lifecycle.openFiles();
    expect(listOpen()).toContain(names[3]);

    tails.close();
  });

  it('takes all files of the first scan for old ones where they are, however late they are begun', async () => {
    const clock = { now: Date.now() };
    const old = (clock.now - 2 * 86_400_000) / 1000;
    for (const name of writeFiles(101)) utimesSync(join(folder, name), old, old);
    const { tails, lifecycle } = open(clock);

    lifecycle.syncFiles(await discoverFiles([folder]));
    lifecycle.openFiles();
    expect(tails.list()).toHaveLength(101);
    expect(tails.list().filter(({ acks }) => acks.committed.offset === 0)).toEqual([]);

    tails.close();
  });

  it('makes objects of one shape for all files', async () => {
    writeFiles(2);
    const { tails, lifecycle } = open({ now: Date.now() });
    lifecycle.syncFiles(await discoverFiles([folder]));
    setFlagsFromString('--allow-natives-syntax');
    const haveSameShape = new Script('(a, b) => %HaveSameMap(a, b)').runInThisContext() as (
      a: object | undefined,
      b: object | undefined,
    ) => boolean;

    const [first, second] = tails.list();
    expect(haveSameShape(first?.file, second?.file)).toBe(true);
    expect(haveSameShape(first?.reading, second?.reading)).toBe(true);

    tails.close();
  });
});
