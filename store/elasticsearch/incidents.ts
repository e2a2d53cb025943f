// Lists incidents page by page, with counts. One search for each page reads the fields next to the document's text.
// documents.ts turns a query into a filter.
import { fieldAt } from '../../core/json.js';
import type { ElasticsearchClient } from './client.js';
import { buildIncidentFilter, ROW_FIELD, TAG_NAMES } from './documents.js';
import { readBuckets, search, type SearchHit } from './hits.js';
import {
  decodeIncidentPlace,
  findNext,
  mapFacets,
  MAX_COUNTS,
  rankCounts,
  type IncidentPlace,
} from '../incidents/pages.js';
import { describeRow, isIncidentRow } from '../incidents/rows.js';
import { formatTime } from '../page.js';
import type { IncidentFacet, IncidentPage, IncidentQuery, IncidentRow } from '../store.js';
import { isIncident, parseJson } from '../stored.js';
import { TAGS_FIELD } from './templates/mapping.js';

export async function pageIncidents(
  client: ElasticsearchClient,
  prefix: string,
  { after, ...query }: IncidentQuery & { readonly after?: string },
): Promise<IncidentPage> {
  const { hits, aggregations } = await search(client, `${prefix}-incidents`, {
    query: buildIncidentFilter(query),
    // A post_filter, because the counts cover all pages.
    post_filter: after === undefined ? undefined : buildAfter(decodeIncidentPlace(after)),
    sort: [{ lastSeen: { order: 'desc', missing: '_last' } }, { id: 'asc' }],
    size: query.limit,
    _source: [ROW_FIELD],
    aggs: { ...mapFacets(describeFacet), all: { filter: { match_all: {} } } },
  });
  const rows = await readRows(client, prefix, hits);
  const counts = mapFacets((facet) =>
    rankCounts(
      readBuckets(aggregations[facet]).flatMap(({ key, doc_count: count }) =>
        typeof key === 'string' ? { value: key.slice(isTag(facet) ? facet.length + 1 : 0), count: Number(count) } : [],
      ),
    ),
  );
  const total = Number(fieldAt(aggregations['all'], 'doc_count') ?? 0);
  return { rows, total, counts, ...findNext(rows, query.limit) };
}

/** Reads the rows of the hits. An earlier release saved incidents without a row, so their documents are read. */
async function readRows(
  client: ElasticsearchClient,
  prefix: string,
  hits: readonly SearchHit[],
): Promise<IncidentRow[]> {
  const ids = hits.filter(({ source }) => source[ROW_FIELD] === undefined).map(({ id }) => id);
  const query = { ids: { values: ids } };
  const older = ids.length === 0 ? [] : (await search(client, `${prefix}-incidents`, { query, size: ids.length })).hits;
  const bodies = new Map(older.map(({ id, source }) => [id, source['body']]));
  return hits.flatMap(({ id, source }) => {
    if (source[ROW_FIELD] === undefined) {
      const incident = parseJson(String(bodies.get(id)));
      return isIncident(incident) ? describeRow(incident) : [];
    }
    const row = parseJson(String(source[ROW_FIELD]));
    return isIncidentRow(row) ? row : [];
  });
}

function isTag(facet: IncidentFacet): boolean {
  return TAG_NAMES.some((name) => name === facet);
}

function describeFacet(facet: IncidentFacet): object {
  const order = [{ _count: 'desc' }, { _key: 'asc' }];
  return isTag(facet)
    ? { terms: { field: TAGS_FIELD, include: `${facet}=.*`, size: MAX_COUNTS, order } }
    : { terms: { field: facet, size: MAX_COUNTS, order } };
}

function buildAfter([lastSeen, id]: IncidentPlace): object {
  const isLater = { range: { id: { gt: id } } };
  const isUndated = { bool: { must_not: { exists: { field: 'lastSeen' } } } };
  if (lastSeen === null) return { bool: { filter: [isUndated, isLater] } };
  const time = formatTime(lastSeen);
  return {
    bool: {
      should: [
        { range: { lastSeen: { lt: time } } },
        { bool: { filter: [{ range: { lastSeen: { gte: time, lte: time } } }, isLater] } },
        isUndated,
      ],
    },
  };
}
