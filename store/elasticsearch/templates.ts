// Creates our index templates in a cluster where they are missing or older, and leaves newer ones alone. Also plans how
// the words of records are found (by an analyzer if the distribution has one). The first writer asks for this once.
// mapping.ts has the contents of the templates.
import { createError, type JobtraceError } from '../../core/errors.js';
import { fieldAt, isObject } from '../../core/json.js';
import { COLLECTIONS, openCollection } from '../collections.js';
import type { Collections } from '../store.js';
import { readStatus, type ElasticsearchClient } from './client.js';
import { createDocuments } from './documents.js';
import { readBuckets, search } from './hits.js';
import { decodeWordsPlan, encodeWordsPlan, listOldIndices, namesAnalyzer, type WordsPlan } from './record/words.js';
import {
  buildTemplates,
  decideTemplate,
  describeSmallFields,
  listSmallIndices,
  nameLogTemplate,
  nameSmallTemplate,
  TEMPLATE_AGE,
  type TemplateAge,
  type TemplateSettings,
} from './mapping.js';

/** Largest number of indices that are listed. Nobody keeps so many days. */
const MAX_INDICES = 10_000;
/**
 * Keys of the states in which the creator of the templates says which ones exist, for users that may not read
 * templates.
 */
const TEMPLATES_STATE = 'store/templates';
const WORDS_STATE = 'store/words';

/** Returns a function that creates the templates once. A failed attempt is repeated with the next call. */
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
  /** Saves what was found out, once, for those who come later. Returns at once if it is already saved. */
  note(): Promise<void>;
}

/**
 * Creates the templates and leaves newer ones alone. Throws JT_STORE_DENIED if they do not exist and this user may not
 * create them. If they exist, this takes three requests at once, because an agent's first records wait for it.
 */
export async function createTemplates(
  client: ElasticsearchClient,
  prefix: string,
  settings: TemplateSettings,
): Promise<Prepared> {
  const [put, noted, version] = await Promise.all([
    putTemplates(client, prefix, settings),
    openStates(client, prefix).load(WORDS_STATE),
    loadMadeVersion(client, prefix),
  ]);
  if (put.kind === 'denied') {
    if (version >= TEMPLATE_AGE.version) return { plan: decodeWordsPlan(noted?.value), note: () => Promise.resolve() };
    throw explainDenied(client, put.error);
  }
  // The creator of the templates may have ended before it saved the plan.
  const found = put.isMade || noted === undefined ? await planWords(client, prefix) : undefined;
  let saved: Promise<void> | undefined;
  const prepared: Prepared = {
    plan: found ?? decodeWordsPlan(noted?.value),
    note: () => {
      saved ??= notePlan(client, prefix, { found, version }).catch((error: unknown) => {
        saved = undefined;
        throw error;
      });
      return saved;
    },
  };
  // Indices of an older release are those that the first process finds. Without them all processes find the same plan.
  if (found === undefined || found.except.length === 0) return prepared;
  await prepared.note();
  return { ...prepared, plan: await loadWordsPlan(client, prefix) };
}

async function notePlan(
  client: ElasticsearchClient,
  prefix: string,
  { found, version }: { readonly found: WordsPlan | undefined; readonly version: number },
): Promise<void> {
  const states = openStates(client, prefix);
  if (found !== undefined) await states.save({ key: WORDS_STATE, value: encodeWordsPlan(found) });
  if (version < TEMPLATE_AGE.version) await states.save({ key: TEMPLATES_STATE, value: String(TEMPLATE_AGE.version) });
}

