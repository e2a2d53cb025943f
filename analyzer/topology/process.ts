// Holds what is known of the processes of a cluster from their own logs: names (resource id, addresses), versions,
// options, memory and ends. The view of a process is made from this when it is asked for.
import type { Component } from '../../core/types.js';
import type { Fact } from '../../flink/facts/fact.js';
import type { EntryPosition } from '../entry/signal.js';
import { meaningOf } from './meaning.js';
import {
  addFact,
  compareFactPositions,
  sortFacts,
  factPositionOf,
  type ObservedFacts,
  type FactPosition,
} from './observed.js';
import { normalizeName, type ProcessView } from './view.js';

export interface ProcessMemory {
  readonly process: string;
  readonly observed: ObservedFacts;
  /** Component and host, each from the first entry that states it. */
  component: { readonly at: FactPosition; readonly name: Component } | undefined;
  host: { readonly at: FactPosition; readonly name: string } | undefined;
}

export function createProcess(process: string): ProcessMemory {
  return { process, observed: new Map(), component: undefined, host: undefined };
}

/** Adds what the position of an entry says of its process; returns false if nothing is new. */
export function registerProcess(memory: ProcessMemory, place: EntryPosition): boolean {
  const at = factPositionOf(place);
  const { component, host } = memory;
  if (place.component !== 'unknown' && isBefore(at, component)) memory.component = { at, name: place.component };
  if (place.host !== undefined && isBefore(at, host)) memory.host = { at, name: place.host };
  return component?.name !== memory.component?.name || host?.name !== memory.host?.name;
}

function isBefore(at: FactPosition, known: { readonly at: FactPosition } | undefined): boolean {
  return known === undefined || compareFactPositions(at, known.at) < 0;
}

/** Adds a fact to the process; returns false if it changes nothing. */
export function observeProcess({ observed, process }: ProcessMemory, fact: Fact, at: FactPosition): boolean {
  const { about, applyProcess } = meaningOf(fact);
  const name = applyProcess === undefined ? undefined : about?.(fact, at.time, process);
  return name !== undefined && addFact(observed, name, { at, fact });
}

export function viewProcess({ process, observed, component, host }: ProcessMemory): ProcessView {
  const view: ProcessView = {
    process,
    component: component?.name ?? 'unknown',
    host: host?.name,
    names: new Set([normalizeName(process)]),
    options: new Map(),
    dynamicOptions: new Map(),
    ends: [],
    starts: [],
    memory: {},
  };
  for (const { fact, at } of sortFacts(observed.values())) meaningOf(fact).applyProcess?.(view, fact, at.time);
  return view;
}

/** Returns the version. What the process logged when it started is more certain than the names of its jars. */
export function versionOf(process: ProcessView | undefined): string | undefined {
  return process?.version ?? process?.jarVersion;
}

/**
 * Indexes processes by name. A name that two processes claim (a restarted TaskManager on the same port) belongs to
 * neither.
 */
export function indexNames(processes: ReadonlyMap<string, ProcessView>): ReadonlyMap<string, string> {
  const index = new Map<string, string>();
  const twice = new Set<string>();
  const put = (name: string, process: string): void => {
    const known = index.get(name);
    if (known !== undefined && known !== process) twice.add(name);
    index.set(name, process);
  };
  for (const view of processes.values()) for (const name of view.names) put(name, view.process);
  for (const name of twice) index.delete(name);
  return index;
}

/** Finds the only TaskManager on the host of an address, because the address may have another port (data, metrics). */
export function findByHost(name: string, processes: ReadonlyMap<string, ProcessView>): ProcessView | undefined {
  const hosts = hostsOf(normalizeName(name));
  const here = [...processes.values()].filter(
    (view) =>
      view.component === 'taskmanager' &&
      [view.host ?? '', ...view.names].some((known) =>
        hostsOf(known.toLowerCase()).some((host) => hosts.includes(host)),
      ),
  );
  return here.length === 1 ? here[0] : undefined;
}

/** Returns both names of the host in an address such as `worker-5/10.0.0.5:41027`. */
function hostsOf(name: string): readonly string[] {
  return /^(?:(?!:\d)[^/\s])*(?:\/[\d.]+)?(?::\d.*)?$/.test(name)
    ? name
        .replace(/:\d.*$/s, '')
        .split('/')
        .filter((part) => part !== '')
    : [];
}
