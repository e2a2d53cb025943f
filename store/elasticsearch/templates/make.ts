// Our index templates in a cluster: made where they are missing or older, left alone where they are newer, and how the
// words of its records come about (an analyzer where the distribution has one). Asked once by whoever writes first;
// what is in them is in mapping.ts. Called by elasticsearch.ts.
import { createError, type JobtraceError } from '../../../core/errors.js';
import { isObject } from '../../../core/json.js';
import { readStatus, type ElasticsearchClient, type ElasticsearchSettings } from '../client.js';
import { loadDocument, saveState } from '../documents.js';
import { readBuckets, search } from '../hits.js';
import { decodeWordsPlan, encodeWordsPlan, listOldIndices, namesAnalyzer, type WordsPlan } from '../record/words.js';
import { buildTemplates, decideTemplate, nameLogTemplate, TEMPLATE_AGE, type TemplateAge } from './mapping.js';

/** More days than anybody keeps. */
const MOST_INDICES = 10_000;
/** The states under which whoever made the templates says which, for those who may not look. */
const TEMPLATES_STATE = 'store/templates';
const WORDS_STATE = 'store/words';

/** What failed is tried again. */
export function rememberTemplates(create: () => Promise<Prepared>): () => Promise<Prepared> {
  let prepared: Promise<Prepared> | undefined;
  return () => {
    prepared ??= create().catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  };
}

export interface Prepared {
  readonly plan: WordsPlan;
  /** Keeps what was found out for those who come later, once; done at once where it is kept already. */
  note(): Promise<void>;
}

/**
 * Leaves newer templates alone. Who may not make them needs somebody else to have done it. Where they are there, it is
 * three questions at once: an agent's first records wait for them.
 */
export async function createTemplates(
  client: ElasticsearchClient,
  prefix: string,
  settings: ElasticsearchSettings,
): Promise<Prepared> {
  const [put, plan, version] = await Promise.all([
    putTemplates(client, prefix, settings),
    loadDocument(client, prefix, 'states', WORDS_STATE),
    loadMadeVersion(client, prefix),
  ]);
  if (put.kind === 'denied') {
    if (version >= TEMPLATE_AGE.version) return { plan: decodeWordsPlan(plan), note: () => Promise.resolve() };
    throw explainDenied(client, put.error);
  }
  // Whoever made the templates may have ended before it noted the plan.
  const found = put.isMade || plan === undefined ? await planWords(client, prefix) : undefined;
  let noted: Promise<void> | undefined;
  const prepared: Prepared = {
    plan: found ?? decodeWordsPlan(plan),
    note: () => {
      noted ??= notePlan(client, prefix, { found, version }).catch((error: unknown) => {
        noted = undefined;
        throw error;
      });
      return noted;
    },
  };
  // Indices of before are found by whoever looks first; without them all who look find the same.
  if (found === undefined || found.except.length === 0) return prepared;
  await prepared.note();
  return { ...prepared, plan: await loadWordsPlan(client, prefix) };
}

async function notePlan(
  client: ElasticsearchClient,
  prefix: string,
  { found, version }: { readonly found: WordsPlan | undefined; readonly version: number },
): Promise<void> {
  if (found !== undefined) await saveState(client, prefix, WORDS_STATE, encodeWordsPlan(found));
  if (version < TEMPLATE_AGE.version) await saveState(client, prefix, TEMPLATES_STATE, String(TEMPLATE_AGE.version));
}

function explainDenied({ url }: ElasticsearchClient, error: unknown): JobtraceError {
  return createError(
    'JT_STORE_DENIED',
    {
      url,
      problem:
        'there are no index templates yet, and this user may not create them: run "jobtrace setup" first, or grant manage_index_templates',
    },
    error,
  );
}

type Put =
  /** `isMade`: the template of the records is another one now. */
  { readonly kind: 'put'; readonly isMade: boolean } | { readonly kind: 'denied'; readonly error: unknown };

