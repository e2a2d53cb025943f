// Counts jobs, and how often a group of failures occurred, by aggregations of the cluster: pages of buckets, one for
// each job, over records or incidents. Also sums a group of failures, and finds the newest record of each
// cluster.
import { fieldAt, isObject } from '../../core/json.js';
import type { ElasticsearchClient } from './client.js';
import { buildIncidentFilter } from './incidents.js';
import { readBuckets, search } from './hits.js';
import { buildFilter } from './query.js';
import { describeGroup, GROUP_DAY_MS, groupJobs, MAX_JOB_ROWS, type JobPart } from '../job-counts.js';
import { formatTime, parseTime } from '../page.js';
import type { GroupQuery, GroupSum, JobQuery, JobRows } from '../store.js';

/**
 * Number of jobs in a page. With the counts of each job they stay below the 65,536 buckets that one answer may have.
 */
const PAGE_JOBS = 5_000;
const KINDS = 10;

interface JobFields {
  readonly id: string;
  readonly name: string;
  readonly cluster: string;
  readonly kind: string;
  readonly time: string;
}

const RECORD_FIELDS: JobFields = {
  id: 'flink.job.id',
  name: 'flink.job.name',
  cluster: 'flink.cluster',
  kind: 'log.level',
  time: '@timestamp',
};
const INCIDENT_FIELDS: JobFields = {
  id: 'jobId',
  name: 'jobName',
  cluster: 'cluster',
  kind: 'outcome',
  time: 'lastSeen',
};

export function countJobRecords(client: ElasticsearchClient, prefix: string, query: JobQuery): Promise<JobRows> {
  return countJobs(client, `${prefix}-logs-*`, RECORD_FIELDS, buildFilter(query));
}

export function countJobIncidents(client: ElasticsearchClient, prefix: string, query: JobQuery): Promise<JobRows> {
  return countJobs(client, `${prefix}-incidents`, INCIDENT_FIELDS, buildIncidentFilter(query));
}

/** Largest number of clusters in one answer. If there are more, those with the most records are returned. */
const MAX_CLUSTERS = 10_000;

export async function findNewest(
  client: ElasticsearchClient,
  prefix: string,
  from: string,
): Promise<ReadonlyMap<string, number>> {
  const { aggregations } = await search(client, `${prefix}-logs-*`, {
    query: { range: { '@timestamp': { gte: formatTime(parseTime('from', from)) } } },
    size: 0,
    aggs: {
      clusters: {
        terms: { field: 'flink.cluster', size: MAX_CLUSTERS },
        aggs: { last: { max: { field: '@timestamp' } } },
      },
    },
  });
  return new Map(
    readBuckets(aggregations['clusters']).flatMap((bucket) => {
      const last = fieldAt(fieldAt(bucket, 'last'), 'value');
      return typeof last === 'number' ? [[String(bucket['key']), last] as const] : [];
    }),
  );
}

/** Counts the incidents of one group of failures that no rule names. */
export async function sumGroup(
  client: ElasticsearchClient,
  prefix: string,
  { now, ...query }: GroupQuery,
): Promise<GroupSum> {
  const nowMs = parseTime('now', now);
  const since = (days: number): object => ({
    filter: { range: { lastSeen: { gte: formatTime(nowMs - days * GROUP_DAY_MS) } } },
  });
  const { total, aggregations } = await search(client, `${prefix}-incidents`, {
    query: buildIncidentFilter(query),
    size: 0,
    track_total_hits: true,
    aggs: {
      day: since(1),
      week: since(7),
      first: { min: { field: 'firstSeen' } },
      last: { max: { field: 'lastSeen' } },
    },
  });
  const read = (name: string, key: string): number | null => {
    const value = fieldAt(aggregations[name], key);
    return typeof value === 'number' ? value : null;
  };
  return describeGroup({
    incidents: total,
    lastDay: read('day', 'doc_count') ?? 0,
    lastWeek: read('week', 'doc_count') ?? 0,
    firstMs: read('first', 'value'),
    lastMs: read('last', 'value'),
  });
}

async function countJobs(
  client: ElasticsearchClient,
  index: string,
  fields: JobFields,
  filter: object,
): Promise<JobRows> {
  const parts: JobPart[] = [];
  let jobs = 0;
  let after: unknown;
  do {
    const { aggregations } = await search(client, index, {
      query: { bool: { filter: [filter, hasJob(fields)] } },
      size: 0,
      aggs: buildJobs(fields, after),
    });
    const buckets = readBuckets(aggregations['jobs']);
    for (const bucket of buckets) for (const part of readParts(bucket)) parts.push(part);
    jobs += buckets.length;
    const page = aggregations['jobs'];
    after = isObject(page) && buckets.length === PAGE_JOBS ? page['after_key'] : undefined;
  } while (after !== undefined && jobs < MAX_JOB_ROWS);
  return groupJobs(parts, after === undefined);
}

function hasJob({ id, name }: JobFields): object {
  return { bool: { should: [{ exists: { field: id } }, { exists: { field: name } }], minimum_should_match: 1 } };
}

function buildJobs({ id, name, cluster, kind, time }: JobFields, after: unknown): object {
  return {
    jobs: {
      composite: {
        size: PAGE_JOBS,
        sources: [
          { id: { terms: { field: id, missing_bucket: true } } },
          { name: { terms: { field: name, missing_bucket: true } } },
          { cluster: { terms: { field: cluster } } },
        ],
        after,
      },
      aggs: { kinds: { terms: { field: kind, missing: 'NONE', size: KINDS } }, last: { max: { field: time } } },
    },
  };
}

function readParts(bucket: Readonly<Record<string, unknown>>): JobPart[] {
  const key = isObject(bucket['key']) ? bucket['key'] : {};
  const last = isObject(bucket['last']) ? bucket['last']['value'] : undefined;
  return readBuckets(bucket['kinds']).map((kind) => ({
    id: readText(key['id']),
    name: readText(key['name']),
    cluster: String(key['cluster']),
    kind: String(kind['key']),
    count: Number(kind['doc_count']),
    lastMs: typeof last === 'number' ? last : null,
  }));
}

function readText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
