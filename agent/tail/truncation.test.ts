import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expected, line, lines, openAgentFixture, type AgentFixture } from '../../test/agent-fixture.js';

const WARNING = 'SLF4J: Class path contains multiple SLF4J bindings.\n';

let fixture: AgentFixture;
let path: string;
beforeEach(() => {
  fixture = openAgentFixture();
  path = join(fixture.logs, 'flink-u-taskexecutor-0-h.log');
});
afterEach(() => fixture.close());

describe('another file on the same inode', () => {
  it('F04: is read from its beginning when it is larger than the old offset', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();
    const { ino } = statSync(path);
    fixture.stop();

    writeFileSync(path, lines(5, 30));
    await fixture.poll(2);

    expect(statSync(path).ino).toBe(ino);
    expect(await fixture.inOrder()).toEqual(expected(0, 30));
  });

  it('F05: is read from its beginning when it begins with the same line', async () => {
    const out = join(fixture.logs, 'flink-u-taskexecutor-0-h.out');
    writeFileSync(out, `${WARNING}first run says a\nfirst run says b\n`);
    await fixture.poll(2);
    fixture.stop();

    writeFileSync(out, `${WARNING}second run says c and more\nsecond run says d\nsecond run says e\n`);
    await fixture.poll(2);

    const texts = (await fixture.texts()).sort();
    expect(texts).toEqual([
      WARNING.trim(),
      WARNING.trim(),
      'first run says a',
      'first run says b',
      'second run says c and more',
      'second run says d',
      'second run says e',
    ]);
    expect(fixture.counter('collidedRecords')).toBe(0);
  });

  it('F12: is noticed by its content when it was truncated and filled beyond the old offset between two looks', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();

    truncateSync(path);
    appendFileSync(path, lines(5, 30));
    await fixture.poll(3);

    expect(await fixture.inOrder()).toEqual(expected(0, 30));
    expect(fixture.counter('truncatedFiles')).toBe(1);
  });

  it('is noticed by the bytes before the frontier alone when it begins like the old one', async () => {
    const banner = Array.from({ length: 25 }, () => WARNING).join('');
    const out = join(fixture.logs, 'flink-u-taskexecutor-0-h.out');
    writeFileSync(out, `${banner}${lines(0, 5)}`);
    await fixture.poll();

    truncateSync(out);
    appendFileSync(out, `${banner}${lines(5, 30)}`);
    await fixture.poll(3);

    expect((await fixture.inOrder()).filter((text) => text.includes('event'))).toEqual(expected(0, 30));
  });

  it('keeps the records of the old one apart from the first difference on, even without a checkpoint, and what clashes is loud', async () => {
    const out = join(fixture.logs, 'flink-u-taskexecutor-0-h.out');
    writeFileSync(out, `${WARNING}one\nsecond of one\n`);
    await fixture.poll(2);
    fixture.stop();
    rmSync(fixture.dataDir, { recursive: true });

    writeFileSync(out, `${WARNING}two\nsecond of two, and longer\n`);
    await fixture.poll(2);

    expect((await fixture.texts()).sort()).toEqual([
      WARNING.trim(),
      'one',
      'second of one',
      'second of two, and longer',
    ]);
    expect(fixture.counter('collidedRecords')).toBe(1);
    expect(readFileSync(join(fixture.dataDir, 'dead-letters.ndjson'), 'utf8')).toContain('"two"');
  });

  it('F13: is read once when the file was truncated while the agent was stopped, over three restarts', async () => {
    writeFileSync(path, lines(0, 20));
    await fixture.poll();
    fixture.stop();

    writeFileSync(path, lines(20, 25));
    for (let turn = 0; turn < 3; turn += 1) {
      await fixture.poll(2);
      fixture.restart();
    }

    expect(await fixture.inOrder()).toEqual(expected(0, 25));
    expect(fixture.counter('duplicateRecords')).toBe(0);
  });
});

describe('files that look alike', () => {
  it('F06: are both read when their first 4 KiB are the same', async () => {
    const head = Array.from({ length: 60 }, () => WARNING).join('');
    writeFileSync(join(fixture.logs, 'flink-u-taskexecutor-0-h.out'), `${head}says a\n`);
    writeFileSync(join(fixture.logs, 'flink-u-taskexecutor-1-h.out'), `${head}says b\n`);

    await fixture.poll(2);

    const texts = await fixture.texts();
    expect(texts).toHaveLength(122);
    expect(texts.filter((text) => text.startsWith('says')).sort()).toEqual(['says a', 'says b']);
  });
});

