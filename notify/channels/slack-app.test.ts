import { afterEach, describe, expect, it } from 'vitest';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import { openStore } from '../../store/open.js';
import { CAUSE, START } from '../../core/testing/incidents.js';
import { useFixture } from '../testing/notifier.js';
import { sendCards } from './testing/cards.js';
import { findReceiverProblems } from '../deliver/settings.js';
import { openSlackApp, type SlackDouble, type SlackWorkspace } from './testing/slack-app.js';

const TOKEN = 'xoxb-geheim-1';
const CHANNEL = 'C0123456789';

let double: SlackDouble;
afterEach(() => double.close());

async function open(workspace: Partial<SlackWorkspace> = {}): Promise<Omit<ReceiverSettings, 'name' | 'language'>> {
  double = await openSlackApp({ token: TOKEN, channel: CHANNEL, ...workspace }, START);
  return { kind: 'slack-app', url: `${double.url}/api/chat.postMessage`, secret: TOKEN, to: [CHANNEL] };
}

const fixture = useFixture(() => openStore({ kind: 'sqlite', path: ':memory:' }));

/** Lists the messages in the channel, replies marked by an arrow. */
function listShown(): readonly string[] {
  return double.messages.map(({ text, thread }) => `${thread === undefined ? '' : '↳ '}${text.split(' · ')[0]}`);
}

describe('a message through an app of Slack', () => {
  it('is posted into its conversation, with the token in the head of the request alone', async () => {
    const result = await sendCards(await open());

    expect(result).toMatchObject({ ok: true, receipt: { channel: CHANNEL, ts: double.messages[0]?.ts } });
    expect(double.accepted[0]).not.toContain('geheim');
    expect(JSON.parse(double.accepted[0] ?? '')).toMatchObject({ channel: CHANNEL, unfurl_links: false });
  });

  it.each([
    ['credential', {}, { secret: 'xoxb-geheim-2' }, /invalid_auth/],
    ['gone', {}, { to: ['C0000000000'] }, /channel_not_found/],
    ['forbidden', { error: 'not_in_channel' }, {}, /not_in_channel/],
    ['unknown', { error: 'something_new' }, {}, /something_new/],
  ] as const)('is refused within status 200: %s', async (reason, workspace, more, error) => {
    const result = await sendCards({ ...(await open(workspace)), ...more });

    expect(result).toMatchObject({ ok: false, retryable: false, reason, error: expect.stringMatching(error) });
    expect(JSON.stringify(result)).not.toContain('geheim');
  });

  it('waits where there are too many, and is a plain text where rich text is not known', async () => {
    expect(await sendCards(await open({ error: 'ratelimited' }))).toMatchObject({
      retryable: true,
      retryAfterMs: 30_000,
    });
    await double.close();
    expect(await sendCards(await open({ refusesBlocks: true }))).toMatchObject({ ok: true });
    expect(double.messages).toHaveLength(1);
  });
});

describe('the messages about one incident', () => {
  const over = { ...CAUSE, outcome: 'recovered' } as const;

  it('are a thread, whose head says how it stands, also after a restart', async () => {
    const receivers = [await open()];
    const notifier = fixture.createNotifier({ receivers });
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    expect(listShown()).toEqual(['🔴 Error']);

    const next = fixture.createNotifier({ receivers });
    await next.incidentChanged(over);
    await next.stepOnce();

    expect(listShown()).toEqual(['✅ Resolved', '↳ ✅ Resolved']);
  });

  it('are told in the thread where the head may not be changed', async () => {
    const notifier = fixture.createNotifier({ receivers: [await open({ forbidsEdits: true })] });
    for (const incident of [CAUSE, over]) {
      await notifier.incidentChanged(incident);
      await notifier.stepOnce();
      fixture.nowMs += 2000;
    }

    expect(listShown()).toEqual(['🔴 Error', '↳ ✅ Resolved']);
    expect((await fixture.rows()).map(({ state }) => state)).toEqual(['sent', 'sent']);
  });

  it('begin anew where somebody deleted the head', async () => {
    const notifier = fixture.createNotifier({ receivers: [await open()] });
    await notifier.incidentChanged(CAUSE);
    await notifier.stepOnce();
    double.messages.length = 0;
    fixture.nowMs += 2000;
    await notifier.incidentChanged(over);
    await notifier.stepOnce();

    expect(listShown()).toEqual(['✅ Resolved']);
  });
});

describe('the settings of an app of Slack', () => {
  it('name one conversation by its id', async () => {
    const receiver = { name: 'r', language: 'en', ...(await open()) } as const;
    expect(findReceiverProblems([receiver])).toEqual([]);
    expect(findReceiverProblems([{ ...receiver, to: ['#alerts'] }]).join()).toContain('the id of one conversation');
    expect(findReceiverProblems([{ ...receiver, url: 'https://slack.com/api/x' }]).join()).toContain(
      'chat.postMessage',
    );
  });
});
