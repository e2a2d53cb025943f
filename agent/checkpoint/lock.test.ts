import { lstatSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRecord } from '../../lab/parts/running.js';
import { mountSmallDisk } from '../../lab/parts/small-disk.js';
import { decideOwner, openLock } from './lock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('openLock', () => {
  it('F42: keeps a second agent out and names the first', () => {
    const first = openLock(folder);

    expect(() => openLock(folder)).toThrow(
      expect.objectContaining({ code: 'JT_AGENT_LOCKED', details: { pid: process.pid, path: folder } }),
    );
    first.release();
    openLock(folder).release();
  });

  it('takes over from a process that is gone, and from one whose id was given to another', () => {
    const path = join(folder, 'agent.lock');
    openLock(folder);
    const own = JSON.parse(readFileSync(path, 'utf8')) as { pid: number; started: string; host: string };

    writeFileSync(path, JSON.stringify({ ...own, pid: 4_194_000 }));
    openLock(folder).release();
    writeFileSync(path, JSON.stringify({ ...own, started: '1' }));
    openLock(folder).release();
  });

  it('takes over a lock that a crash left half-written once it is old', () => {
    const path = join(folder, 'agent.lock');
    writeFileSync(path, '{"pid":');
    expect(() => openLock(folder)).toThrow(expect.objectContaining({ code: 'JT_AGENT_LOCKED' }));

    utimesSync(path, 1, 1);
    openLock(folder).release();
  });
});

describe.skipIf(process.getuid?.() !== 0)('openLock on a full disk', () => {
  it('keeps a second agent out, and takes over from one that was killed', async () => {
    const record = openRecord('small-disk', folder, '');
    const disk = join(folder, 'disk');
    await mountSmallDisk(record, disk, 1);
    expect(() => writeFileSync(join(disk, 'ballast'), Buffer.alloc(2_000_000))).toThrow('ENOSPC');

    try {
      const first = openLock(disk);
      first.touch();
      expect(() => openLock(disk)).toThrow(expect.objectContaining({ code: 'JT_AGENT_LOCKED' }));
      expect(() => openLock(disk, () => Date.now() + 3_600_000)).toThrow(
        expect.objectContaining({ details: { pid: process.pid, path: disk } }),
      );
      first.release();
      expect(lstatSync(join(disk, 'agent.lock'), { throwIfNoEntry: false })).toBeUndefined();
      openLock(disk).release();
    } finally {
      record.forget();
    }
  });
});

describe('decideOwner', () => {
  const own = { pid: 1, started: '500', host: 'pod-b' };

  it('waits for an agent on another host only while that one shows life', () => {
    expect(decideOwner({ pid: 1, started: '500', host: 'pod-a' }, own, 1000, '500')).toBe('alive');
    expect(decideOwner({ pid: 1, started: '500', host: 'pod-a' }, own, 60_000, '500')).toBe('foreign-stale');
  });

  it('knows process 1 of an earlier container from that of this one', () => {
    expect(decideOwner({ pid: 1, started: '400', host: 'pod-b' }, own, 1000, '500')).toBe('process-id-reused');
    expect(decideOwner(own, own, 1000, '500')).toBe('alive');
  });
});
