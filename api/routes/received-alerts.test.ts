import { describe, expect, it } from 'vitest';
import type { ReceivedAlert } from '../../core/documents/alert.js';
import { post, startServer } from '../testing/server.js';

describe('the webhook for Alertmanager', () => {
  const alert = {
    status: 'firing',
    labels: { alertname: 'A' },
    annotations: {},
    startsAt: '2026-11-20T10:00:00Z',
    endsAt: '0001-01-01T00:00:00Z',
    fingerprint: 'f1',
    silenceURL: 'http://grafana',
  };

  it.each([
    ['alertmanager', '4'],
    ['grafana', '1'],
  ])('hands a valid message on from %s, fields of other senders included', async (sender, version) => {
    const received: unknown[] = [];
    const answer: ReceivedAlert = { fingerprint: 'f1', status: 'firing', outcome: 'waiting' };
    const { url } = await startServer({
      notifyHooks: {
        receiveAlerts: async (message) => {
          received.push(message);
          return [answer];
        },
      },
    });
    const message = { version, alerts: [alert], orgId: 1 };

    const { status, body } = await post(`${url}/api/v1/${sender}`, JSON.stringify(message), 'application/json');

    expect(status).toBe(200);
    expect(body).toEqual({ alerts: [answer] });
    expect(received).toEqual([message]);
  });

  it.each([
    [
      'wrong types, unconverted',
      JSON.stringify({ version: 4, alerts: [{ ...alert, labels: { a: 1 }, status: 'on' }] }),
      [
        'field "version" must be of type string',
        'field "alerts[0].labels.a" must be of type string',
        'field "alerts[0].status" must be one of firing, resolved',
      ],
    ],
    [
      'missing fields',
      JSON.stringify({ version: '4', alerts: [{}] }),
      ['field "alerts[0].labels" is missing', 'field "alerts[0].startsAt" is missing'],
    ],
    [
      'a time that is none',
      JSON.stringify({ version: '4', alerts: [{ ...alert, startsAt: 'now' }] }),
      ['field "alerts[0].startsAt" must be a time'],
    ],
    ['broken JSON', '{"version": ', ['the body is not valid JSON']],
    ['no body', '', ['']],
    ['a list', '[]', ['the body must be a JSON object']],
  ])('refuses %s', async (_name, body, problems) => {
    const { url } = await startServer({ notifyHooks: { receiveAlerts: async () => [] } });

    const answer = await post(`${url}/api/v1/alertmanager`, body, 'application/json');

    expect(answer.status).toBe(400);
    expect(answer.body.error.code).toBe('JT_REQUEST_INVALID');
    for (const problem of problems) expect(answer.body.error.message).toContain(problem);
  });

  it('refuses what is not sent as JSON, so that no foreign web page can send it', async () => {
    const { url } = await startServer({ notifyHooks: { receiveAlerts: async () => [] } });

    expect(
      (await post(`${url}/api/v1/alertmanager`, JSON.stringify({ version: '4', alerts: [alert] }), 'text/plain')).body
        .error.message,
    ).toContain('Content-Type: application/json');
  });
});
