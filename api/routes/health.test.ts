import { describe, expect, it } from 'vitest';
import { createError } from '../../core/errors.js';
import { createFilledStore, get, startServer } from '../testing/server.js';

describe('health and metrics', () => {
  it('is ready with its store, and says why not without', async () => {
    const inner = await createFilledStore();
    const { url } = await startServer({ store: inner });
    const away = await startServer({
      store: {
        ...inner,
        check: async () => {
          throw createError('JT_STORE_UNREACHABLE', { url: 'http://es:9200', problem: 'connection refused' });
        },
      },
    });

    expect(await get(`${url}/health/live`)).toMatchObject({ status: 200, body: { status: 'ok', version: '0.1.0' } });
    expect(await get(`${url}/health/ready`)).toMatchObject({
      status: 200,
      body: { status: 'ok', store: { kind: 'sqlite' } },
    });
    expect(await get(`${away.url}/health/ready`)).toMatchObject({
      status: 503,
      body: { error: { code: 'JT_STORE_UNREACHABLE' } },
    });
  });

  it('counts what the agents report and its own answers for Prometheus', async () => {
    const { url } = await startServer();
    await get(`${url}/api/v1/rules`);

    await get(`${url}/metrics`);
    const { text, headers } = await get(`${url}/metrics`);

    expect(headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(text).toContain('jobtrace_lines_ingested_total 4\n');
    expect(text).toContain('jobtrace_agent_lag_bytes 10\n');
    expect(text).toContain('jobtrace_agent_conditions{code="JT_FILE_UNREADABLE"} 1\n');
    expect(text).toContain('jobtrace_rules_loaded 1\n');
    expect(text).toContain('jobtrace_build_info{version="0.1.0"} 1\n');
    expect(text).toContain('jobtrace_http_request_duration_seconds_count{route="/api/v1/rules",status="200"} 1\n');
  });
});
