// What was concluded of an incident, until something changes from which it was concluded: in a cluster where many jobs
// fail, a line of one of them lets the others be as they are. Pure but for what it keeps; called by conclude.ts.
import type { Incident } from '../../core/types.js';
import type { ConcludeOptions } from './conclude.js';
import type { IncidentGroup } from './incident.js';

/** All of an incident but what the passing of time changes. */
export type LastingIncident = Omit<Incident, 'outcome'>;

interface Conclusion {
  /** By identity: what is made anew is another one. */
  readonly from: readonly unknown[];
  readonly lasting: LastingIncident | undefined;
}

/** By the id of the incident. */
export type ConclusionMemo = Map<string, Conclusion>;

/** The same as `conclude` gives, and that where it was not concluded from the very same before. */
export function concludeOnce(
  memo: ConclusionMemo | undefined,
  group: IncidentGroup,
  options: ConcludeOptions,
  conclude: () => LastingIncident | undefined,
): LastingIncident | undefined {
  if (memo === undefined || mayMeetPeer(group, options)) return conclude();
  const from = listSources(group, options);
  const known = memo.get(group.id);
  if (known?.from.length === from.length && known.from.every((source, index) => source === from[index]))
    return known.lasting;
  const lasting = conclude();
  memo.set(group.id, { from, lasting });
  return lasting;
}

/** Those that are no more. */
export function forgetOthers(memo: ConclusionMemo | undefined, groups: readonly IncidentGroup[]): void {
  if (memo === undefined || memo.size === 0) return;
  const ids = new Set(groups.map(({ id }) => id));
  for (const id of memo.keys()) if (!ids.has(id)) memo.delete(id);
}

/** Of a peer the last line is shown, which is another one with each line. */
function mayMeetPeer({ events }: IncidentGroup, { catalog }: ConcludeOptions): boolean {
  return events.some(({ matches }) => matches.some(({ rule }) => catalog.findRule(rule)?.peer !== undefined));
}

function listSources(group: IncidentGroup, { catalog, view, until }: ConcludeOptions): readonly unknown[] {
  const sources: unknown[] = [catalog, view.reading, view.taskManagers, group.job, group.process, until];
  for (const process of view.processes.values()) sources.push(process);
  for (const { signal, matches } of group.events) {
    sources.push(signal);
    for (const match of matches) sources.push(match);
  }
  return sources;
}
