// Holds the texts of endings and of agents that are silent or were stopped, in both languages: title, summary and fix.
// Numbers and names come from ending.ts.
import type { Severity } from '../../core/documents/incident.js';
import type { Language } from '../../core/types.js';
import { countOf } from '../../core/text/count.js';
import type { EndingKind } from './ending.js';

/** Values that the texts contain. */
export interface WordValues {
  readonly cluster: string;
  /** Name of the process for people. */
  readonly process: string;
  /** Time of the start, as ISO text without milliseconds. */
  readonly at: string;
  readonly jobs: string;
  readonly count: number;
  /** Jobs with their last checkpoints, e.g. `orders (chk-12, 2026-11-20T10:00:00Z, job id …)`, separated by commas. */
  readonly checkpoints: string;
  readonly lastLine: string;
  readonly word: string;
  readonly host: string;
  readonly clusters: string;
}

type Sentence = Readonly<Record<Language, (values: WordValues) => string>>;

export interface EndingWords {
  readonly cause: string;
  readonly severity: Severity;
  readonly title: Sentence;
  readonly summary: Sentence;
  readonly fix: Sentence | undefined;
}

export type WordsKind = EndingKind | 'jobmanager-lost-ha' | 'jobmanager-replaced-ha' | 'agent-silent' | 'agent-stopped';

const SUBMIT: Sentence = {
  en: ({ checkpoints }) =>
    `Submit the jobs again from their last checkpoint: ${checkpoints}. Set high-availability.type to recover jobs automatically.`,
  zh: ({ checkpoints }) =>
    `请从最近的检查点重新提交作业：${checkpoints}。若希望作业自动恢复，请设置 high-availability.type。`,
};

const SILENT_LINE = {
  en: (lastLine: string): string =>
    lastLine === '' ? '' : ` Its log ends without a shutdown message (last line: "${lastLine}").`,
  zh: (lastLine: string): string =>
    lastLine === '' ? '' : `其日志没有任何退出信息便中断（最后一行：“${lastLine}”）。`,
};

