// Resolves `job:orders` to everything that belongs to the job: records that name its id or its name, and records that
// are known to belong to it although they name no job (JobLines of the port, which an analyzer writes). Input: the tree
// of a search, and what is known of the jobs that it names. Output: the tree that both stores compile, of a bounded
// size. A line that names another job is never added. Pure functions.
import type { ValueField } from '../core/record.js';
import { groupBy } from '../core/sequence.js';
import { fitsAnyCase, type Glob } from '../core/text/glob.js';
import { COLLECTIONS, type KeyQuery, type StoredDocument } from './collections.js';
import { parseTime } from './page.js';
import { parseSearch, type QueryNode } from './query/query.js';
import type { JobLines, JobSpan } from '../core/documents/job.js';
import type { RecordQuery } from './store.js';

/**
 * Largest number of runs of the jobs of one search of which more is known than what their lines say. The latest come
 * first.
 */
const MAX_RUNS = 100;
/** Largest number of spans of all these runs, the latest, so that a query is bounded even if jobs restart all day. */
const MAX_SPANS = 200;
const MAX_WORDS = 500;
const MAX_RECORDS = 1_000;

type JobSearch = Omit<RecordQuery, 'limit' | 'order'>;

/**
 * Returns the query for what is known of the lines of the jobs that the search names; undefined if it names none. The
 * answer is from the collection `jobLines`.
 */
export function askJobLines(query: JobSearch): KeyQuery | undefined {
  const globs = listJobs(parseSearch(query));
  if (globs.length === 0) return undefined;
  const where: KeyQuery['where'] = query.cluster === undefined ? {} : { cluster: [query.cluster] };
  return { where, matching: { keys: ['jobId', 'jobName'], globs }, limit: MAX_RUNS };
}

/** Reads the answer, limited to the range of the search. */
export function readJobLines(
  found: readonly Pick<StoredDocument, 'id' | 'text'>[],
  { from, to }: JobSearch,
): readonly JobLines[] {
  const fromMs = from === undefined ? -Infinity : parseTime('from', from);
  const toMs = to === undefined ? Infinity : parseTime('to', to);
  const lines = found.flatMap(({ id, text }) => COLLECTIONS.jobLines.read(id, text) ?? []);
  return lines.map((one) => keepRange(one, fromMs, toMs));
}

/** Lists the jobs that the search names, by the pattern of their id or name. */
function listJobs(node: QueryNode): readonly Glob[] {
  switch (node.kind) {
    case 'job':
      return [node.glob];
    case 'not':
      return listJobs(node.node);
    case 'and':
    case 'or':
      return node.nodes.flatMap(listJobs);
    default:
      return [];
  }
}

/** Resolves the jobs in the tree of a search. `lines` are those of all jobs that the search names, the latest first. */
export function resolveJobs(node: QueryNode, lines: readonly JobLines[]): QueryNode {
  switch (node.kind) {
    case 'job':
      return describeJob(
        node.glob,
        lines.filter(({ jobId, jobName = '' }) => fitsAnyCase(node.glob, jobId) || fitsAnyCase(node.glob, jobName)),
      );
    case 'not':
      return { kind: 'not', node: resolveJobs(node.node, lines) };
    case 'and':
    case 'or':
      return { kind: node.kind, nodes: node.nodes.map((part) => resolveJobs(part, lines)) };
    default:
      return node;
  }
}

const ANYTHING: Glob = ['', ''];
const NAMES_NO_JOB: QueryNode = {
  kind: 'not',
  node: { kind: 'or', nodes: [value('flink.job.id', ANYTHING), value('flink.job.name', ANYTHING)] },
};
const NAMES_NO_ID: QueryNode = { kind: 'not', node: value('flink.job.id', ANYTHING) };

