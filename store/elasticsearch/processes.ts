// Lists the processes that have records, by the names that searches and people use. A document holds the hash of a name
// that follows from host and path (source.ts). To find what `process:a*` asks for, the names are listed and compared
// here.
import { isObject } from '../../core/json.js';
import { createError } from '../../core/errors.js';
import type { ElasticsearchClient } from './client.js';
import { readBuckets, search } from './hits.js';
import { decodeProcess } from './record/source.js';

/** Name of a process, and the value that documents have for it. */
export interface StoredProcess {
  readonly name: string;
  readonly stored: string;
}

const PAGE_PROCESSES = 2_000;
/** Largest number of processes whose terms still fit into a query. */
const MAX_PROCESSES = 40_000;
/** Aggregation that adds the host and the path to a bucket of documents of one process. */
export const PROCESS_SAMPLE = {
  sample: { top_hits: { size: 1, _source: false, docvalue_fields: ['host.name', 'log.file.path'] } },
} as const;

/** Lists the processes of the records that the filter finds. Throws JT_QUERY_INVALID if there are too many. */
export async function listProcesses(
  client: ElasticsearchClient,
  prefix: string,
  filter: object,
): Promise<readonly StoredProcess[]> {
  const found: StoredProcess[] = [];
  let after: unknown;
  do {
    const { aggregations } = await search(client, `${prefix}-logs-*`, {
      query: filter,
      size: 0,
      aggs: {
        processes: {
          composite: {
            size: PAGE_PROCESSES,
            sources: [{ process: { terms: { field: 'jobtrace.process' } } }],
            after,
          },
          aggs: PROCESS_SAMPLE,
        },
      },
    });
    const buckets = readBuckets(aggregations['processes']);
    for (const bucket of buckets) {
      const key = isObject(bucket['key']) ? bucket['key']['process'] : undefined;
      found.push({ stored: String(key), name: readProcess(String(key), bucket) });
    }
    const page = aggregations['processes'];
    after = isObject(page) && buckets.length === PAGE_PROCESSES ? page['after_key'] : undefined;
    if (found.length > MAX_PROCESSES)
      throw createError('JT_QUERY_INVALID', {
        position: 1,
        problem: `there are more than ${MAX_PROCESSES} processes`,
        advice: 'Ask for a shorter time, or for a cluster.',
      });
  } while (after !== undefined);
  return found;
}

/** Returns the name of the process of a bucket with PROCESS_SAMPLE. */
export function readProcess(stored: string, bucket: Readonly<Record<string, unknown>>): string {
  const hits = isObject(bucket['sample']) ? bucket['sample']['hits'] : undefined;
  const list: readonly unknown[] = isObject(hits) && Array.isArray(hits['hits']) ? hits['hits'] : [];
  const fields = isObject(list[0]) && isObject(list[0]['fields']) ? list[0]['fields'] : {};
  const [host, path] = ['host.name', 'log.file.path'].map((name) => {
    const values = fields[name];
    return Array.isArray(values) ? String(values[0]) : '';
  });
  return decodeProcess({ 'jobtrace.process': stored, 'host.name': host ?? '', 'log.file.path': path ?? '' });
}
