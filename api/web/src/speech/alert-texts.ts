// Texts of the alert view in both languages, including the kinds of messages and the states of a delivery. text.tsx
// joins them with the other texts.
import type { Language } from '../../../../core/types.ts';

type Spoken = Readonly<Record<Language, string>>;

export const ALERT_TEXTS = {
  alertRoom: { en: 'Alerts', zh: '告警' },
  saidToWhom: { en: 'What was said to whom', zh: '告警记录' },
  noAlerts: { en: 'Nothing has been said yet', zh: '尚未发送告警' },
  noAlertsHint: {
    en: 'Who is to hear of what stands in notify.receivers and notify.route (docs/routing.md).',
    zh: '接收方与路由在 notify.receivers 和 notify.route 中设置（见 docs/routing.md）。',
  },
  sentAt: { en: 'When', zh: '时间' },
  news: { en: 'News', zh: '内容' },
  tries: { en: 'Tries', zh: '尝试次数' },
  theIncident: { en: 'Incident', zh: '故障' },
  silences: { en: 'Silences', zh: '静默' },
  noSilences: { en: 'Nobody has silenced anything.', zh: '当前没有静默。' },
  silenced: { en: 'Silenced', zh: '静默范围' },
  until: { en: 'Until', zh: '截止' },
  byWhom: { en: 'By', zh: '创建人' },
  whySilent: { en: 'Why', zh: '原因说明' },
  newSilence: { en: 'New silence', zh: '新建静默' },
  silenceHint: {
    en: 'Nobody hears of incidents that fit all of these until it ends. “*” stands for anything, “!” in front for all others.',
    zh: '在静默结束前，符合以下全部条件的故障不会通知任何人。“*” 表示任意内容，开头的 “!” 表示排除。',
  },
  triage: { en: 'Who is at it', zh: '处理情况' },
  acknowledge: { en: 'Acknowledge', zh: '确认处理' },
  sayMended: { en: 'It is mended', zh: '标记为已解决' },
  ignoreFor: { en: 'Ignore', zh: '忽略' },
  forGood: { en: 'for good', zh: '永久' },
  mergeInto: { en: 'Merge', zh: '合并' },
  mergeHint: {
    en: 'The card of the same failure, which then stands for this one',
    zh: '选择同一故障的卡片，由其代表此卡片',
  },
  mergedInto: { en: 'The card of this failure', zh: '代表此故障的卡片' },
  mergedHere: { en: 'Merged into this card', zh: '已合并到此卡片' },
  split: { en: 'Split off again', zh: '重新拆分' },
  openAgain: { en: 'Open again', zh: '重新打开' },
  howLong: { en: 'For how long', zh: '时长' },
  silence: { en: 'Silence', zh: '静默' },
  silenceThis: { en: 'Silence', zh: '静默此故障' },
  endSilence: { en: 'End it now', zh: '立即结束' },
  team: { en: 'Team', zh: '团队' },
  hours: { en: 'h', zh: '小时' },
  days: { en: 'd', zh: '天' },
} as const satisfies Record<string, Spoken>;

/** Texts for the reason of a message. A server of a later release may have more reasons. */
export const NEWS_TEXTS: Readonly<Record<string, Spoken>> = {
  'new-incident': { en: 'new incident', zh: '新故障' },
  unacknowledged: { en: 'nobody acknowledged it', zh: '尚无人确认' },
  'second-cause': { en: 'second cause', zh: '另有一个原因' },
  'cause-corrected': { en: 'corrected cause', zh: '原因更正' },
  joined: { en: 'part of a larger outage', zh: '属于更大范围的故障' },
  grown: { en: 'more jobs fail', zh: '更多作业失败' },
  escalated: { en: 'worse than before', zh: '情况恶化' },
  'still-failing': { en: 'still failing', zh: '仍在失败' },
  resolved: { en: 'resolved', zh: '已恢复' },
  canceled: { en: 'canceled by a person', zh: '已被人工取消' },
};

export const DELIVERY_TEXTS: Readonly<Record<string, Spoken>> = {
  sent: { en: 'sent', zh: '已送达' },
  pending: { en: 'waiting', zh: '等待中' },
  undeliverable: { en: 'undeliverable', zh: '未送达' },
  withdrawn: { en: 'withdrawn', zh: '已撤回' },
};