describe('copy and truncate', () => {
  it('F10: goes on in the copy at the old offset, and reads the truncated file as a new one', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();

    appendFileSync(path, lines(5, 10));
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    appendFileSync(path, lines(10, 12));
    await fixture.poll(3);

    expect(await fixture.inOrder()).toEqual(expected(0, 12));
    expect(fixture.counter('continuedFiles')).toBe(1);
    await fixture.poll(1, 60_000);
    expect(fixture.counter('lostBytes')).toBe(0);
  });

  it('does not read the copy while it is being made', async () => {
    writeFileSync(path, lines(0, 50));
    await fixture.poll();

    writeFileSync(`${path}.1`, readFileSync(path).subarray(0, 1000));
    await fixture.poll();
    copyFileSync(path, `${path}.1`);
    await fixture.poll();
    truncateSync(path);
    await fixture.poll(3);

    expect(await fixture.inOrder()).toEqual(expected(0, 50));
    expect(fixture.counter('newFiles') + fixture.counter('continuedFiles')).toBe(2);
    expect(fixture.counter('duplicateRecords')).toBe(0);
  });

  it('goes on in the copy after it happened while the agent was stopped', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();
    fixture.stop();

    appendFileSync(path, lines(5, 10));
    copyFileSync(path, `${path}.1`);
    writeFileSync(path, lines(10, 11));
    await fixture.poll(3);

    expect(await fixture.inOrder()).toEqual(expected(0, 11));
  });

  it('leaves no piece of a line when the agent stops before it looks at the file again', async () => {
    const other = openAgentFixture({ idleFlushMs: 3_600_000 });
    const file = join(other.logs, 'flink-u-taskexecutor-0-h.log');
    writeFileSync(file, `${lines(0, 2)}${line(2).slice(0, 60)}`);
    await other.poll();

    appendFileSync(file, `${line(2).slice(60)}\n`);
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
    await other.agent.flush();
    other.restart({ idleFlushMs: 1000 });
    await other.poll(3);

    expect(await other.texts()).toEqual(expected(0, 3));
    await other.close();
  });

  it('reports what an agent saw while the store was down, though it was killed before the file was cut away', async () => {
    let isDown = false;
    const other = openAgentFixture({
      wrap: (store) => ({
        ...store,
        append: (batch) => (isDown ? Promise.reject(new Error('down')) : store.append(batch)),
      }),
    });
    const file = join(other.logs, 'a.log');
    writeFileSync(file, lines(0, 5));
    await other.poll();
    isDown = true;
    appendFileSync(file, lines(5, 8));
    await other.poll();
    appendFileSync(file, lines(8, 10));
    await other.poll();
    other.restart();

    truncateSync(file);
    isDown = false;
    await other.poll(3, 70_000);

    expect(other.counter('lostBytes')).toBe(lines(5, 10).length);
    await other.close();
  });

  it('says that bytes may be gone that nobody saw, when it happened while the agent was stopped and there is no copy', async () => {
    writeFileSync(path, lines(0, 20));
    await fixture.poll(2);
    fixture.stop();

    appendFileSync(path, lines(20, 40));
    writeFileSync(path, lines(40, 45));
    await fixture.poll(2);
    const early = fixture.conditions();
    await fixture.poll(2, 60_000);
    const late = fixture.conditions();
    fixture.restart();
    await fixture.poll(2, 60_000);

    expect(early).toEqual([]);
    expect(late).toEqual(['JT_FILE_TRUNCATED']);
    expect(fixture.conditions()).toEqual([]);
    expect(fixture.counter('lostBytes')).toBe(0);
    expect(await fixture.inOrder()).toEqual([...expected(0, 20), ...expected(40, 45)]);
  });

  it.each<[string, () => void]>([
    ['the file was renamed', () => renameSync(path, `${path}.1`)],
    ['the copy stands beside it', () => copyFileSync(path, `${path}.1`)],
    ['the copy is compressed', () => writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(path)))],
    ['it was deleted and made again', () => unlinkSync(path)],
  ])('says no such thing when %s', async (_what, rotate) => {
    writeFileSync(path, lines(0, 20));
    await fixture.poll(2);
    fixture.stop();

    rotate();
    writeFileSync(path, lines(40, 45));
    await fixture.poll(2);
    await fixture.poll(2, 60_000);

    expect(fixture.conditions()).toEqual([]);
    expect(await fixture.inOrder()).toEqual([...expected(0, 20), ...expected(40, 45)]);
  });

  it('says no such thing of a truncation that it saw before it was stopped', async () => {
    writeFileSync(path, lines(0, 20));
    await fixture.poll(2);
    truncateSync(path);
    await fixture.poll(2);
    fixture.stop();
    appendFileSync(path, lines(40, 45));
    await fixture.poll(2);
    await fixture.poll(2, 60_000);

    expect(fixture.conditions()).toEqual([]);
    expect(await fixture.inOrder()).toEqual([...expected(0, 20), ...expected(40, 45)]);
  });

  it('says how many bytes it had seen of what was truncated while the agent was stopped', async () => {
    let isDown = true;
    const other = openAgentFixture({
      wrap: (store) => ({
        ...store,
        append: (batch) =>
          isDown ? Promise.resolve(batch.lengths.map(() => ({ kind: 'retry', error: 'busy' }))) : store.append(batch),
      }),
    });
    const log = join(other.logs, 'a.log');
    writeFileSync(log, lines(0, 10));
    isDown = false;
    await other.poll(2);
    isDown = true;
    appendFileSync(log, lines(10, 20));
    await other.poll(2);
    other.stop();
    isDown = false;
    writeFileSync(log, lines(40, 45));
    await other.poll(2);
    await other.poll(2, 60_000);

    expect([...other.conditions()].sort()).toEqual(['JT_BYTES_LOST', 'JT_FILE_TRUNCATED']);
    expect(other.counter('lostBytes')).toBe(lines(10, 20).length);
    await other.close();
  });

  it('F11: reports the bytes that nobody can read any more when there is no copy', async () => {
    const slow = openAgentFixture({
      budgetBytes: 20_000,
      quantumBytes: 4096,
      wrap: (store) => ({
        ...store,
        append: (batch) => Promise.resolve(batch.lengths.map(() => ({ kind: 'retry', error: 'busy' }))),
      }),
    });
    const other = join(slow.logs, 'a.log');
    writeFileSync(other, lines(0, 2000));
    await slow.poll();
    const read = slow.counter('readBytes');

    truncateSync(other);
    await slow.poll();
    await slow.poll(1, 60_000);

    expect(read).toBeLessThan(lines(0, 2000).length);
    expect(slow.counter('lostBytes')).toBe(lines(0, 2000).length - read);
    expect(slow.conditions()).toContain('JT_BYTES_LOST');
    await slow.close();
  });
});
