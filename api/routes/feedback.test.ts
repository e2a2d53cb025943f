import { describe, expect, it } from 'vitest';
import { createError } from '../../core/errors.js';
import type { FeedbackVerdict } from '../../core/documents/feedback.js';
import { AUTHOR, bearer, createFilledStore, get, READER, RULE, startServer, TEAM } from '../testing/server.js';

const ORDERS_TEAM = { ...TEAM, role: 'author' } as const;

function say(url: string, verdict: string, token: string, rule: string = RULE.id, incident = 'i-orders') {
  return get(`${url}/api/v1/incidents/${incident}/feedback`, {
    method: 'POST',
    body: JSON.stringify({ rule, verdict }),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  });
}

describe('feedback on a diagnosis', () => {
  it('is kept with who said it and when; the last word of a person counts', async () => {
    const { url } = await startServer({ settings: { tokens: [AUTHOR, ORDERS_TEAM] } });
    await say(url, 'wrong', AUTHOR.token);
    await say(url, 'wrong', ORDERS_TEAM.token);

    const { status, body } = await say(url, 'helped', AUTHOR.token);

    const said = { incidentId: 'i-orders', rule: RULE.id, at: '2026-11-20T10:01:00.000Z' };
    const expected = {
      feedback: [
        { ...said, verdict: 'helped', by: 'author' },
        { ...said, verdict: 'wrong', by: 'orders-team' },
      ],
      rules: [{ id: RULE.id, precision: { right: 1, wrong: 1, share: 0.5, alerts: true } }],
    };
    expect(status).toBe(200);
    expect(body).toMatchObject(expected);
    expect((await get(`${url}/api/v1/incidents/i-orders/feedback`, bearer(AUTHOR.token))).body).toMatchObject(expected);
  });

  it.each([
    ['a reader may not', 403, READER.token, 'right', RULE.id, 'i-orders'],
    ['another verdict', 400, AUTHOR.token, 'perhaps', RULE.id, 'i-orders'],
    ['a rule that the incident has not', 400, AUTHOR.token, 'right', 'memory.heap-oom/task', 'i-orders'],
    ['an incident that is not there', 404, AUTHOR.token, 'right', RULE.id, 'none'],
    ['an incident of others', 404, ORDERS_TEAM.token, 'right', RULE.id, 'i-fraud'],
  ])('is refused: %s', async (_name, status, token, verdict, rule, incident) => {
    const { url, store } = await startServer({ settings: { tokens: [READER, AUTHOR, ORDERS_TEAM] } });

    expect((await say(url, verdict, token, rule, incident)).status).toBe(status);
    expect(await store.feedback.find()).toEqual([]);
  });

  it('names the rules of which something can be said', async () => {
    const { url } = await startServer({ settings: { tokens: [AUTHOR] } });

    const { body } = await say(url, 'right', AUTHOR.token, 'memory.heap-oom/task');

    expect(body.error.message).toContain(`one of this incident's (${RULE.id}), not "memory.heap-oom/task"`);
  });

  it('is the precision of the rule, which says when it alerts nobody', async () => {
    const store = await createFilledStore();
    const { url } = await startServer({ store, settings: { floor: { share: 0.5, leastVerdicts: 4 } } });
    const rules = async (): Promise<unknown> => (await get(`${url}/api/v1/rules`)).body.rules[0];
    expect(await rules()).toEqual(RULE);

    const verdicts: readonly FeedbackVerdict[] = ['right', 'wrong', 'wrong', 'wrong'];
    for (const [index, verdict] of verdicts.entries())
      await store.feedback.save({ incidentId: `i${index}`, rule: RULE.id, verdict, by: 'anna', at: 'now' });

    expect(await rules()).toMatchObject({ precision: { right: 1, wrong: 3, share: 0.25, alerts: false } });
    const { body } = await get(`${url}/api/v1/rules/${encodeURIComponent(RULE.id)}`);
    expect(body).toMatchObject({ id: RULE.id, precision: { right: 1, wrong: 3 } });
  });

  it('holds up nothing else where the store gives no right to it', async () => {
    const denied = createError('JT_STORE_DENIED', { url: 'es', problem: 'no right' });
    const filled = await createFilledStore();
    const store = { ...filled, feedback: { ...filled.feedback, find: () => Promise.reject(denied) } };
    const { url } = await startServer({ store });

    expect((await get(`${url}/api/v1/rules`)).body.rules).toEqual([RULE]);
    expect((await get(`${url}/api/v1/incidents/i-orders/feedback`)).body).toMatchObject({ feedback: [] });
  });
});
