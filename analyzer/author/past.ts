// Finds what a rule that is being written would have found in the store: the records that match it, and what stands
// there now. That is a failure that no rule names (the rule would name it), a diagnosis of another rule (the rule would
// stand beside it), or nothing that failed. Only single lines are judged: the steps around them, and which of two rules
// wins, are not. Pure functions.
import type { Incident } from '../../core/documents/incident.js';
import type { PastHit, PastHits, RulePast } from '../../core/documents/rule.js';
import type { LogRecord } from '../../core/types.js';
import { buildCatalog, type Catalog } from '../catalog/catalog.js';
import type { Cause } from '../catalog/causes.js';
import type { Rule } from '../catalog/rule.js';
import { readEntry } from '../entry/record.js';
import { scanEntry } from '../entry/scan.js';

/** Maximum number of hits of each kind that are listed. */
const MAX_SHOWN = 10;
/** Time before and after an incident, in milliseconds, in which a record may still belong to the incident. */
const AROUND_MS = 60_000;

/**
 * Returns searches of the store, one for each anchor of the rule. Each record in which the rule finds its line holds
 * the words of one search.
 */
export function listQueries(rule: Rule): readonly string[] {
  return [...new Set(rule.alternatives.map(({ anchor }) => writeQuery(anchor)))];
}

/**
 * Writes the search for an anchor. The first and the last of more than two words are left out, because an anchor may
 * begin and end within a word, and a search does not find parts of words.
 */
function writeQuery(anchor: string): string {
  const words = anchor.match(/[\p{L}\p{N}]+/gu) ?? [];
  return `"${(words.length > 2 ? words.slice(1, -1) : words).join(' ')}"`;
}

/**
 * Judges the rule by its past hits. `records` is what the searches returned, each record once; `incidents` are those of
 * the same time.
 */
export function judgePast(
  rule: Rule,
  cause: Cause,
  catalog: Catalog,
  { records, incidents }: { readonly records: readonly LogRecord[]; readonly incidents: readonly Incident[] },
): RulePast {
  const solo = buildCatalog([rule], new Map([[cause.id, cause]]), catalog.engine);
  const hits = records.flatMap((record) => {
    const matches = scanEntry(readEntry(record), solo, {})?.matches ?? [];
    return matches.length === 0
      ? []
      : describeHit(
          record,
          incidents.find((incident) => isOf(record, incident)),
        );
  });
  return {
    found: hits.length,
    claims: sumUp(hits.filter(({ incident, first }) => incident !== undefined && first === undefined)),
    beside: sumUp(hits.filter(({ first }) => first !== undefined && first !== rule.id)),
    healthy: sumUp(hits.filter(({ incident }) => incident === undefined)),
  };
}

/** Counts the hits. An incident counts once, however often its job restarted. */
function sumUp(hits: readonly PastHit[]): PastHits {
  const places = new Map(hits.map((hit) => [hit.incident ?? hit.record, hit]));
  return { count: places.size, shown: [...places.values()].slice(0, MAX_SHOWN) };
}

function describeHit(record: LogRecord, incident: Incident | undefined): PastHit {
  const first = incident?.diagnoses.en[0];
  return {
    record: record.id,
    time: record['@timestamp'],
    cluster: record['flink.cluster'],
    job: incident?.job?.name ?? incident?.job?.id ?? record['flink.job.name'] ?? record['flink.job.id'],
    incident: incident?.id,
    // A general rule is meant to be replaced, so it does not count.
    first: first === undefined || (first.score['specific'] ?? 0) < 0 ? undefined : first.rule,
  };
}

function isOf(record: LogRecord, { cluster, job, processes, firstSeen, lastSeen }: Incident): boolean {
  if (record['flink.cluster'] !== cluster) return false;
  const jobId = record['flink.job.id'];
  if (jobId !== undefined && job !== undefined ? jobId !== job.id : !processes.includes(record['jobtrace.process']))
    return false;
  const time = Date.parse(record['@timestamp']);
  return (
    time >= Date.parse(firstSeen ?? record['@timestamp']) - AROUND_MS &&
    time <= Date.parse(lastSeen ?? record['@timestamp']) + AROUND_MS
  );
}
