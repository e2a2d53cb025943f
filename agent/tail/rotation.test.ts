import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
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

async function storedInOrder(): Promise<string[]> {
  const records = await fixture.records();
  return records.sort((a, b) => (a['@timestamp'] < b['@timestamp'] ? -1 : 1)).map((record) => record['event.original']);
}

describe('renaming', () => {
  it('F01: keeps every file through a rotation that renames all of them and deletes the oldest', async () => {
    for (let number = 1; number <= 5; number += 1)
      writeFileSync(`${path}.${number}`, lines(number * 10, number * 10 + 10));
    writeFileSync(path, lines(60, 65));
    await fixture.poll(2);

    unlinkSync(`${path}.1`);
    for (let number = 2; number <= 5; number += 1) renameSync(`${path}.${number}`, `${path}.${number - 1}`);
    appendFileSync(path, lines(65, 70));
    renameSync(path, `${path}.5`);
    writeFileSync(path, lines(70, 75));
    await fixture.poll(2);

    expect(await storedInOrder()).toEqual(expected(10, 75));
    expect(fixture.counter('duplicateRecords')).toBe(0);
  });

  it('F02: reads a file that came and was rotated between two scans', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();

    appendFileSync(path, lines(5, 10));
    renameSync(path, `${path}.1`);
    writeFileSync(path, lines(10, 20));
    renameSync(path, `${path}.2`);
    writeFileSync(path, lines(20, 25));
    await fixture.poll(2);

    expect(await storedInOrder()).toEqual(expected(0, 25));
  });

  it('reads the rest of the renamed file before the new one', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();

    appendFileSync(path, lines(5, 8));
    renameSync(path, `${path}.9`);
    writeFileSync(path, lines(8, 10));
    await fixture.poll(2);

    const order = (await fixture.records()).map((record) => record['event.original']);
    expect(order.indexOf(line(7))).toBeLessThan(order.indexOf(line(8)));
    expect([...new Set(order)].sort()).toEqual(expected(0, 10));
  });

  it('F03: finds both files after a rotation while it was stopped, even when the new file is larger than the old offset', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();
    fixture.stop();

    appendFileSync(path, lines(5, 8));
    renameSync(path, `${path}.1`);
    writeFileSync(path, lines(8, 40));
    await fixture.poll(2);

    expect(await storedInOrder()).toEqual(expected(0, 40));
    expect(fixture.counter('resumedFiles')).toBe(1);
  });

  it('follows a symbolic link to a file that is rotated behind it', async () => {
    const pods = join(fixture.folder, 'pods');
    mkdirSync(pods);
    writeFileSync(join(pods, '0.log'), lines(0, 5));
    symlinkSync(join(pods, '0.log'), join(fixture.logs, 'container.log'));
    await fixture.poll();

    appendFileSync(join(pods, '0.log'), lines(5, 7));
    renameSync(join(pods, '0.log'), join(pods, '0.log.20260501'));
    writeFileSync(join(pods, '0.log'), lines(7, 9));
    await fixture.poll(2);
    unlinkSync(join(fixture.logs, 'container.log'));
    await fixture.poll(4);

    expect(await storedInOrder()).toEqual(expected(0, 9));
    expect(fixture.counter('lostBytes')).toBe(0);
  });
});

