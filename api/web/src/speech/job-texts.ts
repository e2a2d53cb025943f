// Texts of the job views in both languages: the list, and one job with its incidents. text.tsx joins them with the
// other texts.
import type { Language } from '../../../../core/types.ts';

export const JOB_TEXTS = {
  jobRoom: { en: 'Jobs', zh: '作业' },
  jobSearch: { en: 'Name, id or cluster', zh: '名称、ID 或集群' },
  openIncidents: { en: 'Open', zh: '未结束' },
  incidentsInRange: { en: 'Incidents', zh: '故障' },
  errorLines: { en: 'Errors', zh: '错误' },
  warningLines: { en: 'Warnings', zh: '警告' },
  allLines: { en: 'Lines', zh: '日志行' },
  noJobs: { en: 'No job was seen in this range', zh: '该时间范围内没有作业' },
  noJobsHint: {
    en: 'A job appears with its first line. Widen the range, or look whether the agents ship (Agents).',
    zh: '作业产生第一行日志后会显示在这里。请扩大时间范围，或在“采集端”页面检查日志是否上报。',
  },
  noJobFits: { en: 'No job fits', zh: '没有符合的作业' },
  newestRun: { en: 'newest run', zh: '最近一次运行' },
  itsLines: { en: 'Its lines', zh: '查看日志' },
  itsErrors: { en: 'Its errors', zh: '查看错误' },
  processes: { en: 'Processes', zh: '进程' },
  lastWord: { en: 'Its last line', zh: '最后一行日志' },
  neverFailed: { en: 'It has not failed in this range', zh: '该时间范围内没有发生故障' },
  notAllJobs: { en: 'There are more runs than are counted here.', zh: '运行次数过多，此处仅统计部分。' },
} as const satisfies Record<string, Record<Language, string>>;
