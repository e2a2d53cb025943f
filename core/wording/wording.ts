// Defines the names that people read for the values of closed sets, in each published language. The compiler requires a
// name for every value.
import type { Diagnosis, Fix, Incident, Owner } from '../documents/incident.js';
import type { Text } from '../types.js';

export const OWNERS: Readonly<Record<Owner, Text>> = {
  'user-code': { en: 'User code', zh: '用户代码' },
  configuration: { en: 'Configuration', zh: '配置' },
  connector: { en: 'Connector', zh: '连接器' },
  framework: { en: 'Flink', zh: 'Flink 框架' },
  platform: { en: 'Platform', zh: '平台' },
  external: { en: 'External system', zh: '外部系统' },
};

export const OUTCOMES: Readonly<Record<Incident['outcome'], Text>> = {
  failing: { en: 'Failing', zh: '持续失败' },
  recovered: { en: 'Recovered', zh: '已恢复运行' },
  failed: { en: 'Failed', zh: '已失败' },
  canceled: { en: 'Canceled', zh: '已取消' },
  silent: { en: 'No recent logs', zh: '日志已中断' },
  unknown: { en: 'Outcome unknown', zh: '结果未知' },
};

export const SEVERITIES: Readonly<Record<Diagnosis['severity'], Text>> = {
  info: { en: 'Info', zh: '提示' },
  warning: { en: 'Warning', zh: '警告' },
  error: { en: 'Error', zh: '错误' },
  critical: { en: 'Critical', zh: '严重' },
};

export const RISKS: Readonly<Record<Fix['risk'], Text>> = {
  low: { en: 'low risk', zh: '低风险' },
  medium: { en: 'medium risk', zh: '中风险' },
  high: { en: 'high risk', zh: '高风险' },
};

/** Names of how far a rule is proven. */
export const STATUSES: Readonly<Record<Diagnosis['status'], Text>> = {
  draft: { en: 'Draft', zh: '草稿' },
  test: { en: 'Beta', zh: '测试版' },
  stable: { en: 'Stable', zh: '稳定版' },
};
