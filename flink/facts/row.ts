// Defines a row of the fact tables: an anchor that finds the entry, and a function that reads its facts. The functions
// here create rows and read parts that several tables need.
import type { Component, Source } from '../../core/types.js';
import { omitMissing } from '../../core/json.js';
import type { Fact } from './fact.js';

export type Groups = readonly (string | undefined)[];

export interface FactRow {
  /** Literal in the message: at its beginning (`start`), or anywhere. */
  readonly anchor: string;
  readonly start: boolean;
  /** Literals that a scan over bytes searches instead of the anchor, if too many entries hold the anchor. */
  readonly literals?: readonly string[];
  /** Literal with the anchor in it, of entries that come in large numbers, line after line. */
  readonly series?: string;
  /** True if the fact only shows whose entry it is, and a diagnosis does not need it, so that a scan skips it. */
  readonly idle?: boolean;
  /** True if the fact does not show whose entry it is: it names neither a job nor the process that logs it. */
  readonly namesNobody?: boolean;
  readonly read: (message: string, context: FactContext) => readonly Fact[];
}

export interface FactContext {
  readonly source: Source;
  readonly logger: string | undefined;
}

/** Creates a row for messages that begin with the anchor. */
export function begins(
  anchor: string,
  pattern: string,
  make: (groups: Groups, message: string) => readonly Fact[],
  literals?: readonly string[],
): FactRow {
  return { ...row(anchor, true, pattern, make), ...omitMissing({ literals }) };
}

/** Creates a row for messages that hold the anchor anywhere, after names of jobs and tasks, which are free text. */
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

/**
 * Creates a row with a native regular expression, because many lines are tested. It is safe because the patterns are
 * ours and cannot backtrack far.
 */
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

/** Returns an object with the key, or without it if the value is missing or empty, so that equal facts are equal. */
export function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  const result: Partial<Record<K, V>> = {};
  if (value !== undefined && value !== '') result[key] = value;
  return result;
}

/** Splits `container_1(host:8041)` into the id as Flink's registries know it, and the address. */
export function splitResource(text: string): { readonly resourceId: string; readonly address?: string } {
  const open = text.indexOf('(');
  return open > 0 && text.endsWith(')')
    ? { resourceId: text.slice(0, open), address: text.slice(open + 1, -1) }
    : { resourceId: text };
}

/** Returns the component of a process by the class that starts it or that logs its banner. */
export function componentOf(name: string): Component {
  if (/TaskManager|TaskExecutor/.test(name)) return 'taskmanager';
  if (/Entrypoint|JobManager|ApplicationMaster|JobMaster/.test(name)) return 'jobmanager';
  if (/[Gg]ateway/.test(name)) return 'gateway';
  return /Client|CliFrontend|YarnSession|Kubernetes\w{0,80}Cli/.test(name) ? 'client' : 'unknown';
}
