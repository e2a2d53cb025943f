// What a rule that is being written would have found in what is stored: the records that it finds, and what stands
// there now: a failure that no rule names (it would name it), a diagnosis of another rule (it would stand beside it),
// or nothing that failed. By its lines alone: steps around them, and which of two rules wins, are not judged. Pure.
import type { Incident, LogRecord, PastHit, PastHits, RulePast } from '../../core/types.js';
import { buildCatalog, type Catalog } from '../catalog/catalog.js';
import type { Cause } from '../catalog/read/causes.js';
import type { Rule } from '../catalog/rule/rule.js';
import { RECORD_READER } from '../entry/record.js';
import { scanEntry } from '../entry/scan.js';

/** Of each kind so many are listed. */
const MOST_SHOWN = 10;
/** What belongs to an incident may be written a little before it began, or after it ended. */
const AROUND_MS = 60_000;

/** Words that each record must hold in which the rule finds its line: a search of the store for each. */
export function listQueries(rule: Rule): readonly string[] {
  return [...new Set(rule.alternatives.map(({ anchor }) => writeQuery(anchor)))];
}

/** An anchor may begin and end within a word, which a search does not find. */
function writeQuery(anchor: string): string {
  const words = anchor.match(/[\p{L}\p{N}]+/gu) ?? [];
  return `"${(words.length > 2 ? words.slice(1, -1) : words).join(' ')}"`;
}

/** `records`: what the searches gave, each once. `incidents`: those of the same time. */
export function judgePast(
  rule: Rule,
  cause: Cause,
  catalog: Catalog,
  { records, incidents }: { readonly records: readonly LogRecord[]; readonly incidents: readonly Incident[] },
): RulePast {
  const solo = buildCatalog([rule], new Map([[cause.id, cause]]), catalog.engine);
  const hits = records.flatMap((record) => {
    const entry = RECORD_READER.readEntry(record);
    const matches = entry === undefined ? [] : (scanEntry(entry, solo, {})?.matches ?? []);
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

/** An incident counts once, however often its job restarted. */
function sumUp(hits: readonly PastHit[]): PastHits {
  const places = new Map(hits.map((hit) => [hit.incident ?? hit.record, hit]));
  return { count: places.size, shown: [...places.values()].slice(0, MOST_SHOWN) };
}

function describeHit(record: LogRecord, incident: Incident | undefined): PastHit {
  const first = incident?.diagnoses.en[0];
  return {
    record: record.id,
    time: record['@timestamp'],
    cluster: record['flink.cluster'],
    job: incident?.job?.name ?? incident?.job?.id ?? record['flink.job.name'] ?? record['flink.job.id'],
    incident: incident?.id,
    // A general rule is there to be replaced.
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
