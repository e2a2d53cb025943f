// Tests the watcher: how many watches it needs, and which events it reports.
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createScanMemory, decideScanWait, decideCycleWait, discoverFiles } from './discover.js';
import { isLogName } from './pattern.js';
import { openWatcher, type Watcher } from './watch.js';

const PATIENCE = { timeout: 20_000 };
let folder: string;
let watcher: Watcher;
const heard: { changes: number; lists: number; paths: (string | undefined)[] } = { changes: 0, lists: 0, paths: [] };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-watch-'));
  Object.assign(heard, { changes: 0, lists: 0, paths: [] });
  watcher = openWatcher({
    isWanted: isLogName,
    onChange: (path) => {
      heard.changes += 1;
      heard.paths.push(path);
    },
    onList: () => void (heard.lists += 1),
    onLost: () => undefined,
  });
});
afterEach(() => {
  watcher.close();
  rmSync(folder, { recursive: true, force: true });
});

async function scan(): Promise<number> {
  const places = new Set<string>();
  const { files } = await discoverFiles([folder], [], createScanMemory(), (place) => {
    places.add(place);
    return watcher.enter(place);
  });
  watcher.keep(places);
  return files.length;
}

/** Counts the watches of this process, as the kernel lists them. */
function countWatches(): number {
  const infos = readdirSync('/proc/self/fdinfo').map((fd) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
    } catch {
      // The descriptor was closed meanwhile.
      return '';
    }
  });
  return infos.join('\n').match(/^inotify /gm)?.length ?? 0;
}

describe('openWatcher', () => {
  it.skipIf(process.platform !== 'linux')(
    'takes a watch of the kernel for each folder: eleven for 1,000 files in ten and the one above',
    async () => {
      for (let index = 0; index < 10; index += 1) mkdirSync(join(folder, `${index}`));
      for (let index = 0; index < 1000; index += 1) writeFileSync(join(folder, `${index % 10}`, `${index}.log`), 'x\n');
      const before = countWatches();

      expect(await scan()).toBe(1000);
      expect(countWatches() - before).toBe(11);
      // Each file of a folder would get a watch if chokidar read the folder again at an event.
      appendFileSync(join(folder, '0', '0.log'), 'y\n');
      writeFileSync(join(folder, '0', 'new.log'), 'x\n');
      await vi.waitUntil(() => heard.changes > 0 && heard.lists > 0, PATIENCE);
      expect(await scan()).toBe(1001);
      expect(countWatches() - before).toBe(11);

      watcher.close();
      expect(countWatches()).toBe(before);
    },
  );

  it('takes one watch a folder, however many files it holds', async () => {
    mkdirSync(join(folder, 'a'));
    for (let index = 0; index < 100; index += 1) writeFileSync(join(folder, 'a', `${index}.log`), 'x\n');

    expect(await scan()).toBe(100);
    expect(watcher.size).toBe(2);
  });

  it('tells of bytes, and of files and folders that come and go', async () => {
    mkdirSync(join(folder, 'a'));
    const path = join(folder, 'a', 'a.log');
    writeFileSync(path, 'x\n');
    await scan();

    appendFileSync(path, 'y\n');
    await vi.waitUntil(() => heard.changes > 0, PATIENCE);
    expect(heard.paths).toContain(path);
    expect(heard.lists).toBe(0);
    renameSync(path, `${path}.1`);
    await vi.waitUntil(() => heard.lists > 0, PATIENCE);
    heard.lists = 0;
    mkdirSync(join(folder, 'b'));
    await vi.waitUntil(() => heard.lists > 0, PATIENCE);
  });

  it('tells nothing of files that nobody follows', async () => {
    await scan();
    writeFileSync(join(folder, 'a.jar'), 'x');
    writeFileSync(join(folder, 'a.log'), 'x');
    await vi.waitUntil(() => heard.lists > 0, PATIENCE);

    expect(heard.lists).toBe(1);
  });

  it('hears of a file to which only a link leads', async () => {
    const [real, linked] = [join(folder, 'real'), join(folder, 'linked')];
    for (const each of [real, linked]) mkdirSync(each);
    writeFileSync(join(real, 'a.log'), 'x\n');
    symlinkSync(join(real, 'a.log'), join(linked, 'b.log'));
    await watcher.enter(join(linked, 'b.log'));

    appendFileSync(join(real, 'a.log'), 'y\n');

    await vi.waitUntil(() => heard.changes > 0, PATIENCE);
    expect(heard.paths).toContain(join(linked, 'b.log'));
  });

  it('watches a folder that was removed and made again', async () => {
    const inner = join(folder, 'a');
    mkdirSync(inner);
    await scan();
    rmSync(inner, { recursive: true });
    mkdirSync(inner);
    await vi.waitUntil(() => watcher.size === 1, PATIENCE);
    await scan();
    heard.lists = 0;

    writeFileSync(join(inner, 'a.log'), 'x\n');

    await vi.waitUntil(() => heard.lists > 0, PATIENCE);
  });

  it('takes up a place again that was gone when it was entered', async () => {
    const inner = join(folder, 'a');
    await watcher.enter(inner);
    expect(watcher.size).toBe(0);
    mkdirSync(inner);
    await watcher.enter(inner);

    writeFileSync(join(inner, 'a.log'), 'x\n');

    await vi.waitUntil(() => heard.lists > 0, PATIENCE);
    expect(watcher.size).toBe(1);
  });

  it('keeps nobody waiting who enters while it is closed', async () => {
    const entered = watcher.enter(folder);
    watcher.close();

    await entered;
    expect(watcher.size).toBe(0);
  });

  it('lets go of what is not there any more', async () => {
    mkdirSync(join(folder, 'a'));
    await scan();
    watcher.keep(new Set([folder]));

    expect(watcher.size).toBe(1);
  });

  it('gives up when there are too many folders, and says so once', async () => {
    const said: string[] = [];
    const small = openWatcher(
      {
        isWanted: isLogName,
        onChange: () => undefined,
        onList: () => undefined,
        onLost: (problem) => void said.push(problem),
      },
      2,
    );
    for (const name of ['a', 'b', 'c', 'd']) {
      mkdirSync(join(folder, name));
      await small.enter(join(folder, name));
    }

    expect(said).toEqual(['too many folders']);
    expect(small.size).toBe(0);
  });
});

describe('decideScanWait', () => {
  it('is the setting while scans cost little, and gives them a tenth of a core at most', () => {
    expect(decideScanWait(1000, { cpuMs: 10, isIdle: false })).toBe(1000);
    expect(decideScanWait(1000, { cpuMs: 300, isIdle: false })).toBe(3000);
  });

  it('gives them half a hundredth while nothing happens, and comes within a minute', () => {
    expect(decideScanWait(1000, { cpuMs: 15, isIdle: true })).toBe(3000);
    expect(decideScanWait(1000, { cpuMs: 400, isIdle: true })).toBe(60_000);
    expect(decideScanWait(60_000, { cpuMs: 400, isIdle: true })).toBe(60_000);
  });
});

describe('decideCycleWait', () => {
  it('is the setting, and longer while nothing happens and a look takes more than half a hundredth of a core', () => {
    expect(decideCycleWait(200, { cpuMs: 50, isIdle: false })).toBe(200);
    expect(decideCycleWait(200, { cpuMs: 1, isIdle: true })).toBe(200);
    expect(decideCycleWait(200, { cpuMs: 2, isIdle: true })).toBe(400);
    expect(decideCycleWait(200, { cpuMs: 50, isIdle: true })).toBe(1000);
  });
});
