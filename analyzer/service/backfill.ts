// Reads what is stored again after the rules have changed. A failure that no rule named may have a name now, and lines
// that held no word of the earlier rules may hold one. The clusters with such incidents or lines in the last days are
// read and concluded again. Only a few are read with each read of the feed, so that new records do not have to wait.
// The rules by which the store was judged are kept beside the cursor. They are written when all is done, so that a
// crash starts the work again.
import { createCheck } from '../../core/document.js';
import { object, text, texts, described, list, typed, type Static } from '../../core/documents/schema.js';
import { toIso } from '../../core/time/iso.js';
import { findSmallest } from '../../core/sequence.js';
import type { Incident } from '../../core/documents/incident.js';
import { ALL_CLUSTERS } from '../../core/types.js';
import { decodeWords, SIGNAL_WORDS_KEY, type SignalWords } from '../../flink/bytes/words.js';
import type { Collections, IncidentStore, RecordSearch } from '../../store/store.js';
import type { Catalog } from '../catalog/catalog.js';
import { describeCatalog } from './rules-version.js';

/** Maximum age of what is read again, in milliseconds. The diagnosis of older incidents stays. */
const REREAD_MS = 7 * 86_400_000;
const MAX_INCIDENTS = 1000;
/** Maximum number of records with a new word, the newest first, for each search. */
const MAX_RECORDS = 1000;
/** Maximum number of clusters that are read again with each read of the feed. */
const CLUSTERS_AT_ONCE = 10;
/** Maximum number of words in a search. A search takes 500 terms, and each OR between words counts as a term too. */
const WORDS_OF_SEARCH = 100;
const UNITS_OF_SEARCH = 10_000;

export interface BackfillOptions {
  readonly store: Pick<IncidentStore, 'findIncidents'> &
    Pick<RecordSearch, 'findRecords'> &
    Pick<Collections, 'states'>;
  readonly key: string;
  readonly now: () => number;
  /** True if the cluster belongs to the partition that is read. */
  readonly isOurs: (cluster: string) => boolean;
}

export interface Backfill {
  /**
   * Returns the clusters to read again now, each with the time from which to read. `isFresh` is true if nothing was
   * ever judged.
   */
  next(catalog: Catalog, words: SignalWords, isFresh: boolean): Promise<ReadonlyMap<string, number>>;
  /** Reports that the clusters which `next` returned are concluded. */
  finish(): Promise<void>;
  /**
   * Returns searches for records that had no word of the rules when they were read, but have one that was added later.
   */
  listSearches(): readonly string[];
}

/** State of the rules by which the store was judged. */
const Judged = object({
  version: text,
  words: texts,
  learned: described(
    list(typed<readonly [word: string, time: number]>({ type: 'array', minItems: 2 })),
    'Words that came later, and when, by the clock. Older records that hold them are marked as holding none.',
  ),
});
type Judged = Static<typeof Judged>;
const isJudged = createCheck(Judged);

export function createBackfill({ store, key, now, isOurs }: BackfillOptions): Backfill {
  let seen: Catalog | undefined;
  let judged: Judged | undefined;
  let isSaved = true;
  /** Words that came since the state was saved. */
  let fresh: readonly string[] = [];
  let stale: [cluster: string, from: number][] = [];

  async function begin(catalog: Catalog, { words }: SignalWords, isFresh: boolean): Promise<void> {
    const version = describeCatalog(catalog);
    const before = judged ?? (await loadJudged(store, key));
    const since = now() - REREAD_MS;
    const known = new Set(before?.words ?? words);
    const came = words.filter((word) => !known.has(word));
    const wanted = isSaved ? came : [...fresh, ...came];
    const learned = (before?.learned ?? []).filter(([, time]) => time >= since);
    const isSame = isSaved && before?.version === version;
    if (!isSame && !isFresh)
      stale = [...(await findStale(store, since, wanted))].filter(([cluster]) => isOurs(cluster));
    judged = { version, words, learned: [...learned, ...came.map((word) => [word, now()] as const)] };
    [seen, fresh, isSaved] = [catalog, wanted, isSame];
  }

  return {
    async next(catalog, words, isFresh) {
      if (catalog !== seen) await begin(catalog, words, isFresh);
      return new Map(stale.splice(0, CLUSTERS_AT_ONCE));
    },
    async finish() {
      if (isSaved || stale.length > 0 || judged === undefined) return;
      await store.states.save({ key, value: JSON.stringify(judged) });
      isSaved = true;
    },
    listSearches: () => searchesFor((judged?.learned ?? []).map(([word]) => word)),
  };
}

