import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { HealthVerdict } from '../core/health.js';
import { createLog } from '../core/log.js';
import { createAgentMetrics } from './http/metrics.js';
import { createProbe, type Probe } from './probe.js';

const GOOD: HealthVerdict = { isGood: true, reasons: [] };
const STATUS = {
  id: 'node-1',
  host: 'node-1',
  time: '2026-05-01T10:00:00.000Z',
  files: 3,
  openFiles: 2,
  lagBytes: 500,
  atRiskBytes: 20,
  heldBytes: 700,
  acknowledged: '2026-05-01T09:59:58.500Z',
  shippedRecords: 9,
  counters: { readBytes: 1000, rateWaitMs: 2500 },
  conditions: [
    { code: 'JT_FILE_UNREADABLE', message: '/srv/secret.log cannot be read', since: '2026-05-01T09:00:00.000Z' },
    { code: 'JT_FILE_UNREADABLE', message: '/srv/other.log cannot be read', since: '2026-05-01T09:00:00.000Z' },
  ],
};

let probe: Probe | undefined;
afterEach(async () => {
  await probe?.close();
  probe = undefined;
});

async function open(ready: () => HealthVerdict = () => GOOD): Promise<string> {
  const metrics = createAgentMetrics('1.2.3', { readBytes: 'bytes read', rateWaitMs: 'time that reading waited' });
  probe = await createProbe({
    setting: 'agent.listen',
    log: createLog('silent'),
    readHealth: () => ({ live: GOOD, ready: ready() }),
    metrics: { contentType: metrics.contentType, renderText: () => metrics.renderText(STATUS) },
  });
  const { port } = await probe.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${port}`;
}

describe('createProbe', () => {
  it('serves the numbers of an agent as Prometheus reads them, without a word of a path', async () => {
    const answer = await fetch(`${await open()}/metrics`);
    const text = await answer.text();

    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const line of [
      'jobtrace_build_info{version="1.2.3"} 1',
      'jobtrace_agent_files 3',
      'jobtrace_agent_open_files 2',
      'jobtrace_agent_lag_bytes 500',
      'jobtrace_agent_at_risk_bytes 20',
      'jobtrace_agent_held_bytes 700',
      'jobtrace_agent_last_acknowledgement_timestamp_seconds 1777629598.5',
      '# HELP jobtrace_agent_read_bytes_total Bytes read.',
      '# TYPE jobtrace_agent_read_bytes_total counter',
      'jobtrace_agent_read_bytes_total 1000',
      'jobtrace_agent_rate_wait_seconds_total 2.5',
      'jobtrace_agent_conditions{code="JT_FILE_UNREADABLE"} 2',
    ])
      expect(text.split('\n')).toContain(line);
    expect(text).toMatch(/^process_resident_memory_bytes [1-9]\d+$/m);
    expect(text).not.toContain('secret');
  });

  it('counts each value once, however often it is asked', async () => {
    const url = await open();
    const [first, second] = [await fetch(`${url}/metrics`), await fetch(`${url}/metrics`)];

    await first.text();
    expect((await second.text()).split('\n')).toContain('jobtrace_agent_read_bytes_total 1000');
  });

  it('answers whether it lives and is ready, by the status and with the reasons', async () => {
    let ready = GOOD;
    const url = await open(() => ready);
    const good = await fetch(`${url}/health/ready`);
    ready = { isGood: false, reasons: ['JT_STORE_UNREACHABLE'] };
    const bad = await fetch(`${url}/health/ready?verbose`);
    const live = await fetch(`${url}/health/live`);

    expect([good.status, await good.json()]).toEqual([200, { status: 'ok' }]);
    expect([bad.status, await bad.json()]).toEqual([503, { status: 'unavailable', reasons: ['JT_STORE_UNREACHABLE'] }]);
    expect(live.status).toBe(200);
  });

  it('has nothing else, and takes nothing', async () => {
    const url = await open();

    expect((await fetch(`${url}/api/v1/records`)).status).toBe(404);
    expect((await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })).status).toBe(405);
  });

  it('names the setting of an address that cannot be used', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const metrics = { contentType: '', renderText: () => Promise.resolve('') };
    const create = (): Promise<Probe> =>
      createProbe({
        setting: 'analyzer.listen',
        log: createLog('silent'),
        readHealth: () => ({ live: GOOD, ready: GOOD }),
        metrics,
      });
    try {
      await expect((await create()).listen({ host: '127.0.0.1', port })).rejects.toMatchObject({
        code: 'JT_PORT_IN_USE',
      });
      await expect((await create()).listen({ host: '192.0.2.1', port: 0 })).rejects.toMatchObject({
        code: 'JT_CONFIG_INVALID',
        message: expect.stringContaining('analyzer.listen') as string,
      });
    } finally {
      other.close();
    }
  });
});
