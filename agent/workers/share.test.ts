import { describe, expect, it } from 'vitest';
import type { FileState } from '../checkpoint/checkpoint.js';
import type { FoundFile } from '../discovery/discover.js';
import { Known } from '../checkpoint/known.js';
import { EMPTY_GUARD } from '../tail/identity.js';
import { Shares } from './share.js';

const MIB = 1_048_576;

function file(path: string, inode: number, size = 1000, birthMs = inode): FoundFile {
  return { path, captures: {}, inode: String(inode), device: '1', size, mtimeMs: 0, birthMs };
}

function state(path: string, inode: number, birthMs = inode): FileState {
  const guards = { head: EMPTY_GUARD, guard: EMPTY_GUARD };
  const place = { inode: String(inode), device: '1', birthMs, path };
  return { key: `${path}#${birthMs}`, ...place, ...guards, offset: 0, openBytes: 0, size: 0, mtimeMs: 0, seen: 0 };
}

/** Returns the worker of each file, by its path. */
function shareOut(shares: Shares, files: readonly FoundFile[]): Record<string, number> {
  return Object.fromEntries(shares.share(files).flatMap((own, worker) => own.map(({ path }) => [path, worker])));
}

describe('Shares', () => {
  it('keeps a file, its rotations and its archives with one worker', () => {
    const shares = new Shares(4, new Known([]), true);
    const first = shareOut(shares, [
      file('/l/a.log', 1),
      file('/l/b.log', 2),
      file('/l/c.log', 3),
      file('/k/a.log', 4),
    ]);

    const second = shareOut(shares, [file('/l/a.log', 5), file('/l/a.log.1', 1), file('/l/a-2026-05-01-2.log.gz', 6)]);

    expect(new Set(Object.values(first)).size).toBe(4);
    expect(new Set([...Object.values(second), first['/l/a.log']]).size).toBe(1);
  });

  it('gives what is new to the worker with the least to read', () => {
    const shares = new Shares(2, new Known([]), true);

    const workers = shareOut(shares, [file('/l/a.log', 1, 9 * MIB), file('/l/b.log', 2), file('/l/c.log', 3, MIB)]);

    expect(workers).toEqual({ '/l/a.log': 0, '/l/b.log': 1, '/l/c.log': 1 });
  });

  it('leaves a file that gets a name of another family where it is read', () => {
    const shares = new Shares(2, new Known([]), true);
    shareOut(shares, [file('/l/a.log', 1), file('/l/b.log', 2)]);

    const workers = shareOut(shares, [file('/l/a.log', 3), file('/l/b.log', 2), file('/l/b.log.1', 1)]);

    expect(workers).toEqual({ '/l/a.log': 0, '/l/b.log': 1, '/l/b.log.1': 0 });
  });

  it('gives an inode that was given away to the family of its new name', () => {
    const shares = new Shares(2, new Known([]), true);
    shareOut(shares, [file('/l/a.log', 1), file('/l/b.log', 2)]);

    const workers = shareOut(shares, [file('/l/a.log', 1), file('/l/a.log.1', 2, 1000, 77)]);

    expect(workers).toEqual({ '/l/a.log': 0, '/l/a.log.1': 0 });
  });

  it('gives what is remembered to the worker of its file, or of its family', () => {
    const known = new Known([state('/l/a.log', 1), state('/l/b.log', 2), state('/l/b.log.1', 9)]);
    const shares = new Shares(2, known, true);
    const workers = shareOut(shares, [file('/l/a.log', 3), file('/l/b.log', 1), file('/l/b.log.1', 2)]);

    const states = shares.shareStates().map((own) => own.map(({ key }) => key));

    // The file was renamed to another family while no agent was running.
    expect(states[workers['/l/b.log'] ?? 0]).toEqual(['/l/a.log#1', '/l/b.log#2', '/l/b.log.1#9']);
  });

  it('says whose a generation was', () => {
    const known = new Known([state('/l/a.log', 1)]);
    const shares = new Shares(2, known, true);
    shareOut(shares, [file('/l/a.log', 1), file('/l/b.log', 2)]);
    shares.shareStates();

    expect(shares.take('/l/a.log#1', 0)).toBeUndefined();
    expect(shares.take('/l/a.log#1', 1)).toBe(0);
    expect(shares.take('/l/c.log#4', 1)).toBeUndefined();
  });
});
