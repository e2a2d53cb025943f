// Texts of the alert view in both languages, including the kinds of messages and the states of a delivery. text.tsx
// joins them with the other texts.
import type { Language } from '../../../../core/types.ts';

type Translations = Readonly<Record<Language, string>>;

export const ALERT_TEXTS = {
  alertsPage: { en: 'Alerts', zh: '告警' },
  notificationLog: { en: 'Notification log', zh: '通知记录' },
  noAlerts: { en: 'No notifications sent yet', zh: '尚未发送通知' },
  noAlertsHint: {
    en: 'Set up receivers and routes under notify.receivers and notify.route (docs/routing.md).',
    zh: '请在 notify.receivers 和 notify.route 中设置接收方与路由（见 docs/routing.md）。',
  },
  sentAt: { en: 'Time', zh: '时间' },
  alertEvent: { en: 'Event', zh: '事件' },
  deliveryAttempts: { en: 'Attempts', zh: '尝试次数' },
  theIncident: { en: 'Incident', zh: '故障' },
  silences: { en: 'Silences', zh: '静默' },
  noSilences: { en: 'No active silences.', zh: '当前没有生效的静默。' },
  matchers: { en: 'Matchers', zh: '匹配条件' },
  until: { en: 'Until', zh: '截止' },
  doneBy: { en: 'by {n}', zh: '由 {n} 操作' },
  createdBy: { en: 'Created by', zh: '创建人' },
  silenceComment: { en: 'Comment', zh: '备注' },
  newSilence: { en: 'New silence', zh: '新建静默' },
  silenceHint: {
    en: 'Incidents that match all fields send no notifications until the silence ends. * matches any text, a leading ! negates.',
    zh: '静默结束前，同时符合以下所有条件的故障不会发送通知。“*” 匹配任意内容，开头的 “!” 表示排除。',
  },
  triage: { en: 'Triage', zh: '处理状态' },
  acknowledge: { en: 'Acknowledge', zh: '认领' },
  resolve: { en: 'Resolve', zh: '标记为已解决' },
  ignore: { en: 'Ignore', zh: '忽略' },
  forever: { en: 'Forever', zh: '永久' },
  mergeInto: { en: 'Merge into…', zh: '合并到…' },
  mergeHint: {
    en: 'Incident to merge into',
    zh: '选择要并入的故障',
  },
  mergedInto: { en: 'Merged into', zh: '已并入' },
  mergedHere: { en: 'Merged here', zh: '已并入本故障' },
  split: { en: 'Unmerge', zh: '取消合并' },
  reopen: { en: 'Reopen', zh: '重新打开' },
  howLong: { en: 'Duration', zh: '时长' },
  createSilence: { en: 'Create silence', zh: '创建静默' },
  silenceThis: { en: 'Silence', zh: '静默此故障' },
  expireSilence: { en: 'Expire now', zh: '立即结束' },
  team: { en: 'Team', zh: '团队' },
  hours: { en: 'h', zh: '小时' },
  days: { en: 'd', zh: '天' },
} as const satisfies Record<string, Translations>;

/** Texts for the reason of a message. A server of a later release may have more reasons. */
export const NEWS_TEXTS: Readonly<Record<string, Translations>> = {
  'new-incident': { en: 'new incident', zh: '新故障' },
  unacknowledged: { en: 'not acknowledged', zh: '尚无人认领' },
  'second-cause': { en: 'second cause', zh: '出现第二个原因' },
  'cause-corrected': { en: 'cause updated', zh: '原因更正' },
  joined: { en: 'joined an outage', zh: '并入更大范围的故障' },
  grown: { en: 'more jobs affected', zh: '受影响作业增多' },
  escalated: { en: 'escalated', zh: '级别升高' },
  'still-failing': { en: 'still failing', zh: '仍在失败' },
  resolved: { en: 'resolved', zh: '已恢复' },
  canceled: { en: 'canceled by user', zh: '已被用户取消' },
};

export const DELIVERY_TEXTS: Readonly<Record<string, Translations>> = {
  sent: { en: 'sent', zh: '已送达' },
  pending: { en: 'queued', zh: '排队中' },
  undeliverable: { en: 'failed', zh: '发送失败' },
  withdrawn: { en: 'withdrawn', zh: '已撤回' },
};
