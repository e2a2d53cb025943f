// Renders a card as an Adaptive Card (1.4) in a message of Teams. All words are in text runs, which support neither
// Markdown nor mentions, and log text is in monospaced runs. Mentions from the settings have their own block, and links
// are buttons. If the card is not accepted, a short one is sent.
import type { ReceiverSettings } from '../../../core/config/rows/receiver.js';
import type { AlertCard } from '../../card/card.js';
import { WORDS } from '../../card/words.js';
import { toJsonObject, type JsonObject } from '../../payload.js';
import { listCalled } from '../markdown.js';
import { makePlain } from '../plain.js';

const COLOURS: Readonly<Record<AlertCard['tone'], string>> = {
  bad: 'Attention',
  warning: 'Warning',
  good: 'Good',
  neutral: 'Default',
};

export function renderTeams(card: AlertCard, { mentions }: ReceiverSettings): JsonObject {
  const { headline, summary, fix, patch, evidence, numbers, related, relatedMore, notice, leftOut } = card;
  const words = WORDS[card.language];
  const called = listCalled(card, mentions);
  const counted = numbers.map(({ name, value }) => `${name}${words.colon}${makePlain(value)}`).join(' · ');
  const body = [
    paragraph([run(card.title, { weight: 'Bolder', size: 'Large', color: COLOURS[card.tone] })]),
    paragraph([run(headline, { weight: 'Bolder' })]),
    paragraph([run(notice === '' ? '' : `⚠️ ${notice}`, {})]),
    paragraph([run(summary, {})]),
    paragraph(fix === '' ? [] : [run(`${words.fix}${words.colon}`, { weight: 'Bolder' }), run(fix, {})]),
    ...patch.map(code),
    paragraph(evidence.length === 0 ? [] : [run(words.evidence, { weight: 'Bolder' })]),
    ...evidence.map(code),
    ...related.map((line) => paragraph([run(`• ${line}`, {})])),
    paragraph([run(relatedMore > 0 ? words.more(relatedMore) : '', { isSubtle: true })]),
    paragraph([run(counted, { isSubtle: true })]),
    paragraph([run(leftOut > 0 ? words.truncated(leftOut) : '', { isSubtle: true, italic: true })]),
    called.length === 0 ? undefined : { type: 'TextBlock', wrap: true, text: called.map(nameMention).join(' ') },
  ];
  return wrap(card, body, called.map(describeMention));
}

/** Renders a mention. Its text comes only from the settings, never from a log. */
function nameMention(id: string): string {
  return `<at>${id.split('@')[0] ?? id}</at>`;
}

function describeMention(id: string): object {
  return { type: 'mention', text: nameMention(id), mentioned: { id, name: id.split('@')[0] ?? id } };
}

export function renderTeamsText(card: AlertCard): JsonObject {
  return wrap(card, [paragraph([run(card.title, { weight: 'Bolder' })]), paragraph([run(card.headline, {})])], []);
}

function wrap(
  { links, language }: AlertCard,
  body: readonly (object | undefined)[],
  entities: readonly object[],
): JsonObject {
  return toJsonObject({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        contentUrl: null,
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          lang: language,
          msteams: { width: 'Full', ...(entities.length === 0 ? {} : { entities }) },
          body: body.filter((block) => block !== undefined),
          actions: links.map(({ text, url }) => ({ type: 'Action.OpenUrl', title: text, url })),
        },
      },
    ],
  });
}

interface RunLook {
  readonly weight?: 'Bolder';
  readonly size?: 'Large';
  readonly color?: string;
  readonly isSubtle?: true;
  readonly italic?: true;
  readonly fontType?: 'Monospace';
}

function run(text: string, look: RunLook): object | undefined {
  return text === '' ? undefined : { type: 'TextRun', text: makePlain(text), ...look };
}

function paragraph(runs: readonly (object | undefined)[]): object | undefined {
  const inlines = runs.filter((item) => item !== undefined);
  return inlines.length === 0 ? undefined : { type: 'RichTextBlock', inlines };
}

function code(line: string): object | undefined {
  return paragraph([run(line, { fontType: 'Monospace' })]);
}