describe('another file on the same inode', () => {
  it('F04: is read from its beginning when it is larger than the old offset', async () => {
    writeFileSync(path, lines(0, 5));
    await fixture.poll();
    const { ino } = statSync(path);
    fixture.stop();

    writeFileSync(path, lines(5, 30));
    await fixture.poll(2);

    expect(statSync(path).ino).toBe(ino);
    expect(await storedInOrder()).toEqual(expected(0, 30));
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

    expect(await storedInOrder()).toEqual(expected(0, 30));
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

    expect((await storedInOrder()).filter((text) => text.includes('event'))).toEqual(expected(0, 30));
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

    expect(await storedInOrder()).toEqual(expected(0, 25));
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

    expect(await storedInOrder()).toEqual(expected(0, 12));
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

    expect(await storedInOrder()).toEqual(expected(0, 50));
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

    expect(await storedInOrder()).toEqual(expected(0, 11));
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
    expect(await storedInOrder()).toEqual([...expected(0, 20), ...expected(40, 45)]);
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
    expect(await storedInOrder()).toEqual([...expected(0, 20), ...expected(40, 45)]);
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
    expect(await storedInOrder()).toEqual([...expected(0, 20), ...expected(40, 45)]);
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

describe('compressed rotations', () => {
  it('F14: give only the rest of a file that was read in part before the agent stopped', async () => {
    writeFileSync(path, lines(0, 80));
    await fixture.poll(2);
    fixture.stop();

    writeFileSync(`${path}.1.gz`, gzipSync(lines(0, 100)));
    unlinkSync(path);
    writeFileSync(path, lines(100, 105));
    await fixture.poll(4);

    expect(await storedInOrder()).toEqual(expected(0, 105));
    expect(fixture.counter('continuedFiles')).toBe(1);
    fixture.restart();
    await fixture.poll(3);
    expect(fixture.counter('readBytes')).toBeLessThan(2 * line(104).length);
    expect(await storedInOrder()).toEqual(expected(0, 105));
  });

  it('give nothing new when the file was read to its end before it was compressed', async () => {
    writeFileSync(path, lines(0, 30));
    await fixture.poll(2);

    writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(path)));
    await fixture.poll(1);
    unlinkSync(path);
    await fixture.poll(6);

    expect(await storedInOrder()).toEqual(expected(0, 30));
    expect(fixture.counter('duplicateRecords')).toBe(0);
  });

  it('F15: are read whole when nothing is known of them, and only once they are complete', async () => {
    const packed = gzipSync(lines(0, 3000));
    writeFileSync(`${path}.1.gz`, packed.subarray(0, packed.length - 20));
    await fixture.poll(2);
    const early = (await fixture.records()).length;

    writeFileSync(`${path}.1.gz`, packed);
    await fixture.poll(4);

    expect(early).toBe(0);
    expect(await storedInOrder()).toEqual(expected(0, 3000));
  });
});

describe('deletion', () => {
  it('F16: delivers what a deleted file still held when the store was down', async () => {
    let isDown = true;
    const other = openAgentFixture({
      wrap: (store) => ({
        ...store,
        append: (batch) => (isDown ? Promise.reject(new Error('down')) : store.append(batch)),
      }),
      budgetBytes: 20_000,
      quantumBytes: 4096,
    });
    const file = join(other.logs, 'a.log');
    writeFileSync(file, lines(0, 3000));
    await other.poll();

    unlinkSync(file);
    await other.poll(5);
    isDown = false;
    await other.poll(3, 60_000);

    expect(await other.texts()).toEqual(expected(0, 3000));
    expect(other.counter('lostBytes')).toBe(0);
    await other.close();
  });

  it('F17: reads a YARN container folder to its end that is deleted right after the last line', async () => {
    const folder = join(fixture.logs, 'application_1669378398064_0078', 'container_e07_1669378398064_0078_01_000002');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'taskmanager.log'), lines(0, 3));
    await fixture.poll();

    appendFileSync(join(folder, 'taskmanager.log'), lines(3, 6));
    rmSync(join(fixture.logs, 'application_1669378398064_0078'), { recursive: true });
    await fixture.poll(5);

    expect(await fixture.texts()).toEqual(expected(0, 6));
    expect(fixture.conditions()).toEqual([]);
    expect((await fixture.records())[0]).toMatchObject({
      'flink.cluster': 'application_1669378398064_0078',
      'container.id': 'container_e07_1669378398064_0078_01_000002',
    });
  });
});

describe('an archive of a file of which nothing is stored yet', () => {
  it('goes on with that file, not with one whose first bytes are those of every line', async () => {
    await fixture.close();
    let isDown = true;
    fixture = openAgentFixture({
      copyWaitMs: 60_000,
      wrap: (store) => ({
        ...store,
        append: (batch) => (isDown ? Promise.reject(new Error('connection refused')) : store.append(batch)),
      }),
    });
    path = join(fixture.logs, 'flink-u-taskexecutor-0-h.log');
    writeFileSync(path, `${line(0)}\n`);
    await fixture.poll(2, 3000);
    renameSync(path, `${path}.1`);
    writeFileSync(path, line(1).slice(0, 6));
    await fixture.poll(2, 3000);

    writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(`${path}.1`)));
    unlinkSync(`${path}.1`);
    truncateSync(path);
    await fixture.poll(1, 100);
    isDown = false;
    await fixture.poll(4, 70_000);

    expect((await fixture.texts()).filter((text) => text === line(0))).toHaveLength(1);
  });
});

