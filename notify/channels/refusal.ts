// Defines why a receiver refuses a message: named reasons, whether a retry can help, and advice for people. Each
// channel has a table from its service's codes to these reasons (AnswerRow); readRefusal makes the result. Pure
// functions.
import type { Text } from '../../core/types.js';
import { readStatus, type HttpAnswer } from './http.js';
import type { RefusalReason, SendResult } from './result.js';

interface RefusalRow {
  readonly retryable: boolean;
  /** Advice on what to change. */
  readonly advice: Text;
}

export const REFUSALS: Readonly<Record<RefusalReason, RefusalRow>> = {
  signature: {
    retryable: false,
    advice: {
      en: "Set `secret` to the bot's signing secret, and check this machine's clock: it may be off by an hour at most.",
      zh: '请将 `secret` 设为机器人的加签密钥，并检查本机时钟（误差不得超过一小时）。',
    },
  },
  keyword: {
    retryable: false,
    advice: {
      en: "Set `keyword` to one of the bot's keywords, or choose another security setting of the bot.",
      zh: '请将 `keyword` 设为机器人的自定义关键词之一，或改用其他安全设置。',
    },
  },
  'source-address': {
    retryable: false,
    advice: {
      en: "Add this machine's public IP address to the bot's allow list.",
      zh: '请将本机的出口 IP 加入机器人的 IP 白名单。',
    },
  },
  credential: {
    retryable: false,
    advice: {
      en: 'Copy the whole URL (or key) again: the service does not know this one.',
      zh: '地址（或密钥）无效，请重新复制完整的 Webhook 地址（或密钥）。',
    },
  },
  gone: {
    retryable: false,
    advice: {
      en: 'The bot or its group was removed or disabled; create a new one and set its URL.',
      zh: '机器人或其所在群已被删除或停用，请新建机器人并更新地址。',
    },
  },
  'too-fast': {
    retryable: true,
    advice: {
      en: 'Too many messages: sending pauses for a while. Lower `perMinute` if other programs use this bot too.',
      zh: '发送过于频繁，稍后自动继续。若有其他程序共用此机器人，请调低 `perMinute`。',
    },
  },
  quota: {
    retryable: false,
    advice: {
      en: "The organization's quota is used up: contact its administrator, or use another receiver.",
      zh: '组织的调用额度已用尽，请联系管理员或改用其他接收方。',
    },
  },
  'too-long': {
    retryable: false,
    advice: { en: 'The message was too long for this service.', zh: '消息长度超出该服务的限制。' },
  },
  form: {
    retryable: false,
    advice: {
      en: 'The service rejected the message format. This is a defect in Jobtrace, please report it.',
      zh: '服务端拒绝了消息格式。这是 Jobtrace 的缺陷，请反馈。',
    },
  },
  forbidden: {
    retryable: false,
    advice: {
      en: 'Permission denied by the service: contact its administrator, or use another receiver.',
      zh: '服务端拒绝了此操作（权限不足），请联系其管理员或改用其他接收方。',
    },
  },
  recipient: {
    retryable: false,
    advice: {
      en: 'Correct `from` and `to`: the mail server rejects this sender or recipient.',
      zh: '邮件服务器不接受该发件人或收件人，请修改 `from` 与 `to`。',
    },
  },
  busy: {
    retryable: true,
    advice: { en: 'The service is busy; retrying.', zh: '服务端繁忙，稍后自动重试。' },
  },
  unknown: {
    retryable: false,
    advice: {
      en: "Look the code up in the service's documentation.",
      zh: '请在该服务的文档中查询此错误码。',
    },
  },
};

/** One refusal of a service. */
export interface AnswerRow {
  readonly code: number | string;
  /** Pattern of the answer's text, if one code has several meanings. */
  readonly says?: RegExp;
  readonly reason: RefusalReason;
  readonly waitMs?: number;
}

/** Makes the result from the first row that matches. An answer without a row is a refusal as well. */
export function readRefusal(
  rows: readonly AnswerRow[],
  { code, text }: { readonly code: number | string; readonly text: string },
  { shown, retryAfterMs }: HttpAnswer,
): SendResult {
  const row = rows.find((item) => item.code === code && item.says?.test(text) !== false);
  const reason = row?.reason ?? 'unknown';
  const { retryable, advice } = REFUSALS[reason];
  return {
    ok: false,
    retryable,
    reason,
    error: `the service rejected the message: ${shown.slice(0, 200)}. ${advice.en}`,
    retryAfterMs: retryAfterMs ?? row?.waitMs,
    answer: shown,
  };
}

/**
 * Makes the result if a server in between answered instead of the service. Such an answer does not count as accepted.
 */
export function readForeign(answer: HttpAnswer): SendResult {
  const result = readStatus(answer);
  if (!result.ok) return result;
  const between = answer.by === undefined ? 'is something between?' : answer.by;
  const error = `unexpected response, perhaps from a proxy: ${between} ${answer.shown.slice(0, 200)}`;
  return { ok: false, retryable: false, reason: 'unknown', error, answer: answer.shown };
}
