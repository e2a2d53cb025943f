import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expected, line, lines, openAgentFixture, type AgentFixture } from '../../test/agent-fixture.js';

let fixture: AgentFixture;
let path: string;
beforeEach(() => {
  fixture = openAgentFixture();
  path = join(fixture.logs, 'flink-u-taskexecutor-0-h.log');
});
afterEach(() => fixture.close());

describe('compressed rotations', () => {
  it('F14: give only the rest of a file that was read in part before the agent stopped', async () => {
    writeFileSync(path, lines(0, 80));
    await fixture.poll(2);
    fixture.stop();

    writeFileSync(`${path}.1.gz`, gzipSync(lines(0, 100)));
    unlinkSync(path);
    writeFileSync(path, lines(100, 105));
    await fixture.poll(4);

    expect(await fixture.inOrder()).toEqual(expected(0, 105));
    expect(fixture.counter('continuedFiles')).toBe(1);
    fixture.restart();
    await fixture.poll(3);
    expect(fixture.counter('readBytes')).toBeLessThan(2 * line(104).length);
    expect(await fixture.inOrder()).toEqual(expected(0, 105));
  });

  it.each([
    ['zip', 'PK\x03\x04'],
    ['bz2', 'BZh91AY'],
    ['xz', '\xfd7zXZ\0'],
    ['zst', '\x28\xb5\x2f\xfd'],
  ])('of a form that is not read, made while the agent was away, are reported: %s', async (extension, head) => {
    const packed = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(500, 0xf3)]);
    writeFileSync(path, lines(0, 50));
    writeFileSync(`${path}.7.${extension}`, packed);
    await fixture.poll(2);
    // Files of the first start are no evidence of lost lines.
    expect(fixture.conditions()).toEqual([]);
    fixture.stop();

    unlinkSync(path);
    writeFileSync(path, lines(120, 150));
    writeFileSync(`${path}.1.${extension}`, packed);
    const written = Date.now() / 1000 + 60;
    utimesSync(`${path}.1.${extension}`, written, written);
    await fixture.poll(4);

    expect(await fixture.inOrder()).toEqual([...expected(0, 50), ...expected(120, 150)]);
    expect(fixture.conditions()).toEqual(['JT_ARCHIVE_UNREAD']);
    // Unpacked next to it, the file is read on from where the agent was.
    writeFileSync(`${path}.1`, lines(0, 120));
    await fixture.poll(8, 5000);
    expect(await fixture.inOrder()).toEqual(expected(0, 150));
  });

  it('of a form that is not read are no matter where the agent had read the file to its end', async () => {
    writeFileSync(path, lines(0, 50));
    await fixture.poll(2);
    unlinkSync(path);
    writeFileSync(path, lines(50, 60));
    writeFileSync(`${path}.1.zst`, Buffer.concat([Buffer.from('\x28\xb5\x2f\xfd', 'latin1'), Buffer.alloc(500, 0xf3)]));
    await fixture.poll(4);

    expect(await fixture.inOrder()).toEqual(expected(0, 60));
    expect(fixture.conditions()).toEqual([]);
  });

  it('give nothing new when the file was read to its end before it was compressed', async () => {
    writeFileSync(path, lines(0, 30));
    await fixture.poll(2);

    writeFileSync(`${path}.1.gz`, gzipSync(readFileSync(path)));
    await fixture.poll(1);
    unlinkSync(path);
    await fixture.poll(6);

    expect(await fixture.inOrder()).toEqual(expected(0, 30));
    expect(fixture.counter('duplicateRecords')).toBe(0);
  });

  it('are tried again where our own disk did not let them be unpacked, and leave nothing on it', async () => {
    const spool = join(fixture.dataDir, 'spool');
    writeFileSync(spool, '');
    writeFileSync(`${path}.1.gz`, gzipSync(lines(0, 5)));
    await fixture.poll(2, 500);
    const conditions = fixture.conditions();
    rmSync(spool);

    await fixture.poll(4);

    expect(conditions).toEqual(['JT_ARCHIVE_INVALID']);
    expect(await fixture.texts()).toEqual(expected(0, 5));
    expect(readdirSync(spool)).toEqual([]);
    expect(fixture.conditions()).toEqual([]);
  });

  it('F15: are read whole when nothing is known of them, and only once they are complete', async () => {
    const packed = gzipSync(lines(0, 3000));
    writeFileSync(`${path}.1.gz`, packed.subarray(0, packed.length - 20));
    await fixture.poll(2);
    const early = (await fixture.records()).length;

    writeFileSync(`${path}.1.gz`, packed);
    await fixture.poll(4);

    expect(early).toBe(0);
    expect(await fixture.inOrder()).toEqual(expected(0, 3000));
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