describe('a stack trace that a rotation cuts', () => {
  const head = `${line(1, 'Task failed')}\njava.io.IOException: no space\n\tat a.B.c(B.java:1)\n`;
  const rest = '\tat a.B.d(B.java:2)\nCaused by: java.lang.Error: x\n\t... 3 more\n';

  it('F20: is one record when the agent sees the rotation', async () => {
    writeFileSync(path, `${line(0)}\n${head}`);
    await fixture.poll(2);

    renameSync(path, `${path}.1`);
    writeFileSync(path, `${rest}${line(2)}\n`);
    await fixture.poll(3);

    expect(await storedInOrder()).toEqual([line(0), (head + rest).trimEnd(), line(2)]);
    expect(fixture.counter('joinedEntries')).toBe(1);
  });

  it('is one record while the new file holds nothing else yet, and after a restart', async () => {
    writeFileSync(path, `${line(0)}\n${head}`);
    await fixture.poll(2);
    renameSync(path, `${path}.1`);
    writeFileSync(path, rest.slice(0, 20));
    await fixture.poll(3);

    fixture.restart();
    writeFileSync(path, rest, { flag: 'r+' });
    await fixture.poll(3);
    const whileOpen = await storedInOrder();
    appendFileSync(path, `${line(2)}\n`);
    await fixture.poll(3);

    expect(whileOpen).toEqual([line(0), (head + rest).trimEnd()]);
    expect(await storedInOrder()).toEqual([line(0), (head + rest).trimEnd(), line(2)]);
  });

  it('ships the last entry behind a rest that was shipped while it was open', async () => {
    const long = `${rest}${'\tat a.b.C.d(C.java:1)\n'.repeat(20)}`;
    writeFileSync(path, `${line(0)}\n${head}`);
    await fixture.poll(2);
    renameSync(path, `${path}.1`);
    writeFileSync(path, long);
    await fixture.poll(3);

    appendFileSync(path, `${line(2)}\n`);
    await fixture.poll(3);

    expect(await storedInOrder()).toEqual([line(0), (head + long).trimEnd(), line(2)]);
  });

  it('keeps no later file waiting where a file has nothing but the rest', async () => {
    writeFileSync(path, `${line(0)}\n${head}`);
    await fixture.poll(2);
    renameSync(path, `${path}.1`);
    writeFileSync(path, rest);
    await fixture.poll(3);

    renameSync(path, `${path}.2`);
    writeFileSync(path, `${line(2)}\n`);
    await fixture.poll(3);
    unlinkSync(`${path}.1`);
    await fixture.poll(3, 60_000);

    expect(await storedInOrder()).toEqual([line(0), (head + rest).trimEnd(), line(2)]);
    expect(fixture.agent.status().lagBytes).toBe(0);
  });

  it('keeps no file waiting where both were written at the same moment', async () => {
    const moment = Date.now() / 1000;
    writeFileSync(path, `${line(0)}\n${head}`);
    utimesSync(path, moment - 1, moment - 1);
    await fixture.poll(2);
    renameSync(path, `${path}.1`);
    writeFileSync(path, rest);
    utimesSync(path, moment, moment);
    await fixture.poll(1, 10);

    renameSync(path, `${path}.2`);
    writeFileSync(path, `${line(2)}\n`);
    utimesSync(path, moment, moment);
    await fixture.poll(4);

    expect(await storedInOrder()).toEqual([line(0), (head + rest).trimEnd(), line(2)]);
  });

  it('gives the same records when everything is read again without a checkpoint', async () => {
    writeFileSync(`${path}.1`, `${line(0)}\n${head}`);
    writeFileSync(path, `${rest}${line(2)}\n`);
    await fixture.poll(3);
    const first = (await fixture.records()).map((record) => record.id).sort();

    fixture.stop();
    rmSync(fixture.dataDir, { recursive: true });
    await fixture.poll(3);

    expect((await fixture.records()).map((record) => record.id).sort()).toEqual(first);
    expect(await storedInOrder()).toEqual([line(0), (head + rest).trimEnd(), line(2)]);
  });

  it('is never joined to an entry of another process', async () => {
    writeFileSync(join(fixture.logs, 'flink-u-taskexecutor-1-h.log'), `${line(0)}\n`);
    await fixture.poll(2);

    writeFileSync(path, `${rest}${line(2)}\n`);
    await fixture.poll(4);

    expect((await fixture.texts()).sort()).toEqual([line(0), line(2), rest.trimEnd()].sort());
  });
});
