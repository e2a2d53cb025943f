// Names the subject of an incident as people call it: a job by its name, a process by its kind and host, a shared
// resource with the number of its jobs, else the cluster. Pure functions.
import type { Incident, PlatformShare } from '../documents/incident.js';
import type { Language, Text } from '../types.js';

const KINDS: readonly (readonly [pattern: RegExp, name: Text])[] = [
  [/taskexecutor|taskmanager/, { en: 'TaskManager', zh: 'TaskManager' }],
  [/standalonesession|standalonejob|jobmanager/, { en: 'JobManager', zh: 'JobManager' }],
  [/sql-gateway/, { en: 'SQL gateway', zh: 'SQL 网关' }],
  [/sql-client/, { en: 'SQL client', zh: 'SQL 客户端' }],
  [/^flink-.*-client-/, { en: 'Client', zh: '客户端' }],
];
/** Process name `flink-USER-KIND-NUMBER-HOST` of a standalone Flink. */
const STANDALONE =
  /^flink-.*?-(?:standalonesession|standalonejob|taskexecutor|taskmanager|jobmanager|sql-gateway|sql-client|client)-(?:(\d+)-)?([^]+)$/;

type Shared = Pick<PlatformShare, 'jobs' | 'thing'>;
type Subject = Pick<Incident, 'job' | 'process' | 'cluster'> & { readonly platform?: Shared | undefined };

export function nameSubject({ job, process, cluster, platform }: Subject, language: Language): string {
  if (platform !== undefined) return namePlatform(platform, language);
  if (job !== undefined) return job.name ?? job.id;
  if (process !== undefined) return nameProcess(process, language);
  return language === 'zh' ? `集群 ${cluster}` : `Cluster ${cluster}`;
}

function namePlatform({ jobs, thing }: Shared, language: Language): string {
  const counted = language === 'zh' ? `${jobs} 个作业` : `${jobs} jobs`;
  if (thing === undefined) return counted;
  return jobs === 0 ? thing : `${thing} · ${counted}`;
}

/**
 * Names a process: `node-1:/opt/flink/log/flink-flink-taskexecutor-1-node-1` → TaskManager 1 on node-1. A pod keeps its
 * name.
 */
function nameProcess(process: string, language: Language): string {
  const { name, kind } = findKind(process);
  if (kind === undefined) return name;
  const [, number = '0', host] = STANDALONE.exec(name) ?? [];
  if (host === undefined) return `${kind[language]} ${name}`;
  const numbered = number === '0' ? kind[language] : `${kind[language]} ${number}`;
  return language === 'zh' ? `${host} 上的 ${numbered}` : `${numbered} on ${host}`;
}

/** Finds the last part of the path that shows the kind of the process, else the last part. */
function findKind(process: string): { readonly name: string; readonly kind?: Text } {
  const parts = process.split(/[/\\]/).filter((part) => part !== '');
  for (const name of parts.toReversed()) {
    const kind = KINDS.find(([pattern]) => pattern.test(name))?.[1];
    if (kind !== undefined) return { name, kind };
  }
  return { name: parts.at(-1) ?? process };
}
