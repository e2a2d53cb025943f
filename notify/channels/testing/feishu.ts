// Test double of Feishu's custom bot. Checks requests by the rules of the service's page and answers as the service
// does, with status 200 even for a refusal. Only tests import it.
import { createHmac } from 'node:crypto';
import { createRate, openDouble, type Double, type DoubleAnswer, type DoubleRequest } from './double.js';

export interface FeishuBot {
  readonly token: string;
  readonly secret?: string;
  readonly keywords?: readonly string[];
  /** True if it accepts no cards, as when a card format is retired. */
  readonly refusesCards?: boolean;
}

const MAX_BYTES = 20_480;
const HOUR_S = 3600;

export function openFeishu(bot: FeishuBot, nowMs: number): Promise<Double> {
  const isInTime = createRate(100, 0);
  return openDouble(
    (request) => judge(request, bot, isInTime),
    ({ text }) => text.includes('"code":0,'),
    nowMs,
  );
}

function judge(request: DoubleRequest, bot: FeishuBot, isInTime: (nowMs: number) => boolean): DoubleAnswer {
  const { method, url, contentType, text, nowMs } = request;
  if (method !== 'POST' || !contentType.startsWith('application/json')) return refuse(9499, 'Bad Request');
  if (url.pathname !== `/open-apis/bot/v2/hook/${bot.token}`)
    return refuse(19001, 'param invalid: incoming webhook access token invalid');
  if (!isInTime(nowMs)) return refuse(11232, 'frequency limited psm[lark.oapi.app_platform_runtime]appID[1500]');
  if (Buffer.byteLength(text) > MAX_BYTES) return refuse(9499, 'Bad Request');
  const { timestamp, sign, msg_type: type, card, content } = Object(JSON.parse(text));
  if (bot.secret !== undefined) {
    const wanted = createHmac('sha256', `${timestamp}\n${bot.secret}`).update('').digest('base64');
    const isInHour = /^\d{10}$/.test(timestamp ?? '') && Math.abs(nowMs / 1000 - Number(timestamp)) <= HOUR_S;
    if (!isInHour || sign !== wanted)
      return refuse(19021, 'sign match fail or timestamp is not within one hour from current time');
  }
  if (bot.keywords !== undefined && !bot.keywords.some((word) => text.includes(word)))
    return refuse(19024, 'Key Words Not Found');
  if (type === 'text' && typeof Object(content).text === 'string') return accept();
  if (type !== 'interactive') return refuse(9499, 'Bad Request');
  return isCard(card) && bot.refusesCards !== true ? accept() : refuse(200621, 'parse card json err, please check');
}

function accept(): DoubleAnswer {
  return {
    status: 200,
    text: '{"code":0,"msg":"success","data":{},"StatusCode":0,"StatusMessage":"success","Extra":null}',
  };
}

function refuse(code: number, msg: string): DoubleAnswer {
  return { status: 200, text: JSON.stringify({ code, data: {}, msg }) };
}

const TAGS: readonly unknown[] = ['markdown', 'div', 'note', 'action', 'hr'];

function isCard(card: unknown): boolean {
  const { header, elements } = Object(card);
  const { title, template } = Object(header);
  return (
    Object(title).tag === 'plain_text' &&
    typeof template === 'string' &&
    Array.isArray(elements) &&
    elements.length > 0 &&
    elements.every((element: unknown) => TAGS.includes(Object(element).tag))
  );
}
