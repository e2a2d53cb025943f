// Test double of WeCom's group robot. Checks requests by the rules of the service's page and answers as the service
// does, with status 200 even for a refusal. Only tests import it.
import { createRate, openDouble, type Double, type DoubleAnswer, type DoubleRequest } from './double.js';

export interface WecomRobot {
  readonly key: string;
  /** Largest body, in bytes, if it is smaller than the page says. */
  readonly maxBytes?: number;
}

const HINT =
  'hint: [1700000000_1_0], from ip: 192.0.2.1, more info at https://open.work.weixin.qq.com/devtool/query?e=';

export function openWecom(robot: WecomRobot, nowMs: number): Promise<Double> {
  const isInTime = createRate(20, 0);
  return openDouble(
    (request) => judge(request, robot, isInTime),
    ({ text }) => text.includes('"errcode":0'),
    nowMs,
  );
}

function judge(
  { method, url, contentType, text, nowMs }: DoubleRequest,
  { key, maxBytes = 4096 }: WecomRobot,
  isInTime: (nowMs: number) => boolean,
): DoubleAnswer {
  if (method !== 'POST' || !/^application\/json;\s*charset=utf-8$/i.test(contentType))
    return refuse(40058, `invalid Request Parameter, ${HINT}40058`);
  if (url.pathname !== '/cgi-bin/webhook/send' || url.searchParams.get('key') !== key)
    return refuse(93000, `invalid webhook url, ${HINT}93000`);
  if (!isInTime(nowMs)) return refuse(45009, `api freq out of limit, ${HINT}45009`);
  const { msgtype, markdown, text: said } = Object(JSON.parse(text));
  const limits: Readonly<Record<string, readonly [content: unknown, bytes: number]>> = {
    markdown: [Object(markdown).content, maxBytes],
    text: [Object(said).content, 2048],
  };
  const [content, max] = limits[String(msgtype)] ?? [undefined, 0];
  if (typeof content !== 'string') return refuse(40008, `invalid message type, ${HINT}40008`);
  if (Buffer.byteLength(content) > max)
    return refuse(93000, `Invalid input : content exceed max length. invalid Request Parameter, ${HINT}93000`);
  return { status: 200, text: '{"errcode":0,"errmsg":"ok"}' };
}

function refuse(errcode: number, errmsg: string): DoubleAnswer {
  return { status: 200, text: JSON.stringify({ errcode, errmsg }) };
}
