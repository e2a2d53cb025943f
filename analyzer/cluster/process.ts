// The processes of a cluster: their names (resource id, addresses), versions, options, memory and ends, from what their
// own logs say. Pure; called by cluster.ts.
import type { Signal } from '../entry/signal.js';
import { meaningOf } from './meaning.js';
import { normalizeName, type ProcessView } from './view.js';

export function collectProcesses(signals: readonly Signal[]): ReadonlyMap<string, ProcessView> {
  const processes = new Map<string, ProcessView>();
  for (const { place, facts } of signals) {
    let view = processes.get(place.process);
    if (view === undefined) {
      view = {
        process: place.process,
        component: place.component,
        names: new Set([normalizeName(place.process)]),
        options: new Map(),
        dynamicOptions: new Map(),
        ends: [],
        starts: [],
        memory: {},
        paths: new Set(),
      };
      processes.set(place.process, view);
    }
    view.paths.add(place.path);
    if (place.host !== undefined) view.host ??= place.host;
    if (view.component === 'unknown') view.component = place.component;
    for (const fact of facts) meaningOf(fact).applyProcess?.(view, fact, place.time ?? 0);
  }
  return processes;
}

/** What it said itself when it started is surer than the names of its jars. */
export function versionOf(process: ProcessView | undefined): string | undefined {
  return process?.version ?? process?.jarVersion;
}

/** Names that two processes claim (a restarted TaskManager on the same port) go to neither. */
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

/** An address of another port (data, metrics) names the only TaskManager of its host. */
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

/** `worker-5/10.0.0.5:41027` → both names of the host. */
function hostsOf(name: string): readonly string[] {
  return /^(?:(?!:\d)[^/\s])*(?:\/[\d.]+)?(?::\d.*)?$/.test(name)
    ? name
        .replace(/:\d.*$/s, '')
        .split('/')
        .filter((part) => part !== '')
    : [];
}
