// Defines the channel of a workflow of Microsoft Teams ("When a Teams webhook request is received"): its settings, its
// limits, and the meaning of its answers. 202 means that the flow began, not that a card is shown. Old connectors
// answered 200 and reported the failure in the text. render.ts renders the card. Source: learn.microsoft.com, "Create
// incoming webhooks with Workflows".
import type { JsonObject } from '../../payload.js';
import type { ChannelSettings, Delivery } from '../channel.js';
import { createChat, type ChatRequest, type ChatService } from '../chat.js';
import { readStatus, type HttpAnswer } from '../http.js';
import { readRefusal, type AnswerRow } from '../refusal.js';
import type { SendResult } from '../result.js';
import { renderTeams, renderTeamsText } from './render.js';

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
