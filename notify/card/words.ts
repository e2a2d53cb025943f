// Defines the fixed words of a card in both languages: the kind of news, and the label of each part. The words about an
// incident itself come from its rule.
import type { EndedReason, Severity } from '../../core/documents/incident.js';
import type { Language, Text } from '../../core/types.js';
import { countOf } from '../../core/text/count.js';
import type { AlertReason } from '../decide/decide.js';

export const SEVERITIES: Readonly<Record<Severity, Text & { readonly symbol: string }>> = {
  critical: { symbol: '🔴', en: 'Critical', zh: '严重' },
  error: { symbol: '🔴', en: 'Error', zh: '错误' },
  warning: { symbol: '🟠', en: 'Warning', zh: '警告' },
  info: { symbol: '🔵', en: 'Info', zh: '提示' },
};

/** Kind of news, if it says more than the severity. Without a symbol the symbol of the severity is used. */
export const NEWS: Readonly<Record<AlertReason, (Text & { readonly symbol?: string }) | undefined>> = {
  'new-incident': undefined,
  unacknowledged: { symbol: '⏰', en: 'Not acknowledged', zh: '尚无人认领' },
  'cause-corrected': { symbol: '✏️', en: 'Cause updated', zh: '原因更正' },
  'second-cause': { en: 'Second cause', zh: '出现第二个原因' },
  joined: { symbol: '🔗', en: 'Joined an outage', zh: '并入更大范围的故障' },
  grown: { en: 'More jobs affected', zh: '受影响作业增多' },
  escalated: { en: 'Escalated', zh: '级别升高' },
  'still-failing': { en: 'Still failing', zh: '持续失败' },
  resolved: { symbol: '✅', en: 'Resolved', zh: '已恢复' },
  canceled: { symbol: '⚪', en: 'Canceled by user', zh: '已被用户取消' },
  ended: { symbol: '⚪', en: 'Ended with its cluster', zh: '已随集群结束' },
  silent: { symbol: '⚪', en: 'No recent logs', zh: '日志已中断' },
  notice: { symbol: '🔵', en: 'Notice', zh: '提示' },
};

/** Reasons why an incident ended because of its cluster. */
export const ENDED: Readonly<Record<EndedReason, Text>> = {
  'cluster-stopped': { en: 'Ended: its cluster was stopped', zh: '已结束：其集群已停止' },
  'cluster-gone': { en: 'Ended: its cluster disappeared', zh: '已结束：其集群已消失' },
};

/** Text in place of "escalated" if the job does not restart. */
export const JOB_ENDED: Text = { en: 'Job failed', zh: '作业已失败' };

interface CardWords {
  readonly fix: string;
  readonly evidence: string;
  readonly jobs: string;
  readonly also: string;
  readonly beside: string;
  readonly openIncident: string;
  readonly openParent: string;
  readonly openLogs: string;
  readonly openAll: string;
  readonly cluster: string;
  readonly taskManager: string;
  readonly since: string;
  readonly restarts: string;
  readonly state: string;
  readonly owner: string;
  readonly again: string;
  readonly truncated: (characters: number) => string;
  readonly more: (count: number) => string;
  readonly incidents: (count: number) => string;
  readonly digest: (messages: number, causes: number) => string;
  readonly storm: string;
  readonly undelivered: (receiver: string, error: string) => string;
  readonly minutes: (count: number) => string;
  /** Separator between a name and its value, and between a title and the text after it. */
  readonly colon: string;
}

export const WORDS: Readonly<Record<Language, CardWords>> = {
  en: {
    fix: 'Fix',
    evidence: 'Evidence',
    jobs: 'Jobs',
    also: 'Also affected',
    beside: 'Also caused by',
    openIncident: 'View diagnosis',
    openParent: 'View outage',
    openLogs: 'View log',
    openAll: 'All incidents',
    cluster: 'cluster',
    taskManager: 'process',
    since: 'first seen',
    restarts: 'restarts',
    state: 'state',
    owner: 'owner',
    again: 'to reprocess',
    truncated: (characters) => `shortened by ${characters} characters`,
    more: (count) => `… and ${count} more`,
    incidents: (count) => countOf(count, 'incident'),
    digest: (messages, causes) => `${messages} alerts at once, ${countOf(causes, 'cause')}`,
    storm: 'Many failures at once; this summary replaces individual alerts.',
    undelivered: (receiver, error) => `Meant for "${receiver}", which rejected it: ${error}`,
    minutes: (count) => `${count} min`,
    colon: ': ',
  },
  zh: {
    fix: '修复建议',
    evidence: '证据',
    jobs: '涉及作业',
    also: '同时受影响',
    beside: '其他原因',
    openIncident: '查看诊断',
    openParent: '查看整体故障',
    openLogs: '查看日志',
    openAll: '全部故障',
    cluster: '集群',
    taskManager: '进程',
    since: '首次出现',
    restarts: '重启次数',
    state: '状态',
    owner: '责任方',
    again: '需重新处理',
    truncated: (characters) => `内容过长，已省略 ${characters} 个字符`,
    more: (count) => `…… 另有 ${count} 项`,
    incidents: (count) => `${count} 处故障`,
    digest: (messages, causes) => `同时出现 ${messages} 条告警，共 ${causes} 种原因`,
    storm: '大量故障同时发生，本消息为汇总，不再逐条告警。',
    undelivered: (receiver, error) => `原接收方“${receiver}”拒绝了此消息：${error}`,
    minutes: (count) => `${count} 分钟的数据`,
    colon: '：',
  },
};
