// Defines the channel of a workflow of Microsoft Teams ("When a Teams webhook request is received"): its settings, its
// limits, and the meaning of its answers. 202 means that the flow began, not that a card is shown. Old connectors
// answered 200 and reported the failure in the text. Source: learn.microsoft.com, "Create incoming webhooks with
// Workflows".
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { AlertCard } from '../card/card.js';
import { type JsonObject, toJsonObject } from '../card/payload.js';
import { WORDS } from '../card/words.js';
import type { ChannelSettings, Delivery } from './channel.js';
import { createChat, type ChatRequest, type ChatService } from './chat.js';
import { readStatus, type HttpAnswer } from './http.js';
import { listCalled } from './markdown.js';
import { makePlain } from './plain.js';
import { readRefusal, type AnswerRow } from './refusal.js';
import type { SendResult } from './result.js';

const SETTINGS: ChannelSettings = {
  title: 'Microsoft Teams',
  needs: [],
  takes: ['mentions', 'template'],
  example:
    'https://….api.powerplatform.com/powerautomate/automations/direct/workflows/…/triggers/manual/paths/invoke?…',
  // A user's principal name, or the id of the directory.
  isCallable: (name) => /^[^\s@<>]+@[^\s@<>]+$|^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name),
  // Teams allows four messages a second.
  perMinute: 60,
  perSecond: 3,
};

const ANSWERS: readonly AnswerRow[] = [
  { code: 400, says: /too large|size/i, reason: 'too-long' },
  { code: 400, reason: 'form' },
  { code: 401, reason: 'credential' },
  { code: 403, reason: 'credential' },
  { code: 404, reason: 'gone' },
  { code: 410, reason: 'gone' },
  { code: 413, reason: 'too-long' },
  { code: 429, reason: 'too-fast', waitMs: 60_000 },
];

/** Failure in the text of an old connector, with status 200. */
const FAILED = /delivery failed|HTTP error \d{3}/i;
const FAILED_STATUS = /HTTP error (\d{3})/i;

export const TEAMS_SERVICE: ChatService = {
  settings: SETTINGS,
  // The documentation says 28 KB, but tests showed that only 21 KB pass.
  maxBytes: 21_000,
  render: renderTeams,
  renderPlain: renderTeamsText,
  request,
  readAnswer,
};

export const TEAMS = createChat(TEAMS_SERVICE);

function request(message: JsonObject, { receiver }: Delivery): ChatRequest {
  return { url: receiver.url, body: JSON.stringify(message), headers: {} };
}

function readAnswer(answer: HttpAnswer): SendResult {
  const { status, text, shown } = answer;
  const reply = text.slice(0, 1000);
  if (status < 300 && FAILED.test(reply))
    return readRefusal(ANSWERS, { code: Number(FAILED_STATUS.exec(reply)?.[1] ?? 0), text }, answer);
  if (status < 300) return { ok: true, answer: `${status} ${shown}`.trim() };
  return ANSWERS.some(({ code }) => code === status)
    ? readRefusal(ANSWERS, { code: status, text }, { ...answer, shown: `${status} ${shown}`.trim() })
    : readStatus(answer);
}

// Renders a card as an Adaptive Card (1.4) in a message of Teams. All words are in text runs, which support neither
// Markdown nor mentions, and log text is in monospaced runs. Mentions from the settings have their own block, and links
// are buttons. If the card is not accepted, a short one is sent.

const COLOURS: Readonly<Record<AlertCard['tone'], string>> = {
  bad: 'Attention',
  warning: 'Warning',
  good: 'Good',
  neutral: 'Default',
};

function renderTeams(card: AlertCard, { mentions }: ReceiverSettings): JsonObject {
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

function renderTeamsText(card: AlertCard): JsonObject {
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

interface RunStyle {
  readonly weight?: 'Bolder';
  readonly size?: 'Large';
  readonly color?: string;
  readonly isSubtle?: true;
  readonly italic?: true;
  readonly fontType?: 'Monospace';
}

function run(text: string, style: RunStyle): object | undefined {
  return text === '' ? undefined : { type: 'TextRun', text: makePlain(text), ...style };
}

function paragraph(runs: readonly (object | undefined)[]): object | undefined {
  const inlines = runs.filter((item) => item !== undefined);
  return inlines.length === 0 ? undefined : { type: 'RichTextBlock', inlines };
}

function code(line: string): object | undefined {
  return paragraph([run(line, { fontType: 'Monospace' })]);
}
