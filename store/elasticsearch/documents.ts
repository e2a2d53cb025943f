// Stores the documents of all collections: few and small documents, an index for each collection. A document is kept as
// text, so that nothing in it can be refused; its keys and its time, which are searched, are next to it.
import { formatTime } from '../page.js';
import { isObject } from '../../core/json.js';
import type { DocumentPort, CollectionSchema, KeyQuery, StoredDocument } from '../collections.js';
import { nameDocument, removeDocuments, sendBulk } from './bulk-documents.js';
import type { ElasticsearchClient } from './client.js';
import { search } from './hits.js';
import { buildShape } from './query.js';
import { encodeId } from './record/id.js';

/** Returns the port. Nothing is written before `makeTemplates` resolves. */
export function createDocuments(
  client: ElasticsearchClient,
  prefix: string,
  makeTemplates: () => Promise<void>,
): DocumentPort {
  return {
    saveDocuments: async (schema, documents) => {
      await makeTemplates();
      await saveDocuments(client, prefix, schema, documents);
    },
    loadDocument: (schema, id) => loadText(client, prefix, schema.index, id),
    findDocuments: (schema, query) => findDocuments(client, prefix, schema, query),
    removeDocuments: ({ index }, ids) =>
      removeDocuments(
        client,
        ids.map((id) => nameDocument(prefix, index, id)),
      ),
    replaceDocument: async (schema, known, next) => {
      await makeTemplates();
      return replaceDocument(client, prefix, schema, known, next);
    },
  };
}

export async function saveDocuments(
  client: ElasticsearchClient,
  prefix: string,
  schema: CollectionSchema,
  documents: readonly StoredDocument[],
): Promise<void> {
  const actions = documents.map((document) => [
    { index: nameDocument(prefix, schema.index, document.id) },
    fillDocument(schema, document),
  ]);
  await sendBulk(client, actions, { refresh: schema.isFoundAtOnce });
}

function fillDocument({ timeField }: CollectionSchema, { id, keys, timeMs, text }: StoredDocument): object {
  return { id, ...keys, [timeField]: timeMs === undefined ? undefined : formatTime(timeMs), body: text };
}

/** Loads the text of a document. It is read in real time, so that a saved document is seen at once. */
export async function loadText(
  client: ElasticsearchClient,
  prefix: string,
  index: string,
  id: string,
): Promise<string | undefined> {
  const { body } = await client.send({
    method: 'GET',
    path: namePath(prefix, index, id).replace('/_doc/', '/_source/'),
    query: { _source_includes: 'body' },
    expect: [404],
  });
  return typeof body['body'] === 'string' ? body['body'] : undefined;
}

export async function findDocuments(
  client: ElasticsearchClient,
  prefix: string,
  { index, timeField, order }: CollectionSchema,
  { where, matching, afterMs, limit }: KeyQuery,
): Promise<readonly Pick<StoredDocument, 'id' | 'text'>[]> {
  const patterns = matching?.globs.flatMap((glob) => matching.keys.map((key) => buildShape(key, glob)));
  const filter = [
    ...Object.entries(where).map(([key, values]) => ({ terms: { [key]: values } })),
    ...(patterns === undefined ? [] : [{ bool: { should: patterns, minimum_should_match: 1 } }]),
    ...(afterMs === undefined ? [] : [{ range: { [timeField]: { gt: formatTime(afterMs) } } }]),
  ];
  // The index of an early release may not have the field.
  const newest = { [timeField]: { order: 'desc', missing: '_last', unmapped_type: 'date' } };
  const sort = [...(order === 'id' ? [] : [newest]), { id: 'asc' }];
  const { hits } = await search(client, `${prefix}-${index}`, { query: { bool: { filter } }, sort, size: limit });
  return hits.map(({ source }) => ({ id: String(source['id']), text: String(source['body']) }));
}

async function replaceDocument(
  client: ElasticsearchClient,
  prefix: string,
  schema: CollectionSchema,
  known: string | undefined,
  next: StoredDocument,
): Promise<boolean> {
  const path = namePath(prefix, schema.index, next.id);
  const condition = known === undefined ? { op_type: 'create' } : await loadVersion(client, path, known);
  if (condition === undefined) return false;
  const { status } = await client.send({
    method: 'PUT',
    path,
    query: { ...condition, refresh: schema.isFoundAtOnce },
    body: fillDocument(schema, next),
    expect: [409],
  });
  return status !== 409;
}

/** Returns the version of the document, or undefined if its text is not `known` or it does not exist. */
async function loadVersion(
  client: ElasticsearchClient,
  path: string,
  known: string,
): Promise<{ readonly if_seq_no: number; readonly if_primary_term: number } | undefined> {
  const { body } = await client.send({ method: 'GET', path, query: { _source_includes: 'body' }, expect: [404] });
  const { _seq_no: sequence, _primary_term: term, _source: source } = body;
  return isObject(source) && source['body'] === known
    ? { if_seq_no: Number(sequence), if_primary_term: Number(term) }
    : undefined;
}

export function namePath(prefix: string, index: string, id: string): string {
  return `/${prefix}-${index}/_doc/${encodeURIComponent(encodeId(id))}`;
}
