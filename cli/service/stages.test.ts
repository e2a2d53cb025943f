import { describe, expect, it } from 'vitest';
import { createServer } from '../../api/server.js';
import { createLog } from '../../core/log.js';
import { pause } from '../../core/time/wait.js';
import { openStore } from '../../store/open.js';
import { runStages } from './stages.js';

const HOUR_MS = 3_600_000;

describe('the stages of a service', () => {
  it('end with their server when one of them fails, so that nothing half alive says it is well', async () => {
    const store = await openStore({ kind: 'sqlite', path: ':memory:' });
    const settings = { version: '0', language: 'en', tokens: [] } as const;
    const server = createServer({ store, catalogInfo: () => [], log: createLog('silent'), settings });
    const { url } = await server.listen({ host: '127.0.0.1', port: 0 });
    const ended: string[] = [];
    expect((await fetch(`${url}/health/live`)).status).toBe(200);

    const run = runStages(new AbortController().signal, server, [
      async () => {
        throw new Error('the disk is gone');
      },
      async (signal) => {
        await pause(HOUR_MS, signal);
        ended.push('the other one');
      },
    ]);

    await expect(run).rejects.toThrow('the disk is gone');
    expect(ended).toEqual(['the other one']);
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
    await store.close();
  });

  it('end without an error when they are told to stop', async () => {
    const stop = new AbortController();
    const run = runStages(stop.signal, undefined, [
      (signal) => pause(HOUR_MS, signal),
      (signal) => pause(HOUR_MS, signal),
    ]);

    stop.abort();

    await expect(run).resolves.toBeUndefined();
  });
});
