import { describe, expect, it } from 'vitest';
import type { Alert } from '../../core/documents/alert.js';
import { RULE, TEAM, startServer, get, bearer } from '../testing/server.js';

const ADMIN = { name: 'admin', token: 'admin-0123456789abcdef', role: 'admin', scope: [] } as const;

describe('deliveries', () => {
  it('names the receivers that do not take alerts, since when, how many, and why', async () => {
    const { url, store } = await startServer();
    const alert: Alert = {
      id: 'i-fraud/hook/2',
      incidentId: 'i-fraud',
      receiver: 'hook',
      reason: 'new-incident',
      cause: RULE.id,
      sentAt: '2026-11-20T09:00:00.000Z',
      state: 'pending',
      attempts: 4,
      error: 'no answer within 10 s',
      payload: '{"secret":"words"}',
    };
    await store.alerts.save(alert);
    await store.alerts.save({ ...alert, id: 'i-fraud/chat/1', receiver: 'chat' });
    await store.alerts.save({ ...alert, id: 'i-fraud/new/1', receiver: 'new', error: undefined });
    await store.alerts.save({
      ...alert,
      id: 'old/1',
      receiver: 'old',
      state: 'undeliverable',
      sentAt: '2026-11-01T00:00:00.000Z',
    });

    const { body, text } = await get(`${url}/api/v1/deliveries`);

    expect(body).toEqual({
      receivers: [
        {
          receiver: 'hook',
          undeliverable: 1,
          waiting: 1,
          since: '2026-11-20T09:00:00.000Z',
          lastError: 'it answered with status 410',
        },
        {
          receiver: 'chat',
          undeliverable: 0,
          waiting: 1,
          since: '2026-11-20T09:00:00.000Z',
          lastError: 'no answer within 10 s',
        },
      ],
      complete: true,
    });
    expect(text).not.toContain('words');
  });

  it('shows a team only those of its incidents', async () => {
    const { url, store } = await startServer({ settings: { tokens: [TEAM] } });
    const [alert] = await store.alerts.find({ where: { incidentId: 'i-fraud' }, limit: 1 });
    if (alert === undefined) throw new Error('no alert');
    await store.alerts.save({ ...alert, id: 'i-fraud/hook/3', receiver: 'fraud-hook', state: 'undeliverable' });

    const { body } = await get(`${url}/api/v1/deliveries`, bearer(TEAM.token));

    expect(body).toMatchObject({ receivers: [{ receiver: 'hook', undeliverable: 1 }] });
  });
});

describe('a test message', () => {
  it('is sent by an administrator, and answered with what the receiver said and what to change', async () => {
    const advice = { en: 'Set `keyword`.', zh: '请设置 `keyword`。' };
    const trial = { receiver: 'chat 1', kind: 'dingtalk', ok: false, answer: '{"errcode":310000}', advice };
    const { url } = await startServer({
      settings: { tokens: [TEAM, ADMIN] },
      notifyHooks: { testReceiver: async (name) => (name === 'chat 1' ? trial : undefined) },
    });
    const send = (name: string, token: string) =>
      get(`${url}/api/v1/receivers/${name}/test`, { ...bearer(token), method: 'POST' });

    expect(await send('chat%201', ADMIN.token)).toMatchObject({ status: 200, body: trial });
    expect((await send('chat%202', ADMIN.token)).status).toBe(404);
    expect((await send('chat%201', TEAM.token)).status).toBe(403);
  });
});
