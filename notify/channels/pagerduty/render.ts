// Renders a card as an event of PagerDuty. The summary is read out on a phone; everything else is in the details. Good
// news, and an incident that continues elsewhere, resolves the alert.
import type { AlertCard } from '../../card/card.js';
import { WORDS } from '../../card/words.js';
import { toJsonObject, type JsonObject } from '../../payload.js';
import { cutMiddle } from '../../render.js';
import { makePlain } from '../plain.js';

const SUMMARY_UNITS = 1024;
const KEY_UNITS = 255;

export function renderPagerduty(card: AlertCard): JsonObject {
  const { topic, tone, subject, headline, severity, links, numbers } = card;
  const words = WORDS[card.language];
  const key = { dedup_key: `jobtrace/${topic}`.slice(0, KEY_UNITS) };
  if (tone === 'good' || tone === 'neutral') return { event_action: 'resolve', ...key };
  const summary = makePlain([subject, headline].filter((part) => part !== '').join(words.colon));
  return toJsonObject({
    event_action: 'trigger',
    ...key,
    payload: {
      summary: cutMiddle(summary, SUMMARY_UNITS),
      source: subject === '' ? 'jobtrace' : subject,
      severity,
      component: subject,
      class: card.cause,
      ...(card.cluster === '' ? {} : { group: card.cluster }),
      custom_details: {
        title: card.title,
        summary: card.summary,
        fix: [card.fix, ...card.patch].filter((line) => line !== '').join('\n'),
        evidence: card.evidence.join('\n'),
        ...Object.fromEntries(numbers.map(({ name, value }) => [name, value])),
        ...(card.notice === '' ? {} : { notice: card.notice }),
      },
    },
    client: 'Jobtrace',
    client_url: links[0]?.url,
    links: links.map(({ text, url }) => ({ href: url, text })),
  });
}
