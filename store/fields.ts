// The short field names of the search box and what each looks at, as data. `anywhere` says how a bare value
// may sit in the stored one: `level:ERROR` is the whole value, `logger:TaskExecutor` also the end of
// "org.apache.flink.runtime.taskexecutor.TaskExecutor". query.ts expands them; docs and the page list them.
import type { Component, Level } from '../core/types.js';

/** Fields of a record that a query can ask for. */
export const QUERY_FIELDS = [
  'id',
  'log.level',
  'log.logger',
  'log.file.path',
  'process.thread.name',
  'error.type',
  'host.name',
  'container.id',
  'orchestrator.namespace',
  'kubernetes.pod.name',
  'flink.cluster',
  'flink.job.id',
  'flink.job.name',
  'flink.component',
  'flink.process.id',
  'flink.version',
  'flink.chain',
  'jobtrace.process',
  'jobtrace.kind',
  'jobtrace.layout',
  'jobtrace.flags',
] as const;
export type QueryField = (typeof QUERY_FIELDS)[number];

export const LEVELS: readonly Level[] = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
export const COMPONENTS: readonly Component[] = ['jobmanager', 'taskmanager', 'client', 'gateway', 'unknown'];

export interface ShortField {
  readonly name: string;
  /** The value is looked for in each of them. */
  readonly fields: readonly QueryField[];
  /**
   * A bare value also matches what follows the last of this text ("."), or what stands before the first ("host" of
   * "host.example.com").
   */
  readonly after?: readonly string[];
  readonly before?: readonly string[];
  /** Only records of this component. */
  readonly component?: Component;
  readonly values?: readonly string[];
  readonly example: string;
}

export const SHORT_FIELDS: readonly ShortField[] = [
  { name: 'level', fields: ['log.level'], values: LEVELS, example: 'level:ERROR' },
  { name: 'job', fields: ['flink.job.id', 'flink.job.name'], example: 'job:orders' },
  { name: 'logger', fields: ['log.logger'], after: ['.', '$'], example: 'logger:TaskExecutor' },
  { name: 'host', fields: ['host.name'], before: ['.'], example: 'host:node7' },
  { name: 'file', fields: ['log.file.path'], after: ['/'], example: 'file:*.out' },
  { name: 'process', fields: ['jobtrace.process'], example: 'process:*taskexecutor*' },
  { name: 'error', fields: ['error.type', 'flink.chain'], after: ['.', '$'], example: 'error:IOException' },
  {
    name: 'tm',
    fields: ['flink.process.id', 'jobtrace.process'],
    component: 'taskmanager',
    example: 'tm:container_*_000002',
  },
  { name: 'cluster', fields: ['flink.cluster'], example: 'cluster:application_1700000000000_0042' },
  { name: 'component', fields: ['flink.component'], values: COMPONENTS, example: 'component:jobmanager' },
  { name: 'thread', fields: ['process.thread.name'], example: 'thread:"Checkpoint Timer"' },
  { name: 'container', fields: ['container.id'], example: 'container:container_*_000002' },
  { name: 'pod', fields: ['kubernetes.pod.name'], example: 'pod:orders-taskmanager-*' },
  { name: 'namespace', fields: ['orchestrator.namespace'], example: 'namespace:flink' },
  { name: 'version', fields: ['flink.version'], example: 'version:1.20.*' },
  { name: 'kind', fields: ['jobtrace.kind'], values: ['log', 'out', 'err', 'gc', 'unknown'], example: 'kind:out' },
  { name: 'layout', fields: ['jobtrace.layout'], example: 'layout:none' },
  {
    name: 'flag',
    fields: ['jobtrace.flags'],
    values: ['cut', 'invalid-utf8', 'redacted', 'partial', 'undated'],
    example: 'flag:cut',
  },
  { name: 'id', fields: ['id'], example: 'id:…' },
];

/** A short name, or a field's own name ("log.level:ERROR"), in any case; undefined when there is none. */
export function findShortField(name: string): ShortField | undefined {
  const lower = name.toLowerCase();
  const field = QUERY_FIELDS.find((candidate) => candidate === lower);
  return (
    SHORT_FIELDS.find((short) => short.name === lower) ??
    SHORT_FIELDS.find((short) => field !== undefined && short.fields.length === 1 && short.fields[0] === field) ??
    (field === undefined ? undefined : { name: field, fields: [field], example: `${field}:…` })
  );
}
