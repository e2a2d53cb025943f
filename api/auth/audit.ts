// Writes the audit log to the store: changes, sign-ins, rejected sign-ins and reads of many lines at once. Each of
// these kinds has its own ring buffer, so that a flood of one kind cannot displace the entries of another. A ring
// buffer consists of numbered segments of a few hundred entries, one state each; another state holds the number of the
// last segment, and old segments are removed when there are too many. Takes entries; returns the newest ones, and
// passes each entry once to a log.
import { createCheck } from '../../core/document.js';
import { object, optional, number, type Static } from '../../core/documents/schema.js';
import { toIso } from '../../core/time/iso.js';
import { createError } from '../../core/errors.js';
import type { Collections } from '../../store/store.js';
import type { Viewer } from './roles.js';
import { AuditEntry } from './entry.js';
import { createRefusals, type Refusal } from './refusals.js';

/** Returns the name of a viewer and how it was identified, as fields of an audit entry. */
export function describeWho({ name, kind, isProvided }: Viewer): Pick<AuditEntry, 'who' | 'by'> {
  return { who: name, by: isProvided === true ? 'provider' : kind };
}

export interface Audit {
  /** Adds an entry. Throws the error of the store, because an action that cannot be recorded must fail. */
  note(entry: Omit<AuditEntry, 'at'>): Promise<void>;
  /**
   * Counts a rejected sign-in. All rejected sign-ins of one address within a minute are one entry with their number.
   */
  refuse(refusal: Refusal): Promise<void>;
  /** Returns the matching entries, newest first. */
  list(query: {
    readonly limit: number;
    readonly who?: string | undefined;
    readonly what?: string | undefined;
  }): Promise<readonly AuditEntry[]>;
  /** Resolves when the counted entries are written. */
  close(): Promise<void>;
}

export type AuditStore = Pick<Collections, 'access'>;

/** Stored form of an entry. `order` distinguishes entries with the same time and identifies the entry. */
const StoredEntry = object({ ...AuditEntry.properties, order: optional(number) });
type StoredEntry = Static<typeof StoredEntry>;
const isEntry = createCheck(StoredEntry);

interface Ring {
  /**
   * Folder below `access/audit/`. It is empty for the ring buffer of the first releases, whose segments have no folder.
   */
  readonly folder: string;
  readonly segments: number;
}

const ENTRIES_PER_SEGMENT = 200;
const RINGS = {
  changes: { folder: '', segments: 200 },
  signIns: { folder: 'sign-ins/', segments: 100 },
  refusals: { folder: 'refused/', segments: 50 },
  reads: { folder: 'reads/', segments: 100 },
} as const satisfies Readonly<Record<string, Ring>>;

const MAX_TRIES = 20;
/** Longest text of a field, in characters, because names and ids from outside may be long. */
const MAX_CHARACTERS = 300;

function ringOf(what: string): Ring {
  if (what === 'sign-in' || what === 'sign-out') return RINGS.signIns;
  if (what === 'sign-in.refused') return RINGS.refusals;
  return what.startsWith('read.') ? RINGS.reads : RINGS.changes;
}

export function createAudit(
  store: AuditStore,
  now: () => number,
  /** Receives each entry once, when the entry is final. */
  onEntry: (entry: AuditEntry) => void = () => undefined,
): Audit {
  const write = async (given: Omit<AuditEntry, 'at'>): Promise<StoredEntry> => {
    const order = performance.timeOrigin + performance.now();
    const entry = cut({ at: toIso(now()), ...given, order });
    await append(store, ringOf(entry.what), entry);
    return entry;
  };
  const refusals = createRefusals({
    write,
    update: (entry) => update(store, RINGS.refusals, entry),
    onEnd: (entry) => onEntry(show(entry)),
  });
  return {
    async note(given) {
      onEntry(show(await write(given)));
    },
    refuse: (refusal) => refusals.count(refusal),
    async list(query) {
      await refusals.flush();
      const found = await Promise.all(Object.values(RINGS).map((ring) => findEntries(store, ring, query)));
      const newest = found.flat().sort((a, b) => b.at.localeCompare(a.at) || (b.order ?? 0) - (a.order ?? 0));
      return newest.slice(0, query.limit).map(show);
    },
    close: () => refusals.close(),
  };
}

const nameSegment = ({ folder }: Ring, number: number): string => `access/audit/${folder}${number}`;
const nameLast = ({ folder }: Ring): string => `access/audit/${folder}last`;

async function findLast(store: AuditStore, ring: Ring): Promise<number> {
  return Number((await store.access.load(nameLast(ring)))?.value ?? 0);
}

async function append(store: AuditStore, ring: Ring, entry: StoredEntry): Promise<void> {
  let number = await findLast(store, ring);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const key = nameSegment(ring, number);
    const segment = await store.access.load(key);
    const entries = parse(segment?.value);
    if (entries.length >= ENTRIES_PER_SEGMENT) {
      number += 1;
      await store.access.save({ key: nameLast(ring), value: String(number) });
      await store.access.remove([nameSegment(ring, number - ring.segments)]);
    } else if (await store.access.replace(segment, { key, value: JSON.stringify([...entries, entry]) })) return;
  }
  throw createError('JT_BUSY', { max: 1, scope: '' });
}

/** Replaces the stored entry that has the same `order`, if it is in one of the two newest segments. */
async function update(store: AuditStore, ring: Ring, entry: StoredEntry): Promise<void> {
  const last = await findLast(store, ring);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    let isMissing = true;
    for (const number of [last, last - 1]) {
      const key = nameSegment(ring, number);
      const segment = number < 0 ? undefined : await store.access.load(key);
      const entries = parse(segment?.value);
      if (entries.every(({ order }) => order !== entry.order)) continue;
      isMissing = false;
      const updated = entries.map((known) => (known.order === entry.order ? entry : known));
      if (await store.access.replace(segment, { key, value: JSON.stringify(updated) })) return;
    }
    if (isMissing) return;
  }
}

async function findEntries(
  store: AuditStore,
  ring: Ring,
  { limit, who, what }: Parameters<Audit['list']>[0],
): Promise<readonly StoredEntry[]> {
  const found: StoredEntry[] = [];
  if (what !== undefined && ringOf(what) !== ring) return found;
  for (let number = await findLast(store, ring); number >= 0 && found.length < limit; number--) {
    const text = (await store.access.load(nameSegment(ring, number)))?.value;
    if (text === undefined) break;
    const fitting = parse(text).filter(
      (entry) => (who === undefined || entry.who === who) && (what === undefined || entry.what === what),
    );
    for (const entry of fitting.reverse()) found.push(entry);
  }
  return found.slice(0, limit);
}

function parse(text: string | undefined): StoredEntry[] {
  const value: unknown = text === undefined ? [] : JSON.parse(text);
  return Array.isArray(value) ? value.filter(isEntry) : [];
}

function show({ order, ...entry }: StoredEntry): AuditEntry {
  return entry;
}

function cut(entry: StoredEntry): StoredEntry {
  const short = (text: string | undefined): string | undefined => text?.slice(0, MAX_CHARACTERS);
  return { ...entry, who: entry.who.slice(0, MAX_CHARACTERS), about: short(entry.about), detail: short(entry.detail) };
}
