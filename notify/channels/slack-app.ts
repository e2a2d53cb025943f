// Defines the channel of a custom Slack app. With its bot token all messages about one incident form a thread, and each
// message updates the first message of the thread, which everybody sees. Cards are rendered as for the webhook
// (slack.ts). Source: "chat.postMessage" and "chat.update" of docs.slack.dev.
import type { JsonObject } from '../card/payload.js';
import type { Channel, ChannelSettings, Delivery } from './channel.js';
import { createChat, type ChatRequest, type ChatService } from './chat.js';
import { readJson, type HttpAnswer } from './http.js';
import { readForeign, readRefusal, type AnswerRow } from './refusal.js';
import type { SendResult } from './result.js';
import { SLACK_SERVICE } from './slack.js';

const POST = 'chat.postMessage';
const UPDATE = 'chat.update';

const SETTINGS: ChannelSettings = {
  ...SLACK_SERVICE.settings,
  title: 'Slack app',
  needs: ['secret', 'to'],
  example: `https://slack.com/api/${POST}`,
  findProblem: (url) => (url.pathname.endsWith(`/${POST}`) ? undefined : `has an address that is not that of ${POST}`),
  findMore: ({ to = [] }) =>
    to.length === 1 && /^[CGD][A-Z0-9]{5,}$/.test(to[0] ?? '')
      ? undefined
      : 'needs `to` to be the id of one conversation, such as [C0123456789]',
};

const ANSWERS: readonly AnswerRow[] = [
  { code: 'invalid_auth', reason: 'credential' },
  { code: 'not_authed', reason: 'credential' },
  { code: 'account_inactive', reason: 'credential' },
  { code: 'token_revoked', reason: 'credential' },
  { code: 'token_expired', reason: 'credential' },
  { code: 'missing_scope', reason: 'forbidden' },
  { code: 'not_in_channel', reason: 'forbidden' },
  { code: 'restricted_action', reason: 'forbidden' },
  { code: 'ekm_access_denied', reason: 'forbidden' },
  { code: 'channel_not_found', reason: 'gone' },
  { code: 'is_archived', reason: 'gone' },
  { code: 'msg_too_long', reason: 'too-long' },
  { code: 'msg_blocks_too_long', reason: 'too-long' },
  { code: 'no_text', reason: 'form' },
  { code: 'invalid_blocks', reason: 'form' },
  { code: 'invalid_blocks_format', reason: 'form' },
  { code: 'rate_limited', reason: 'too-fast', waitMs: 30_000 },
  { code: 'ratelimited', reason: 'too-fast', waitMs: 30_000 },
  { code: 'message_limit_exceeded', reason: 'quota' },
  { code: 'internal_error', reason: 'busy', waitMs: 30_000 },
  { code: 'fatal_error', reason: 'busy', waitMs: 30_000 },
  { code: 'service_unavailable', reason: 'busy', waitMs: 30_000 },
  { code: 'request_timeout', reason: 'busy', waitMs: 30_000 },
];
/** Errors that mean that the first message of the thread was deleted. */
const HEADLESS = /"(?:thread_not_found|message_not_found)"/;

const SLACK_APP_SERVICE: ChatService = { ...SLACK_SERVICE, settings: SETTINGS, request, readAnswer };

const CHAT = createChat(SLACK_APP_SERVICE);

export const SLACK_APP: Channel = {
  ...CHAT,
  hasThreads: true,
  async send(parts, delivery) {
    const { thread, ...fresh } = delivery;
    const result = await CHAT.send(parts, delivery);
    if (thread === undefined) return result;
    if (!result.ok) return HEADLESS.test(result.answer ?? '') ? CHAT.send(parts, fresh) : result;
    const header = await CHAT.send(parts, { ...fresh, edits: thread });
    // The message counts as sent once the reply is posted, because a workspace may forbid changes.
    return { ok: true, answer: header.ok ? result.answer : `${result.answer ?? ''} ${header.error}`, receipt: thread };
  },
};

/** Builds a reply if there is a thread, a change of its first message if `edits` is given, else a new message. */
function request(message: JsonObject, { receiver, thread, edits }: Delivery): ChatRequest {
  const { url, secret = '', to = [] } = receiver;
  const place =
    edits === undefined
      ? { channel: to[0], thread_ts: thread?.['ts'] }
      : { channel: edits['channel'], ts: edits['ts'] };
  return {
    url: edits === undefined ? url : url.replace(POST, UPDATE),
    body: JSON.stringify({ ...place, unfurl_links: false, ...message }),
    headers: { authorization: `Bearer ${secret}` },
  };
}

function readAnswer(answer: HttpAnswer, { receiver }: Delivery): SendResult {
  const shown = answer.shown.replaceAll(receiver.secret ?? '\0', '***');
  const safe = { ...answer, shown };
  if (answer.status === 429) return readRefusal(ANSWERS, { code: 'rate_limited', text: '' }, safe);
  const reply = readJson(answer.text);
  if (reply === undefined || typeof reply['ok'] !== 'boolean') return readForeign(safe);
  const { ok, error, channel, ts } = reply;
  if (!ok) return readRefusal(ANSWERS, { code: String(error), text: '' }, safe);
  return { ok: true, answer: shown, receipt: { channel: String(channel), ts: String(ts) } };
}
