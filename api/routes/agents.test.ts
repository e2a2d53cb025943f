import { describe, expect, it } from 'vitest';
import { get, startServer } from '../testing/server.js';

describe('the agents', () => {
  it('are given with their conditions', async () => {
    const { url } = await startServer();

    expect((await get(`${url}/api/v1/agents`)).body.agents[0]).toMatchObject({
      host: 'h1',
      lagBytes: 10,
      conditions: [
        {
          code: 'JT_FILE_UNREADABLE',
          severity: 'warning',
          message: '/logs/fraud.log cannot be read: permission denied.',
          fix: expect.stringContaining('permissions'),
        },
        { code: 'JT_OF_A_LATER_VERSION', message: 'Something new.' },
      ],
    });
  });

  it('are given with conditions in the language of the request', async () => {
    const { url } = await startServer();

    expect((await get(`${url}/api/v1/agents?lang=zh`)).body.agents[0]?.conditions[0]).toMatchObject({
      message: '无法读取 /logs/fraud.log：permission denied。',
      fix: expect.stringContaining('权限'),
    });
  });
});
