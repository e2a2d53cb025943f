// Texts of the job views in both languages: the list, and one job with its incidents. text.tsx joins them with the
// other texts.
import type { Language } from '../../../../core/types.ts';

export const JOB_TEXTS = {
  jobsPage: { en: 'Jobs', zh: '作业' },
  jobSearch: { en: 'Name, id or cluster', zh: '名称、ID 或集群' },
  openIncidents: { en: 'Open', zh: '未结束' },
  incidentsInRange: { en: 'Incidents', zh: '故障' },
  errorLines: { en: 'Errors', zh: '错误' },
  warningLines: { en: 'Warnings', zh: '警告' },
  allLines: { en: 'Lines', zh: '日志行' },
  noJobs: { en: 'No jobs in this range', zh: '该时间范围内没有作业' },
  noJobsHint: {
    en: 'A job appears with its first line. Widen the range, or check the Agents page.',
    zh: '作业产生第一行日志后会显示在这里。请扩大时间范围，或在“采集端”页面检查日志是否上报。',
  },
  noMatchingJobs: { en: 'No matching jobs', zh: '没有匹配的作业' },
  latestRun: { en: 'Latest run', zh: '最近一次运行' },
  jobLogs: { en: 'Logs', zh: '日志' },
  jobErrorLogs: { en: 'Error logs', zh: '错误日志' },
  processes: { en: 'Processes', zh: '进程' },
  lastLogLine: { en: 'Last log line', zh: '最后一行日志' },
  noIncidentsInRange: { en: 'No incidents in this range', zh: '该时间范围内没有发生故障' },
  notAllJobs: { en: 'Too many runs; counts are partial.', zh: '运行次数过多，仅统计了一部分。' },
} as const satisfies Record<string, Record<Language, string>>;