async function putTemplates(
  client: ElasticsearchClient,
  prefix: string,
  settings: ElasticsearchSettings,
): Promise<Put> {
  try {
    const ages = await loadTemplateAges(client, prefix);
    const other = Object.entries(buildTemplates(prefix, settings, 'analyzer')).filter(([name]) => {
      const decision = decideTemplate(ages.get(name));
      return decision !== 'same' && decision !== 'newer';
    });
    await Promise.all(other.map(([name, template]) => putTemplate(client, prefix, settings, { name, template })));
    const isMade = other.some(([name]) => name === nameLogTemplate(prefix));
    return { kind: 'put', isMade };
  } catch (error) {
    if (readStatus(error) !== 403) throw error;
    return { kind: 'denied', error };
  }
}

/** The smallest distribution lacks what the analyzer is made of. */
async function putTemplate(
  client: ElasticsearchClient,
  prefix: string,
  settings: ElasticsearchSettings,
  { name, template }: { readonly name: string; readonly template: object },
): Promise<void> {
  const path = `/_index_template/${name}`;
  const { status } = await client.send({ method: 'PUT', path, body: template, expect: [400] });
  if (status === 200) return;
  await client.send({ method: 'PUT', path, body: buildTemplates(prefix, settings, 'document')[name] });
}

/** With an analyzer, indices that were made before it still want their words. */
async function planWords(client: ElasticsearchClient, prefix: string): Promise<WordsPlan> {
  const [template, { status, body }, indices] = await Promise.all([
    client.send({
      method: 'GET',
      path: `/_index_template/${nameLogTemplate(prefix)}`,
      query: { filter_path: 'index_templates.index_template.template.mappings' },
    }),
    client.send({
      method: 'GET',
      path: `/${prefix}-logs-*/_mapping/field/jobtrace.words`,
      query: { ignore_unavailable: true, allow_no_indices: true },
      // There is no index yet, or this user may read but not look at mappings.
      expect: [403, 404],
    }),
    listIndices(client, prefix),
  ]);
  if (!namesAnalyzer(template.body)) return { by: 'document', except: [] };
  return { by: 'analyzer', except: listOldIndices(status === 200 ? body : {}, indices) };
}

/** Those with records. */
async function listIndices(client: ElasticsearchClient, prefix: string): Promise<string[]> {
  const { aggregations } = await search(client, `${prefix}-logs-*`, {
    size: 0,
    aggs: { indices: { terms: { field: '_index', size: MOST_INDICES } } },
  });
  return readBuckets(aggregations['indices']).map((bucket) => String(bucket['key']));
}

async function loadWordsPlan(client: ElasticsearchClient, prefix: string): Promise<WordsPlan> {
  return decodeWordsPlan(await loadDocument(client, prefix, 'states', WORDS_STATE));
}

/** What somebody who may make templates has noted for those who may not even read them. */
async function loadMadeVersion(client: ElasticsearchClient, prefix: string): Promise<number> {
  return Number((await loadDocument(client, prefix, 'states', TEMPLATES_STATE)) ?? 0);
}

/** By the names of the templates; users may have some that begin like ours. */
export async function loadTemplateAges(
  client: ElasticsearchClient,
  prefix: string,
): Promise<ReadonlyMap<string, TemplateAge>> {
  const { body } = await client.send({
    method: 'GET',
    path: `/_index_template/${prefix}-*`,
    query: {
      filter_path:
        'index_templates.name,index_templates.index_template.version,index_templates.index_template._meta.digest',
    },
    expect: [404],
  });
  const list: readonly unknown[] = Array.isArray(body['index_templates']) ? body['index_templates'] : [];
  return new Map(list.filter(isObject).map((item) => [String(item['name']), readTemplateAge(item['index_template'])]));
}

function readTemplateAge(template: unknown): TemplateAge {
  if (!isObject(template)) return { version: 0, digest: '' };
  const meta = isObject(template['_meta']) ? template['_meta'] : {};
  return { version: Number(template['version'] ?? 0), digest: String(meta['digest'] ?? '') };
}
