// Deletes records and documents on request, by their ids, because the smallest distribution of Elasticsearch has no
// deletion by a query. A record that grew in the meantime is deleted too.
import type { RecordFilter, AnnotationKind } from '../store.js';
import type { ElasticsearchClient } from './client.js';
import { removeDocuments, removeFound } from './documents.js';
import { findFilter } from './search.js';

export async function deleteRecords(client: ElasticsearchClient, prefix: string, query: RecordFilter): Promise<number> {
  const index = `${prefix}-logs-*`;
  // A refresh, so that records that were stored a moment ago are found too.
  await client.send({ method: 'POST', path: `/${index}/_refresh`, query: LENIENT });
  return removeFound(client, index, await findFilter(client, prefix, query));
}

const LENIENT = { ignore_unavailable: true, allow_no_indices: true } as const;

export async function deleteAnnotations(
  client: ElasticsearchClient,
  prefix: string,
  kind: AnnotationKind,
  ids: readonly string[],
): Promise<void> {
  if (ids.length > 0) await removeDocuments(client, prefix, kind, ids);
}