/** Loads the saved state. An earlier release saved only its words. */
async function loadJudged(store: BackfillOptions['store'], key: string): Promise<Judged | undefined> {
  const text = (await store.states.load(key))?.value;
  const stored: unknown = text === undefined ? undefined : JSON.parse(text);
  if (isJudged(stored)) return stored;
  const words = decodeWords((await store.states.load(SIGNAL_WORDS_KEY))?.value ?? '')?.words;
  return words === undefined ? undefined : { version: '', words, learned: [] };
}

/**
 * Finds the clusters to read again, each with the beginning of its first incident without a name, or of its first line
 * with a new word.
 */
async function findStale(
  store: BackfillOptions['store'],
  since: number,
  words: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const from = toIso(since);
  const found: [cluster: string, time: number][] = [];
  for (const incident of await store.findIncidents({ from, limit: MAX_INCIDENTS }))
    if (incident.cluster !== ALL_CLUSTERS && isUnnamed(incident))
      found.push([incident.cluster, Date.parse(incident.firstSeen ?? '') || since]);
  for (const query of searchesFor(words)) {
    const { records } = await store.findRecords({ query, from, limit: MAX_RECORDS, order: 'newest' });
    for (const record of records) found.push([record['flink.cluster'] ?? '', Date.parse(record['@timestamp'])]);
  }
  const clusters = new Set(found.map(([cluster]) => cluster));
  return new Map(
    [...clusters].map((cluster) => [
      cluster,
      findSmallest(found.filter(([name]) => name === cluster).map(([, time]) => time)),
    ]),
  );
}

function isUnnamed({ unknown, diagnoses }: Incident): boolean {
  return unknown.length > 0 || diagnoses.en.length === 0;
}

function searchesFor(words: readonly string[]): readonly string[] {
  const searches: string[][] = [];
  let units = UNITS_OF_SEARCH;
  for (const term of words.map(searchFor)) {
    const last = searches.at(-1);
    units += term.length;
    if (last === undefined || last.length >= WORDS_OF_SEARCH || units > UNITS_OF_SEARCH) {
      searches.push([term]);
      units = term.length;
    } else last.push(term);
  }
  return searches.map((terms) => `signal:no (${terms.join(' OR ')})`);
}

/**
 * Writes the search term for a text that may begin and end within a word. It takes the whole words as a phrase, or else
 * the parts of words.
 */
function searchFor(text: string): string {
  const whole = text.replace(/^[\p{L}\p{N}\p{M}]+/u, '').replace(/(?<![\p{L}\p{N}\p{M}])[\p{L}\p{N}\p{M}]+$/u, '');
  if (/[\p{L}\p{N}]/u.test(whole)) return `"${whole.replaceAll(/["\\]/g, ' ')}"`;
  const parts = text.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  return `(${parts.map((part) => `*${part}*`).join(' ')})`;
}

/** Returns the rule that is named first for the incident; undefined if a failure that no rule names comes first. */
export function firstRule({ diagnoses, unknown }: Pick<Incident, 'diagnoses' | 'unknown'>): string | undefined {
  const [first] = diagnoses.en;
  return first === undefined || (first.symptom && unknown.length > 0) ? undefined : first.rule;
}

/**
 * Notes on the incident that another rule names it now. What people know of the incident stays on its card, and the
 * other rule is noted there.
 */
export function noteRevision(
  incident: Incident,
  known:
    { readonly revised?: Incident['revised']; readonly judged?: { readonly rule: string | undefined } } | undefined,
  now: number,
): Incident {
  if (known === undefined) return incident;
  const { judged, revised } = known;
  const isRevised = judged !== undefined && judged.rule !== firstRule(incident);
  if (!isRevised) return revised === undefined ? incident : { ...incident, revised };
  const before = judged.rule === undefined ? {} : { before: judged.rule };
  return { ...incident, revised: { time: toIso(now), ...before } };
}
