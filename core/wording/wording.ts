// Defines the names that people read for the values of closed sets, in each published language. The compiler requires a
// name for every value.
import type { Diagnosis, Fix, Incident, Owner, Text } from '../types.js';

export const OWNERS: Readonly<Record<Owner, Text>> = {
  'user-code': { en: "the job's own code", zh: '作业自身代码' },
  configuration: { en: 'configuration', zh: '配置' },
  connector: { en: 'connector', zh: '连接器' },
  framework: { en: 'Flink itself', zh: 'Flink 框架' },
  platform: { en: 'platform', zh: '平台' },
  external: { en: 'external system', zh: '外部系统' },
};

export const OUTCOMES: Readonly<Record<Incident['outcome'], Text>> = {
  failing: { en: 'still failing', zh: '仍在失败' },
  recovered: { en: 'running again', zh: '已恢复运行' },
  failed: { en: 'ended', zh: '已终止' },
  canceled: { en: 'canceled by a person', zh: '已被人工取消' },
  silent: { en: 'fallen silent', zh: '日志已中断' },
  unknown: { en: 'outcome unknown', zh: '结果未知' },
};

export const SEVERITIES: Readonly<Record<Diagnosis['severity'], Text>> = {
  info: { en: 'info', zh: '提示' },
  warning: { en: 'warning', zh: '警告' },
  error: { en: 'error', zh: '错误' },
  critical: { en: 'critical', zh: '严重' },
};

export const RISKS: Readonly<Record<Fix['risk'], Text>> = {
  low: { en: 'low', zh: '低' },
  medium: { en: 'medium', zh: '中' },
  high: { en: 'high', zh: '高' },
};

/** Names of how far a rule is proven. */
export const STATUSES: Readonly<Record<Diagnosis['status'], Text>> = {
  draft: { en: 'draft', zh: '草稿' },
  test: { en: 'test', zh: '测试' },
  stable: { en: 'stable', zh: '稳定' },
};
