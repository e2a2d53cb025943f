import { afterEach, describe, expect, it } from 'vitest';
import { START } from '../../core/testing/incidents.js';
import { makeCard, sendCards } from './testing/cards.js';
import { openPagerduty } from './testing/pagerduty.js';

const KEY = 'geheim0123456789geheim0123456789';

let double: Awaited<ReturnType<typeof openPagerduty>>;
afterEach(() => double.close());

describe('an event for PagerDuty', () => {
  it('opens an alert, corrects it where it stands, and ends it', async () => {
    double = await openPagerduty(KEY, START);
    const receiver = { kind: 'pagerduty', url: `${double.url}/v2/enqueue`, secret: KEY } as const;

    expect(await sendCards(receiver)).toMatchObject({ ok: true });
    expect([...double.open]).toEqual([['jobtrace/incident-1', 'orders: Title of network.insufficient-buffers/total']]);

    await sendCards(receiver, [{ ...makeCard({ reason: 'cause-corrected' }), headline: 'Another cause' }]);
    expect([...double.open]).toEqual([['jobtrace/incident-1', 'orders: Another cause']]);

    await sendCards(receiver, [makeCard({ reason: 'resolved' })]);
    expect([...double.open]).toEqual([]);
  });

  it('with a wrong key is refused with what to change, and the key is not told', async () => {
    double = await openPagerduty(KEY, START);
    const result = await sendCards({ kind: 'pagerduty', url: `${double.url}/v2/enqueue`, secret: KEY.toUpperCase() });

    expect(result).toMatchObject({ ok: false, retryable: false, reason: 'credential' });
    expect(JSON.stringify(result).toLowerCase()).not.toContain('geheim');
  });
});
