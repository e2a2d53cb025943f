import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openRecord } from '../../lab/parts/running.js';
import { mountSmallDisk } from '../../lab/parts/small-disk.js';
import { startElasticsearch, type Elasticsearch } from '../../lab/parts/services/elasticsearch.js';
import { describeWithParts } from '../../lab/parts/testing/describe-part.js';
import { openStore } from '../../store/open.js';
import { appendRecords, makeRecord } from '../../store/testing/samples.js';
import { startServer, get } from '../testing/server.js';

describe('a full disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-full-'));
  const record = openRecord('small-disk', folder, '');
  afterAll(() => {
    record.forget();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is no place to be ready, until there is room again', async () => {
    const disk = join(folder, 'disk');
    await mountSmallDisk(record, disk, 8);
    const store = await openStore({ kind: 'sqlite', path: join(disk, 'store.db') });
    const { url } = await startServer({ store });
    expect((await get(`${url}/health/ready`)).status).toBe(200);

    const filler = openSync(join(disk, 'filler'), 'w');
    expect(() => {
      for (;;) writeSync(filler, Buffer.alloc(65_536));
    }).toThrow('ENOSPC');
    closeSync(filler);
    const full = await get(`${url}/health/ready`);
    expect((await get(`${url}/health/live`)).status).toBe(200);
    rmSync(join(disk, 'filler'));

    expect(full).toMatchObject({
      status: 503,
      body: {
        status: 'unavailable',
        error: { code: 'JT_DISK_FULL', message: expect.stringContaining('no space left') },
      },
    });
    expect((await get(`${url}/health/ready`)).status).toBe(200);
    await store.close();
  });

  it('is told by what an append met for as long as it is full, and no longer', async () => {
    const disk = join(folder, 'quiet');
    await mountSmallDisk(record, disk, 8);
    const store = await openStore({ kind: 'sqlite', path: join(disk, 'store.db') });
    const { url } = await startServer({ store });
    const filler = openSync(join(disk, 'filler'), 'w');
    writeSync(filler, Buffer.alloc(5_500_000));
    closeSync(filler);
    const big = (number: number) => makeRecord(number, { text: `${number} ${'x'.repeat(900_000)}` });
    expect((await get(`${url}/health/ready`)).status).toBe(200);

    const outcomes = await appendRecords(store, [big(1), big(2), big(3)]);
    const full = await get(`${url}/health/ready`);
    rmSync(join(disk, 'filler'));

    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'retry', 'retry']);
    expect(full).toMatchObject({ status: 503, body: { error: { code: 'JT_DISK_FULL' } } });
    // Nothing was appended since the disk was full, so the check tries to write.
    expect((await get(`${url}/health/ready`)).status).toBe(200);
    expect((await store.states.load('store/room'))?.value).toBeUndefined();
    await store.close();
  });

  it('is not forgotten while nobody appends', async () => {
    const store = await openStore({ kind: 'sqlite', path: join(folder, 'kept.db'), maxBytes: 400_000 });
    const { url } = await startServer({ store });
    await appendRecords(store, [makeRecord(1, { text: `1 ${'x'.repeat(600_000)}` })]);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    const anHourLater = await get(`${url}/health/ready`);
    vi.useRealTimers();

    expect(anHourLater).toMatchObject({ status: 503, body: { error: { code: 'JT_DISK_FULL' } } });
    await store.close();
  });

  it('is told as well where the store may not grow any more, until an append finds room', async () => {
    const store = await openStore({ kind: 'sqlite', path: join(folder, 'small.db'), maxBytes: 400_000 });
    const { url } = await startServer({ store });
    const big = (number: number) => makeRecord(number, { text: `${number} ${'x'.repeat(200_000)}` });

    const outcomes = await appendRecords(store, [big(1), big(2), big(3)]);

    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'retry', 'retry']);
    expect(await get(`${url}/health/ready`)).toMatchObject({ status: 503, body: { error: { code: 'JT_DISK_FULL' } } });
    expect((await appendRecords(store, [makeRecord(4)])).map(({ kind }) => kind)).toEqual(['stored']);
    expect((await get(`${url}/health/ready`)).status).toBe(200);
    await store.close();
  });
});

describeWithParts(['elasticsearch-9'], 'an Elasticsearch whose disk is over the flood stage', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-flood-'));
  let node: Elasticsearch;
  beforeAll(async () => {
    node = await startElasticsearch({ version: 9, dir: join(folder, 'node') });
  });
  afterAll(async () => {
    await node.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is no place to be ready, until the block is lifted', async () => {
    const store = await openStore({ kind: 'elasticsearch', nodes: [node.url], indexPrefix: 'flood', refreshMs: 200 });
    const block = (value: boolean | null) =>
      fetch(`${node.url}/flood-*/_settings`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ 'index.blocks.read_only_allow_delete': value }),
      });
    const { url } = await startServer({ store });
    await appendRecords(store, [makeRecord(1, { time: '2026-11-20T10:00:00.000Z' })]);
    expect((await get(`${url}/health/ready`)).status).toBe(200);

    await block(true);
    const full = await get(`${url}/health/ready`);
    await block(null);

    expect(full).toMatchObject({
      status: 503,
      body: {
        status: 'unavailable',
        error: {
          code: 'JT_STORE_FULL',
          message: expect.stringMatching(
            `${node.url} .*flood-stage watermark.* flood-logs-2026\\.11\\.20 and 1 more of its indices`,
          ),
          fix: expect.stringContaining('Free space on its data nodes'),
        },
      },
    });
    expect((await get(`${url}/health/ready`)).status).toBe(200);
    await store.close();
  });
});
