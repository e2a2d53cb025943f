// Whose is an id? Ids that stand in one fact belong together (an attempt and its slot, a slot and its job, an attempt
// and its execution graph); a group that holds a job's id is that job's. Vertex ids are not used: two jobs made from
// the same program have the same ones. Pure; called by cluster.ts.
import type { Fact } from '../../flink/facts/fact.js';
import type { Signal } from '../entry/signal.js';
import { jobIdOf, meaningOf } from './meaning.js';

export interface Owners {
  readonly jobIds: ReadonlySet<string>;
  jobOfId(id: string | undefined): string | undefined;
}

/** Ids that stand in one fact belong together; a group that holds a job's id is that job's. */
export function joinOwners(signals: readonly Signal[]): Owners {
  const parents = new Map<string, string>();
  const find = (id: string): string => {
    let top = id;
    for (let up = parents.get(top); up !== undefined && up !== top; up = parents.get(top)) top = up;
    // Everything on the way points to the top from now on, so that no chain grows long.
    for (let at = id; at !== top;) {
      const up = parents.get(at) ?? top;
      parents.set(at, top);
      at = up;
    }
    return top;
  };
  const join = (ids: readonly (string | undefined)[]): void => {
    const known = ids.filter((item) => item !== undefined);
    const first = known[0];
    if (first === undefined) return;
    for (const other of known) {
      const [a, b] = [find(first), find(other)];
      if (a !== b) parents.set(b, a);
      else parents.set(a, a);
    }
  };
  const jobIds = new Set<string>();
  for (const signal of signals) {
    if (signal.hints.jobId !== undefined) jobIds.add(signal.hints.jobId);
    for (const fact of signal.facts) {
      const jobId = jobIdOf(fact);
      if (jobId !== undefined) jobIds.add(jobId);
      join(readIds(fact, signal.hints.jobId));
    }
  }
  const byRoot = new Map<string, string | undefined>();
  for (const jobId of jobIds) {
    const top = find(jobId);
    // Two jobs in one group would be a contradiction in the log: then the group is nobody's.
    byRoot.set(top, byRoot.has(top) ? undefined : jobId);
  }
  return {
    jobIds,
    jobOfId(id) {
      if (id === undefined || jobIds.has(id)) return id;
      return byRoot.get(find(id)) ?? byRoot.get(find(graphOf(id) ?? id));
    },
  };
}

/** The execution graph's id leads an attempt id since 1.16; it belongs to one job. */
function graphOf(attemptId: string | undefined): string | undefined {
  const end = attemptId?.indexOf('_') ?? -1;
  return attemptId === undefined || end < 0 ? undefined : `graph:${attemptId.slice(0, end)}`;
}

function readIds(fact: Fact, jobId: string | undefined): readonly (string | undefined)[] {
  const { joins, task } = meaningOf(fact);
  const { attemptId, allocationId } = task?.(fact) ?? {};
  return task === undefined ? (joins?.(fact) ?? []) : [jobId, attemptId, allocationId, graphOf(attemptId)];
}