/** Opens the states for notes about the templates, which are written without asking for the templates. */
function openStates(client: ElasticsearchClient, prefix: string): Collections['states'] {
  const documents = createDocuments(client, prefix, () => Promise.resolve());
  return openCollection(COLLECTIONS.states, documents);
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
  /** Result of an update. `isMade`: the template of the records has changed. */
  { readonly kind: 'put'; readonly isMade: boolean } | { readonly kind: 'denied'; readonly error: unknown };

async function putTemplates(client: ElasticsearchClient, prefix: string, settings: TemplateSettings): Promise<Put> {
  try {
    const ages = await loadTemplateAges(client, prefix);
    const other = Object.entries(buildTemplates(prefix, settings, 'analyzer')).filter(([name]) => {
      const decision = decideTemplate(ages.get(name));
      return decision !== 'same' && decision !== 'newer';
    });
    const small = nameSmallTemplate(prefix);
    if (ages.has(small) && other.some(([name]) => name === small)) await extendIndices(client, prefix, settings);
    await Promise.all(other.map(([name, template]) => putTemplate(client, prefix, settings, { name, template })));
    const isMade = other.some(([name]) => name === nameLogTemplate(prefix));
    return { kind: 'put', isMade };
  } catch (error) {
    if (readStatus(error) !== 403) throw error;
    return { kind: 'denied', error };
  }
}

/**
 * Adds the fields of this release to the small indices that exist; a field that is there stays as it is. It comes
 * before the templates, so that it is done again if it was interrupted.
 */
async function extendIndices(
  client: ElasticsearchClient,
  prefix: string,
  { schemas }: TemplateSettings,
): Promise<void> {
  const fields = Object.entries(describeSmallFields(schemas));
  const extend = async (index: string): Promise<void> => {
    const path = `/${prefix}-${index}/_mapping`;
    const { status, body } = await client.send({ method: 'GET', path, expect: [404] });
    if (status === 404 || !isObject(body)) return;
    const known = fieldAt(fieldAt(Object.values(body)[0], 'mappings'), 'properties');
    const missing = fields.filter(([name]) => !isObject(known) || known[name] === undefined);
    if (missing.length === 0) return;
    await client.send({ method: 'PUT', path, body: { properties: Object.fromEntries(missing) } });
  };
  await Promise.all(listSmallIndices(schemas).map(extend));
}

/** Creates a template, without the analyzer if the cluster lacks the modules for it (the smallest distribution). */
async function putTemplate(
  client: ElasticsearchClient,
  prefix: string,
  settings: TemplateSettings,
  { name, template }: { readonly name: string; readonly template: object },
): Promise<void> {
  const path = `/_index_template/${name}`;
  const { status } = await client.send({ method: 'PUT', path, body: template, expect: [400] });
  if (status === 200) return;
  await client.send({ method: 'PUT', path, body: buildTemplates(prefix, settings, 'document')[name] });
}

/**
 * Plans how words are found. With an analyzer, documents in indices that were created before it still have their words.
 */
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
      // 404: there is no index yet. 403: this user may read records but not mappings.
      expect: [403, 404],
    }),
    listIndices(client, prefix),
  ]);
  if (!namesAnalyzer(template.body)) return { by: 'document', except: [] };
  return { by: 'analyzer', except: listOldIndices(status === 200 ? body : {}, indices) };
}

/** Lists the indices that have records. */
async function listIndices(client: ElasticsearchClient, prefix: string): Promise<string[]> {
  const { aggregations } = await search(client, `${prefix}-logs-*`, {
    size: 0,
    aggs: { indices: { terms: { field: '_index', size: MAX_INDICES } } },
  });
  return readBuckets(aggregations['indices']).map((bucket) => String(bucket['key']));
}

async function loadWordsPlan(client: ElasticsearchClient, prefix: string): Promise<WordsPlan> {
  return decodeWordsPlan((await openStates(client, prefix).load(WORDS_STATE))?.value);
}

/** Loads the version of the templates that their creator has saved for users that may not read templates. */
async function loadMadeVersion(client: ElasticsearchClient, prefix: string): Promise<number> {
  return Number((await openStates(client, prefix).load(TEMPLATES_STATE))?.value ?? 0);
}

/** Loads the age of each template by its name. Users may have templates whose names begin like ours. */
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
