// Test double of DingTalk's robot. Checks requests by the rules of the service's page and answers as the service does,
// always with status 200. Only tests import it.
import { createHmac } from 'node:crypto';
import { createRate, openDouble, type Double, type DoubleAnswer, type DoubleRequest } from './double.js';

export interface DingtalkRobot {
  readonly token: string;
  readonly secret?: string;
  readonly keywords?: readonly string[];
  /** True if the robot is stopped. */
  readonly isStopped?: boolean;
}

const MAX_BYTES = 20_000;
const HOUR_MS = 3_600_000;

export function openDingtalk(robot: DingtalkRobot, nowMs: number): Promise<Double> {
  const isInTime = createRate(20, 600_000);
  return openDouble(
    (request) => judge(request, robot, isInTime),
    ({ text }) => text.includes('"errcode":0'),
    nowMs,
  );
}

function judge(request: DoubleRequest, robot: DingtalkRobot, isInTime: (nowMs: number) => boolean): DoubleAnswer {
  const { method, url, contentType, text, nowMs } = request;
  const parameters = url.searchParams;
  if (method !== 'POST') return refuse(43002, 'require http post');
  if (!/^application\/json;\s*charset=utf-8$/i.test(contentType))
    return refuse(43004, '无效的HTTP HEADER Content-Type');
  if (url.pathname !== '/robot/send' || !parameters.has('access_token')) return refuse(40035, '缺少参数 access_token');
  if (parameters.get('access_token') !== robot.token) return refuse(300005, 'token is not exist');
  if (robot.isStopped === true) return refuse(400102, '机器人已停用');
  if (!isInTime(nowMs))
    return {
      status: 200,
      text: '{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute","status":1111,"wait":5,"source":"x5","punish":"deny"}',
    };
  if (robot.secret !== undefined && !isSigned(parameters, robot.secret, nowMs))
    return refuse(310000, 'sign not match, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]');
  if (Buffer.byteLength(text) > MAX_BYTES) return refuse(460101, `message too long, exceed ${MAX_BYTES} bytes`);
  const body: unknown = JSON.parse(text);
  if (!isMarkdown(body)) return refuse(400105, '不支持的消息类型');
  const { keywords } = robot;
  if (keywords !== undefined && !keywords.some((word) => text.includes(word)))
    return refuse(310000, 'keywords not in content, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]');
  return { status: 200, text: '{"errcode":0,"errmsg":"ok"}' };
}

function refuse(errcode: number, errmsg: string): DoubleAnswer {
  return { status: 200, text: JSON.stringify({ errcode, errmsg }) };
}

function isSigned(parameters: URLSearchParams, secret: string, nowMs: number): boolean {
  const timestamp = parameters.get('timestamp') ?? '';
  const wanted = createHmac('sha256', secret).update(`${timestamp}\n${secret}`).digest('base64');
  return (
    /^\d{13}$/.test(timestamp) && Math.abs(nowMs - Number(timestamp)) <= HOUR_MS && parameters.get('sign') === wanted
  );
}

function isMarkdown(body: unknown): boolean {
  const { msgtype, markdown, at } = Object(body);
  const { title, text } = Object(markdown);
  return (
    msgtype === 'markdown' &&
    typeof title === 'string' &&
    title !== '' &&
    typeof text === 'string' &&
    text !== '' &&
    (at === undefined || typeof Object(at).isAtAll === 'boolean')
  );
}
