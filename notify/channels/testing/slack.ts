// Test double of Slack's incoming webhook. Checks requests by the rules of the service's pages and answers with the
// service's words. Only tests import it.
import { openDouble, type Double, type DoubleAnswer, type DoubleRequest } from './double.js';

export interface SlackHook {
  readonly path: string;
  readonly isArchived?: boolean;
  /** True if it does not support rich text, like an old installation behind a gateway. */
  readonly refusesBlocks?: boolean;
}

const PARTS: readonly unknown[] = ['text', 'link', 'user', 'usergroup', 'broadcast', 'emoji'];
const GROUPS: readonly unknown[] = ['rich_text_section', 'rich_text_preformatted', 'rich_text_quote', 'rich_text_list'];

export function openSlack(hook: SlackHook, nowMs: number): Promise<Double> {
  let lastMs = -Infinity;
  let burst = 0;
  const isInTime = (atMs: number): boolean => {
    burst = atMs - lastMs < 1000 ? burst + 1 : 1;
    lastMs = atMs;
    return burst <= 20;
  };
  return openDouble(
    (request) => judge(request, hook, isInTime),
    ({ text }) => text === 'ok',
    nowMs,
  );
}

function judge(request: DoubleRequest, hook: SlackHook, isInTime: (nowMs: number) => boolean): DoubleAnswer {
  const { method, url, contentType, text, nowMs } = request;
  if (method !== 'POST' || !contentType.startsWith('application/json')) return say(400, 'invalid_payload');
  if (url.pathname !== hook.path) return say(404, 'no_service');
  if (!isInTime(nowMs)) return { ...say(429, 'rate_limited'), headers: { 'retry-after': '30' } };
  if (hook.isArchived === true) return say(410, 'channel_is_archived');
  const { text: fallback, blocks } = Object(JSON.parse(text));
  if (typeof fallback !== 'string' || fallback === '') return say(400, 'no_text');
  if (blocks === undefined) return say(200, 'ok');
  const isKnown = Array.isArray(blocks) && blocks.length <= 50 && blocks.every(isBlock);
  return isKnown && hook.refusesBlocks !== true ? say(200, 'ok') : say(400, 'invalid_blocks');
}

function say(status: number, text: string): DoubleAnswer {
  return { status, text, headers: { 'content-type': 'text/html' } };
}

function isBlock(block: unknown): boolean {
  const { type, text, elements } = Object(block);
  if (type === 'header') return Object(text).type === 'plain_text' && isText(Object(text).text, 150);
  return type === 'rich_text' && Array.isArray(elements) && elements.every(isGroup);
}

function isGroup(group: unknown): boolean {
  const { type, elements } = Object(group);
  return GROUPS.includes(type) && Array.isArray(elements) && elements.length > 0 && elements.every(isPart);
}

function isPart(part: unknown): boolean {
  const { type, text } = Object(part);
  return PARTS.includes(type) && (type !== 'text' || isText(text, 3000));
}

function isText(text: unknown, max: number): boolean {
  return typeof text === 'string' && text !== '' && text.length <= max;
}
