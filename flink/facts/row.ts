// The shape of a row of the fact tables, and what their rows share. Used by lifecycle.ts, startup.ts,
// facts.ts.
import type { Component, Source } from '../../core/types.js';
import { omitMissing } from '../../core/json.js';
import type { Fact } from './fact.js';

export type Groups = readonly (string | undefined)[];

export interface FactRow {
  /** Literal that the message holds: at its beginning (`start`), or anywhere. */
  readonly anchor: string;
  readonly start: boolean;
  /** What a scan over bytes looks for instead of the anchor, where the anchor alone stands in too many entries. */
  readonly literals?: readonly string[];
  /** What shows its entries to be many, line under line, and the message with the anchor in it. */
  readonly series?: string;
  /** Tells whose entry it is, and nothing that a diagnosis asks for: a scan passes it over. */
  readonly idle?: boolean;
  /** What it states says nothing of whose entry it is: no job, and not of which process. */
  readonly namesNobody?: boolean;
  readonly read: (message: string, context: FactContext) => readonly Fact[];
}

export interface FactContext {
  readonly source: Source;
  readonly logger: string | undefined;
}

/** A message that begins with the anchor. */
export function begins(
  anchor: string,
  pattern: string,
  make: (groups: Groups, message: string) => readonly Fact[],
  literals?: readonly string[],
): FactRow {
  return { ...row(anchor, true, pattern, make), ...omitMissing({ literals }) };
}

/** A message with the anchor somewhere: names of jobs and tasks, which are free text, stand in front. */
export function holds(
  anchor: string,
  pattern: string,
  make: (groups: Groups, message: string) => readonly Fact[],
): FactRow {
  return row(anchor, false, pattern, make);
}

export function namesNobody(row: FactRow): FactRow {
  return { ...row, namesNobody: true };
}

/** Patterns are our own and cannot backtrack far, so that the runtime's own expressions do: many lines come by here. */
function row(
  anchor: string,
  start: boolean,
  pattern: string,
  make: (groups: Groups, message: string) => readonly Fact[],
): FactRow {
  const regex = new RegExp(pattern, 'u');
  return {
    anchor,
    start,
    read: (message) => {
      const match = regex.exec(message);
      return match === null ? [] : make(match, message);
    },
  };
}

/** Only the keys that have a value: exactOptionalPropertyTypes wants them absent. */
export function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  const result: Partial<Record<K, V>> = {};
  if (value !== undefined && value !== '') result[key] = value;
  return result;
}

/** `container_1(host:8041)` → the id as Flink's registries know it, and where it runs. */
export function splitResource(text: string): { readonly resourceId: string; readonly address?: string } {
  const open = text.indexOf('(');
  return open > 0 && text.endsWith(')')
    ? { resourceId: text.slice(0, open), address: text.slice(open + 1, -1) }
    : { resourceId: text };
}

/** What a process is by the class that starts it or that logs its banner. */
export function componentOf(name: string): Component {
  if (/TaskManager|TaskExecutor/.test(name)) return 'taskmanager';
  if (/Entrypoint|JobManager|ApplicationMaster|JobMaster/.test(name)) return 'jobmanager';
  if (/[Gg]ateway/.test(name)) return 'gateway';
  return /Client|CliFrontend|YarnSession|Kubernetes\w{0,80}Cli/.test(name) ? 'client' : 'unknown';
}
