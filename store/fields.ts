// The short field names of the search box and how each compares, as data; which fields they look at stands with the
// fields (core/record.ts). `after` and `before` say how a bare value may sit in the stored one: `level:ERROR` is the
// whole value, `logger:TaskExecutor` also the end of "org.apache.flink.runtime.taskexecutor.TaskExecutor". query.ts
// expands them; docs and the page list them.
import {
  COMPONENTS,
  ENTRY_FLAGS,
  FIELD_ROWS,
  FILE_KINDS,
  isValueField,
  LEVELS,
  type ShortName,
  type ValueField,
} from '../core/record.js';
import type { Component } from '../core/types.js';

export interface ShortField {
  readonly name: string;
  /** The value is looked for in each of them. */
  readonly fields: readonly ValueField[];
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

/** In the order in which people are told of them. */
const COMPARISONS: Readonly<Record<ShortName, Omit<ShortField, 'name' | 'fields'>>> = {
  level: { values: LEVELS, example: 'level:ERROR' },
  job: { example: 'job:orders' },
  logger: { after: ['.', '$'], example: 'logger:TaskExecutor' },
  host: { before: ['.'], example: 'host:node7' },
  file: { after: ['/'], example: 'file:*.out' },
  process: { example: 'process:*taskexecutor*' },
  error: { after: ['.', '$'], example: 'error:IOException' },
  tm: { component: 'taskmanager', example: 'tm:container_*_000002' },
  cluster: { example: 'cluster:application_1700000000000_0042' },
  component: { values: COMPONENTS, example: 'component:jobmanager' },
  thread: { example: 'thread:"Checkpoint Timer"' },
  container: { example: 'container:container_*_000002' },
  pod: { example: 'pod:orders-taskmanager-*' },
  namespace: { example: 'namespace:flink' },
  version: { example: 'version:1.20.*' },
  kind: { values: FILE_KINDS, example: 'kind:out' },
  layout: { example: 'layout:none' },
  flag: { values: ENTRY_FLAGS, example: 'flag:cut' },
  id: { example: 'id:…' },
};

export const SHORT_FIELDS: readonly ShortField[] = Object.entries(COMPARISONS).map(([name, comparison]) => ({
  name,
  fields: FIELD_ROWS.filter((row) => row.short?.includes(name) === true)
    .map((row) => row.name)
    .filter(isValueField),
  ...comparison,
}));

/** A short name, or a field's own name ("log.level:ERROR"), in any case; undefined when there is none. */
export function findShortField(name: string): ShortField | undefined {
  const lower = name.toLowerCase();
  const short = SHORT_FIELDS.find((candidate) => candidate.name === lower);
  if (short !== undefined || !isValueField(lower)) return short;
  return (
    SHORT_FIELDS.find(({ fields }) => fields.length === 1 && fields[0] === lower) ?? {
      name: lower,
      fields: [lower],
      example: `${lower}:…`,
    }
  );
}