export const ENDING_WORDS: Readonly<Record<WordsKind, EndingWords>> = {
  'cluster-lost': {
    cause: 'cluster.lost',
    severity: 'critical',
    title: {
      en: ({ cluster, count }) => `All processes of cluster ${cluster} are gone; ${countOf(count, 'job')} stopped`,
      zh: ({ cluster, count }) => `集群 ${cluster} 的全部进程已消失，${count} 个作业随之停止`,
    },
    summary: {
      en: ({ at, jobs, process, lastLine }) =>
        `At ${at} the JobManager (${process}) and all TaskManagers ended.${SILENT_LINE.en(lastLine)} They were killed from outside (kill -9, the kernel's OOM killer, a container limit), or the machine restarted. These jobs are no longer running: ${jobs}.`,
      zh: ({ at, jobs, process, lastLine }) =>
        `${at} JobManager（${process}）与全部 TaskManager 均已退出。${SILENT_LINE.zh(lastLine)}进程被外部杀死（kill -9、内核 OOM killer、容器限制），或机器重启。以下作业已不再运行：${jobs}。`,
    },
    fix: SUBMIT,
  },
  'jobmanager-lost': {
    cause: 'cluster.jobmanager-lost',
    severity: 'critical',
    title: {
      en: ({ cluster, count }) => `JobManager of cluster ${cluster} lost; ${countOf(count, 'job')} stopped`,
      zh: ({ cluster, count }) => `集群 ${cluster} 的 JobManager 已消失，${count} 个作业随之停止`,
    },
    summary: {
      en: ({ at, jobs, process, lastLine }) =>
        `The process ${process} ended at ${at}.${SILENT_LINE.en(lastLine)} It was killed from outside, or its machine was lost. High availability is not configured, so these jobs are no longer running: ${jobs}.`,
      zh: ({ at, jobs, process, lastLine }) =>
        `进程 ${process} 于 ${at} 退出。${SILENT_LINE.zh(lastLine)}进程被外部杀死，或所在机器失联。未配置高可用，以下作业已不再运行：${jobs}。`,
    },
    fix: SUBMIT,
  },
  'jobmanager-lost-ha': {
    cause: 'cluster.jobmanager-lost',
    severity: 'error',
    title: {
      en: ({ cluster, count }) =>
        `JobManager of cluster ${cluster} lost; ${countOf(count, 'job')} waiting for a new one`,
      zh: ({ cluster, count }) => `集群 ${cluster} 的 JobManager 已消失，${count} 个作业等待接管`,
    },
    summary: {
      en: ({ at, jobs, process, lastLine }) =>
        `The process ${process} ended at ${at}.${SILENT_LINE.en(lastLine)} High availability is configured: a new JobManager recovers these jobs when it starts: ${jobs}. This incident ends when they are running again.`,
      zh: ({ at, jobs, process, lastLine }) =>
        `进程 ${process} 于 ${at} 退出。${SILENT_LINE.zh(lastLine)}已配置高可用：只要有新的 JobManager，以下作业将自动恢复：${jobs}。作业恢复运行后本故障结束。`,
    },
    fix: {
      en: () => 'Check that a new JobManager starts. If none does, start one with the same cluster id.',
      zh: () => '请确认是否有新的 JobManager 启动；若没有，请以相同的集群 id 启动一个。',
    },
  },
  'jobmanager-replaced': {
    cause: 'cluster.jobmanager-lost',
    severity: 'critical',
    title: {
      en: ({ cluster, count }) =>
        `JobManager of cluster ${cluster} was lost and restarted; ${countOf(count, 'job')} lost`,
      zh: ({ cluster, count }) => `集群 ${cluster} 的 JobManager 丢失后重新启动，${count} 个作业已丢失`,
    },
    summary: {
      en: ({ at, jobs, process }) =>
        `The log of the JobManager (${process}) ends without a shutdown message, and a new JobManager started at ${at}. High availability is not configured, so the new one does not know these jobs, and they are no longer running: ${jobs}.`,
      zh: ({ at, jobs, process }) =>
        `JobManager（${process}）的日志没有任何退出信息便中断，新的 JobManager 于 ${at} 启动。未配置高可用，新的 JobManager 没有以下作业的信息，它们已不再运行：${jobs}。`,
    },
    fix: SUBMIT,
  },
  'jobmanager-replaced-ha': {
    cause: 'cluster.jobmanager-lost',
    severity: 'error',
    title: {
      en: ({ cluster, count }) =>
        `JobManager of cluster ${cluster} was lost; a new one is recovering ${countOf(count, 'job')}`,
      zh: ({ cluster, count }) => `集群 ${cluster} 的 JobManager 丢失，新的 JobManager 正在恢复 ${count} 个作业`,
    },
    summary: {
      en: ({ at, jobs, process }) =>
        `The log of the JobManager (${process}) ends without a shutdown message, and a new JobManager started at ${at}. High availability is configured, and it recovers these jobs: ${jobs}. This incident ends when they are running again.`,
      zh: ({ at, jobs, process }) =>
        `JobManager（${process}）的日志没有任何退出信息便中断，新的 JobManager 于 ${at} 启动。已配置高可用，以下作业将被恢复：${jobs}。作业恢复运行后本故障结束。`,
    },
    fix: undefined,
  },
  'taskmanager-lost': {
    cause: 'cluster.taskmanager-lost',
    severity: 'critical',
    title: {
      en: ({ process, jobs }) => `${process} lost: jobs ${jobs}`,
      zh: ({ process, jobs }) => `${process} 丢失：作业 ${jobs}`,
    },
    summary: {
      en: ({ at, jobs, cluster, lastLine }) =>
        `The process of cluster ${cluster} ended at ${at}.${SILENT_LINE.en(lastLine)} It was killed from outside (kill -9, the kernel's OOM killer, a container limit). Jobs with tasks on it fail and restart: ${jobs}.`,
      zh: ({ at, jobs, cluster, lastLine }) =>
        `集群 ${cluster} 的该进程于 ${at} 退出。${SILENT_LINE.zh(lastLine)}进程被外部杀死（kill -9、内核 OOM killer、容器限制）。在其上有任务的作业失败并重启：${jobs}。`,
    },
    fix: {
      en: ({ host }) =>
        `Find out on ${host} what killed it: check the kernel log (dmesg), the events of its container and its .out file. If it ran out of memory, raise taskmanager.memory.process.size.`,
      zh: ({ host }) =>
        `请在 ${host} 上查明进程被终止的原因：内核日志（dmesg）、容器事件、.out 文件。若因内存超限被终止，请提高 taskmanager.memory.process.size。`,
    },
  },
  'cluster-silent': {
    cause: 'cluster.silent',
    severity: 'critical',
    title: {
      en: ({ cluster, count }) => `No logs from cluster ${cluster} with ${countOf(count, 'running job')}`,
      zh: ({ cluster, count }) => `集群 ${cluster} 没有任何输出，其上有 ${count} 个运行中的作业`,
    },
    summary: {
      en: ({ at, jobs, lastLine }) =>
        `None of its processes has logged anything since ${at} (last line: "${lastLine}"), although they logged regularly before and the agents on their nodes are working. The processes are gone or hang. Jobs running at that time: ${jobs}.`,
      zh: ({ at, jobs, lastLine }) =>
        `自 ${at} 起其所有进程都没有写日志（最后一行：“${lastLine}”），而此前一直有规律地输出，节点上的采集端工作正常。进程已退出或卡住。当时运行的作业：${jobs}。`,
    },
    fix: {
      en: () =>
        "Check that the processes are alive, and list the jobs with Flink's REST API. If they are gone, submit the jobs again from their last checkpoint.",
      zh: () => '请确认进程是否存活，并通过 Flink 的 REST API 查看作业。若进程已消失，请从最近的检查点重新提交作业。',
    },
  },
  'cluster-stopped': {
    cause: 'cluster.stopped',
    severity: 'info',
    title: {
      en: ({ cluster, count }) => `Cluster ${cluster} was stopped, with ${countOf(count, 'running job')}`,
      zh: ({ cluster, count }) => `集群 ${cluster} 已被停止，当时有 ${count} 个运行中的作业`,
    },
    summary: {
      en: ({ at, jobs, process, word }) =>
        `The JobManager (${process}) received a stop signal at ${at} (${word}) from a user, a script or the cluster manager. Open incidents of the cluster end with it. Jobs running at that time: ${jobs}.`,
      zh: ({ at, jobs, process, word }) =>
        `JobManager（${process}）于 ${at} 收到停止指令（${word}），来自人工、脚本或集群管理器。该集群未结束的故障随之结束。当时运行的作业：${jobs}。`,
    },
    fix: undefined,
  },
  'logs-gone': {
    cause: 'cluster.logs-gone',
    severity: 'error',
    title: {
      en: ({ cluster, count }) => `Log files of cluster ${cluster} were deleted with ${countOf(count, 'running job')}`,
      zh: ({ cluster, count }) => `集群 ${cluster} 的日志文件已被删除，其上有 ${count} 个运行中的作业`,
    },
    summary: {
      en: ({ at, jobs, process }) =>
        `The files of ${process} were deleted at ${at}, without a sign that it was stopped. New log lines cannot be read, so failures of these jobs are not detected: ${jobs}.`,
      zh: ({ at, jobs, process }) =>
        `${process} 的文件于 ${at} 被删除，且没有任何停止信息。此后写入的日志无法读取，以下作业的故障将无法发现：${jobs}。`,
    },
    fix: {
      en: () =>
        'A running process keeps writing into the deleted file: restart it to get a new log file, and exclude its folder from the cleanup task.',
      zh: () => '运行中的进程会继续写入已删除的文件：请重启进程以重新生成日志，并将该目录从清理任务中排除。',
    },
  },
  'agent-silent': {
    cause: 'jobtrace.agent-silent',
    severity: 'critical',
    title: {
      en: ({ host }) => `Node ${host}: the Jobtrace agent is not reporting`,
      zh: ({ host }) => `节点 ${host}：Jobtrace 采集端停止上报`,
    },
    summary: {
      en: ({ host, at, count, jobs, clusters }) =>
        `The agent on ${host} has not reported since ${at} and was not shut down normally: it was killed, or the node is down. Failures there are not detected.${clusters === '' ? '' : ` It read logs of ${clusters}.`}${count === 0 ? '' : ` Jobs of these clusters that logged within the last hour: ${jobs}.`}`,
      zh: ({ host, at, count, jobs, clusters }) =>
        `自 ${at} 起没有收到 ${host} 上采集端的报告，且其并未正常停止：采集端被杀死，或节点失联。该节点上的故障无法发现。${clusters === '' ? '' : `其采集的集群：${clusters}。`}${count === 0 ? '' : `最近一小时这些集群有 ${count} 个作业输出日志：${jobs}。`}`,
    },
    fix: {
      en: ({ host }) =>
        `Check that ${host} is up, and the log of the agent (journalctl -u jobtrace-agent, kubectl logs). After a restart it continues where it stopped.`,
      zh: ({ host }) =>
        `请确认 ${host} 是否存活，并查看采集端日志（journalctl -u jobtrace-agent、kubectl logs）。重新启动后会从中断处继续采集。`,
    },
  },
  'agent-stopped': {
    cause: 'jobtrace.agent-stopped',
    severity: 'info',
    title: {
      en: ({ host }) => `Node ${host}: the Jobtrace agent was stopped`,
      zh: ({ host }) => `节点 ${host}：Jobtrace 采集端已停止`,
    },
    summary: {
      en: ({ host, at, count, jobs }) =>
        `The agent on ${host} was shut down normally at ${at}. Failures there are not detected until it is started again.${count === 0 ? '' : ` Jobs of its clusters that logged within the last hour: ${jobs}.`}`,
      zh: ({ host, at, count, jobs }) =>
        `${host} 上的采集端于 ${at} 正常停止。重新启动之前，该节点上的故障无法发现。${count === 0 ? '' : `最近一小时其集群有 ${count} 个作业输出日志：${jobs}。`}`,
    },
    fix: undefined,
  },
};
