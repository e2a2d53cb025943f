import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRecord } from '../../lab/parts/running.js';
import { mountSmallDisk } from '../../lab/parts/small-disk.js';
import { expected, lines, openAgentFixture } from '../../test/agent-fixture.js';
import { openCheckpoint, parseLog, renderLine, type FileState } from './checkpoint.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-checkpoint-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function state(key: string, offset = 0): FileState {
  return {
    key,
    inode: '1',
    device: '2',
    birthMs: 0,
    path: `/log/${key}.log`,
    offset,
    crc: 7,
    openBytes: 0,
    head: { length: 1, hash: 'a' },
    guard: { length: 0, hash: '' },
    size: offset,
    mtimeMs: 1,
    seen: 1,
  };
}

describe('parseLog', () => {
  it('gives the states of the longest valid prefix, wherever the file was cut', () => {
    const log = [state('a', 1), state('b', 2), state('a', 3)].map((item) => renderLine(item));
    const bytes = Buffer.from(log.join(''));
    const ends = log.map((_, index) => Buffer.byteLength(log.slice(0, index + 1).join('')));

    for (let length = 0; length <= bytes.length; length += 1) {
      const { states, validBytes } = parseLog(bytes.subarray(0, length));
      const whole = ends.filter((end) => end <= length).length;
      expect(validBytes).toBe(ends[whole - 1] ?? 0);
      expect(states.get('a')?.offset).toBe([undefined, 1, 1, 3][whole]);
      expect(states.has('b')).toBe(whole >= 2);
    }
  });

  it('stops at zeros and at any changed byte', () => {
    const log = [state('a', 1), state('b', 2)].map((item) => renderLine(item));
    const bytes = Buffer.from(log.join(''));
    const middle = Buffer.byteLength(log[0] ?? '');
    const zeroed = Buffer.from(bytes);
    zeroed.fill(0, middle);
    const changed = Buffer.from(bytes);
    changed[middle + 30] = 33;

    expect([...parseLog(zeroed).states.keys()]).toEqual(['a']);
    expect([...parseLog(changed).states.keys()]).toEqual(['a']);
  });

  it('forgets a removed key', () => {
    expect(parseLog(Buffer.from(renderLine(state('a')) + renderLine({ key: 'a', removed: true }))).states.size).toBe(0);
  });
});

describe('openCheckpoint', () => {
  it('remembers what was saved, and that it is not the first start', () => {
    const first = openCheckpoint(folder);
    first.save([state('a', 5), state('b')], []);
    first.save([state('a', 9)], ['b']);
    first.close();

    const second = openCheckpoint(folder);

    expect(first.isFirstStart).toBe(true);
    expect(second.isFirstStart).toBe(false);
    expect(second.damage).toBeUndefined();
    expect([...second.loaded.values()]).toEqual([state('a', 9)]);
  });

  it('says what was damaged, and the next save makes the log whole again', () => {
    const first = openCheckpoint(folder);
    first.save([state('a', 5)], []);
    first.close();
    appendFileSync(join(folder, 'checkpoint.log'), '1234abcd {"key":"b"');

    const second = openCheckpoint(folder);
    second.save([state('c')], []);
    second.close();
    const third = openCheckpoint(folder);

    expect(second.damage).toMatchObject({ valid: expect.any(Number) });
    expect(third.damage).toBeUndefined();
    expect([...third.loaded.keys()]).toEqual(['a', 'c']);
  });

  it('stays small over many saves', () => {
    const checkpoint = openCheckpoint(folder);
    for (let turn = 0; turn < 10_000; turn += 1) checkpoint.save([state('a', turn)], []);
    checkpoint.close();

    expect(statSync(join(folder, 'checkpoint.log')).size).toBeLessThan(1_200_000);
    expect(openCheckpoint(folder).loaded.get('a')?.offset).toBe(9999);
  });
});

