// Tests an alert storm: many jobs fail at once, and receivers cannot keep up.
import { describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.js';
import { waitUntil } from '../../store/testing/samples.js';
import { CAUSE } from '../../core/testing/incidents.js';
import { openSink, useFixture } from '../testing/notifier.js';

const fixture = useFixture(() => openStore({ kind: 'sqlite', path: ':memory:' }));
const JOBS = 1000;

describe('a thousand jobs that fail at once', () => {
  it('are queued, not awaited, while a receiver hangs; another gets all of them in few messages', async () => {
    const hung = await openSink();
    hung.answers.length = 0;
    const notifier = fixture.createNotifier({
      receivers: [
        { name: 'hangs', url: hung.url },
        { name: 'takes', url: fixture.sink.url },
      ],
    });
    await notifier.incidentChanged({ ...CAUSE, id: 'incident-0' });
    const stepping = notifier.stepOnce();
    await waitUntil('the receiver that hangs', () => Promise.resolve(hung.received.length > 0));

    for (let number = 1; number < JOBS; number += 1)
      await notifier.incidentChanged({ ...CAUSE, id: `incident-${number}`, job: { id: `job-${number}` } });

    // Nothing was delivered to the hanging receiver, and all messages are kept.
    const pending = await fixture.store.alerts.find({ where: { state: 'pending' }, limit: 5 * JOBS });
    expect(pending.filter(({ receiver }) => receiver === 'hangs')).toHaveLength(JOBS);
    await hung.close();
    await stepping;
    await notifier.stepOnce();
    const sent = await fixture.store.alerts.find({ where: { state: 'sent' }, limit: 5 * JOBS });
    expect(sent.filter(({ receiver }) => receiver === 'takes')).toHaveLength(JOBS);
    expect(fixture.sink.received.length).toBeLessThanOrEqual(1 + JOBS / 100);
  });
});