function describeJob(glob: Glob, runs: readonly JobLines[]): QueryNode {
  const spans = mergeSpans(runs).slice(0, MAX_SPANS);
  const words = runs.flatMap((run) => run.words.map((word) => ({ cluster: run.cluster, word }))).slice(0, MAX_WORDS);
  const records = runs.flatMap((run) => run.records).slice(0, MAX_RECORDS);
  return {
    kind: 'or',
    nodes: [
      value('flink.job.id', glob),
      value('flink.job.name', glob),
      ...[...groupBy(runs, ({ cluster }) => cluster)].flatMap(([cluster, here]) => [
        ...describeRuns(cluster, here),
        ...describeNameless(
          cluster,
          spans.filter((span) => span.cluster === cluster),
          words.filter((word) => word.cluster === cluster).map(({ word }) => word),
        ),
      ]),
      ...(records.length === 0 ? [] : [{ kind: 'records', ids: records } as const]),
    ],
  };
}

type PlacedSpan = JobSpan & { readonly cluster: string };

/** Returns the spans of all runs, the latest first. Spans of one process that meet are merged. */
function mergeSpans(runs: readonly JobLines[]): readonly PlacedSpan[] {
  const placed = runs.flatMap(({ cluster, spans }) => spans.map((span): PlacedSpan => ({ ...span, cluster })));
  const places = groupBy(placed, ({ cluster, process = null }) => JSON.stringify([cluster, process]));
  return [...places.values()].flatMap(mergePlace).sort((a, b) => compareTimes(endOf(b), endOf(a)));
}

function mergePlace(spans: readonly PlacedSpan[]): readonly PlacedSpan[] {
  const merged: PlacedSpan[] = [];
  for (const span of [...spans].sort((a, b) => compareTimes(beginOf(a), beginOf(b)))) {
    const last = merged.at(-1);
    if (last === undefined || beginOf(span) > endOf(last) + 1) merged.push(span);
    else if (endOf(span) > endOf(last)) merged[merged.length - 1] = { ...last, toMs: span.toMs };
  }
  return merged;
}

function beginOf({ fromMs = -Infinity }: JobSpan): number {
  return fromMs;
}

function endOf({ toMs = Infinity }: JobSpan): number {
  return toMs;
}

/** Compares times, including infinite ones. */
function compareTimes(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/**
 * Describes the records that name one of these runs. Within its cluster, an id stands for its name and the other way
 * round.
 */
function describeRuns(cluster: string, runs: readonly JobLines[]): QueryNode[] {
  const ids = runs.map(({ jobId }) => jobId);
  const names = new Set(runs.flatMap(({ jobName }) => (jobName === undefined ? [] : [jobName])));
  const byId = both({ kind: 'jobs', field: 'flink.job.id', values: ids }, { kind: 'place', cluster });
  if (names.size === 0) return [byId];
  const named: QueryNode = { kind: 'jobs', field: 'flink.job.name', values: [...names] };
  return [byId, both(named, { kind: 'place', cluster }, NAMES_NO_ID)];
}

function describeNameless(cluster: string, spans: readonly JobSpan[], words: readonly string[]): QueryNode[] {
  const parts: QueryNode[] = [];
  if (spans.length > 0) parts.push(both({ kind: 'place', cluster, spans }, NAMES_NO_JOB));
  if (words.length > 0) parts.push(both({ kind: 'words', words }, { kind: 'place', cluster }, NAMES_NO_JOB));
  return parts;
}

function value(field: ValueField, glob: Glob): QueryNode {
  return { kind: 'value', field, glob };
}

function both(...nodes: readonly QueryNode[]): QueryNode {
  return { kind: 'and', nodes };
}

/** Limits the spans to the range of a search. `toMs` is exclusive. */
export function keepRange(lines: JobLines, fromMs: number, toMs: number): JobLines {
  const spans = lines.spans
    .filter((span) => beginOf(span) < toMs && endOf(span) >= fromMs)
    .map(({ process, ...span }): JobSpan => ({
      process,
      fromMs: readFinite(Math.max(beginOf(span), fromMs)),
      toMs: readFinite(Math.min(endOf(span), toMs - 1)),
    }));
  return { ...lines, spans };
}

function readFinite(time: number): number | undefined {
  return Number.isFinite(time) ? time : undefined;
}