describe.skipIf(process.getuid?.() !== 0)('openCheckpoint on a disk that is nearly full', () => {
  it('keeps what it has when there is room for a part only of what is written anew, and is whole later', async () => {
    const record = openRecord('small-disk', folder, '');
    const disk = join(folder, 'disk');
    await mountSmallDisk(record, disk, 1);
    try {
      const states = Array.from({ length: 1000 }, (_, number) => state(`file-${number}`, number));
      const first = openCheckpoint(disk);
      first.save(states, []);
      first.close();
      appendFileSync(join(disk, 'checkpoint.log'), 'half a li');
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(bavail * bsize - 50_000));

      const second = openCheckpoint(disk);
      expect(() => second.save([state('new')], [])).toThrow(expect.objectContaining({ code: 'JT_DISK_FULL' }));
      expect([...openCheckpoint(disk).loaded.values()]).toEqual(states);
      expect(readdirSync(disk).sort()).toEqual(['ballast', 'checkpoint.log']);
      rmSync(join(disk, 'ballast'));
      second.save([], []);
      second.close();

      expect([...openCheckpoint(disk).loaded.values()]).toEqual([...states, state('new')]);
    } finally {
      record.forget();
    }
  });
});

/** Distance, in bytes, between the places where a checkpoint is cut. */
const CUT_EVERY_BYTES = 61;

describe('the agent', () => {
  it('F26: starts with a checkpoint cut at any place, or zeroed from there on, and stores nothing twice', async () => {
    const fixture = openAgentFixture();
    writeFileSync(join(fixture.logs, 'a.log'), lines(0, 10));
    await fixture.poll(2);
    appendFileSync(join(fixture.logs, 'a.log'), lines(10, 20));
    await fixture.poll(2);
    fixture.stop();
    const log = join(fixture.dataDir, 'checkpoint.log');
    const whole = readFileSync(log);

    const damaged = Array.from({ length: Math.ceil(whole.length / CUT_EVERY_BYTES) }, (_, index) => {
      const kept = whole.subarray(0, index * CUT_EVERY_BYTES);
      return [kept, Buffer.concat([kept, Buffer.alloc(whole.length - kept.length)])];
    }).flat();
    for (const bytes of damaged) {
      writeFileSync(log, bytes);
      await fixture.poll(2);
      expect(fixture.counter('storedRecords')).toBe(0);
      fixture.stop();
    }
    expect(damaged.length).toBeGreaterThan(20);
    expect(await fixture.texts()).toEqual(expected(0, 20));
    await fixture.close();
  });

  it('F27: adds no record when its checkpoint is deleted', async () => {
    const fixture = openAgentFixture();
    writeFileSync(join(fixture.logs, 'flink-u-taskexecutor-0-h.log.1'), lines(0, 10));
    writeFileSync(join(fixture.logs, 'flink-u-taskexecutor-0-h.log'), lines(10, 20));
    writeFileSync(join(fixture.logs, 'flink-u-taskexecutor-0-h.out'), 'one\ntwo');
    await fixture.poll(3);
    const before = (await fixture.records()).map((record) => record.id).sort();
    fixture.stop();

    rmSync(fixture.dataDir, { recursive: true });
    await fixture.poll(3);

    expect((await fixture.records()).map((record) => record.id).sort()).toEqual(before);
    expect(fixture.counter('storedRecords')).toBe(0);
    expect(fixture.counter('duplicateRecords')).toBeGreaterThanOrEqual(20);
    await fixture.close();
  });

  it('F41: reads nothing again when patterns, host name or limits are changed', async () => {
    const fixture = openAgentFixture();
    writeFileSync(join(fixture.logs, 'a.log'), lines(0, 10));
    await fixture.poll(2);

    fixture.restart({
      paths: [join(fixture.logs, '**', '*.log')],
      host: 'renamed',
      maxEntryBytes: 2000,
      cluster: 'other',
    });
    appendFileSync(join(fixture.logs, 'a.log'), lines(10, 12));
    await fixture.poll(2);

    expect(await fixture.texts()).toEqual(expected(0, 12));
    expect(fixture.counter('entries')).toBeLessThanOrEqual(4);
    await fixture.close();
  });
});
