// `job:orders` means everything that belongs to the job: what names it by its id or its name, and what is known to be
// its though it names nobody (JobLines of the port, which an analyzer writes). In: the tree of a search and what is
// known of the jobs that it names. Out: the tree that both stores compile, of a bounded size. A line that names another
// job is never added. Pure; called by both stores.
import type { ValueField } from '../../core/record.js';
import { fitsAnyCase, type Glob } from '../../core/text/glob.js';
import type { QueryNode } from '../query.js';
import type { JobLines, JobSpan } from '../store.js';

/** Runs of the jobs of one search of which more is known than what their lines say, the latest first. */
export const MOST_RUNS = 100;
/** Of all of them, the latest: a query has an end also where jobs restart all day. */
const MOST_SPANS = 200;
const MOST_WORDS = 500;
const MOST_RECORDS = 1_000;

/** The jobs that the search names, by the shape of their id or name. */
export function listJobs(node: QueryNode): readonly Glob[] {
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

/** `lines`: of all jobs that the search names, the latest first. */
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
  const left = { spans: MOST_SPANS, words: MOST_WORDS };
  const records = runs.flatMap((run) => run.records).slice(0, MOST_RECORDS);
  return {
    kind: 'or',
    nodes: [
      value('flink.job.id', glob),
      value('flink.job.name', glob),
      ...runs.map((run) => describeRun(run, left)),
      ...(records.length === 0 ? [] : [{ kind: 'records', ids: records } as const]),
    ],
  };
}

/** Its id stands for its name and the other way round, within its cluster; `left` is what the next run may have. */
function describeRun(
  { cluster, jobId, jobName, spans, words }: JobLines,
  left: { spans: number; words: number },
): QueryNode {
  const places = spans.slice(0, left.spans).map((span): QueryNode => ({ kind: 'place', cluster, ...span }));
  const marks = words.slice(0, left.words);
  left.spans -= places.length;
  left.words -= marks.length;
  const nameless: QueryNode[] = marks.length === 0 ? places : [...places, { kind: 'words', words: marks }];
  const parts: QueryNode[] = [value('flink.job.id', [jobId])];
  if (jobName !== undefined) parts.push(both(value('flink.job.name', [jobName]), NAMES_NO_ID));
  if (nameless.length > 0) parts.push(both({ kind: 'or', nodes: nameless }, NAMES_NO_JOB));
  return both({ kind: 'place', cluster }, { kind: 'or', nodes: parts });
}

function value(field: ValueField, glob: Glob): QueryNode {
  return { kind: 'value', field, glob };
}

function both(...nodes: readonly QueryNode[]): QueryNode {
  return { kind: 'and', nodes };
}

/** Spans of which a search of this range asks. */
export function keepRange(lines: JobLines, fromMs: number, toMs: number): JobLines {
  const touches = ({ fromMs: first = -Infinity, toMs: last = Infinity }: JobSpan): boolean =>
    first < toMs && last >= fromMs;
  return { ...lines, spans: lines.spans.filter(touches) };
}
