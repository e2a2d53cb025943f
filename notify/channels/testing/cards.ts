// Makes and sends cards for the tests of the channels: a usual one, one that is far too long, and one whose log tries
// to mention people and to break the layout. Only tests import it.
import type { ReceiverSettings } from '../../../core/config/receiver.js';
import { buildCard, renderCard, type AlertCard } from '../../card/card.js';
import type { Card } from '../../card/render.js';
import { BUFFERS, makeDiagnosis, makeIncident, makeReceiver, START } from '../../../core/testing/incidents.js';
import type { SendResult } from '../result.js';
import { CHANNELS } from '../table.js';

const SUBJECT = { cause: BUFFERS, symptom: false, severity: 'error', diagnosis: 0 } as const;

export function makeCard(more: Partial<Card> = {}): AlertCard {
  return buildCard({
    incident: makeIncident([makeDiagnosis(BUFFERS)], { restarts: 3 }),
    subject: SUBJECT,
    reason: 'new-incident',
    language: 'en',
    publicUrl: 'https://jobtrace.example/',
    nowMs: Date.parse('2026-11-20T10:00:05.000Z'),
    ...more,
  });
}

export const LONG: AlertCard = {
  ...makeCard(),
  summary: '内存不足。'.repeat(2000),
  fix: '增大内存。'.repeat(2000),
  evidence: ['内'.repeat(3000), '存'.repeat(3000), '溢'.repeat(3000)],
  related: Array.from({ length: 200 }, (_, index) => `作业 ${index} `.repeat(20)),
};

const TRAP =
  '@all <!channel> <@U123> <at id=all></at> ``` `x` **b** _i_ [a](http://evil) <font color="red"> @13800138000 @Override http://evil.example/x www.evil.example';

export const HOSTILE: AlertCard = {
  ...makeCard(),
  title: `🔴 ${TRAP}`,
  headline: `# ${TRAP}`,
  summary: `1. ${TRAP}\n# heading`,
  fix: `> ${TRAP}`,
  patch: [`a: ${TRAP}`],
  evidence: [TRAP],
  related: [TRAP],
  numbers: [{ name: 'cluster', value: TRAP }],
  notice: TRAP,
};

/** Sends one card, or several of them, as the sender does. */
export function sendCards(
  settings: Partial<ReceiverSettings> & Pick<ReceiverSettings, 'kind' | 'url'>,
  cards: readonly AlertCard[] = [makeCard()],
): Promise<SendResult> {
  const receiver = makeReceiver(settings);
  const parts = cards.map((card) => ({ message: renderCard(card), brief: {} }));
  return CHANNELS[receiver.kind].send(parts, { receiver, id: 'msg_1', nowMs: START });
}
