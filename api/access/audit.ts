// Who did what: every change through the API or the command line, and every sign-in, as an entry in the store. Entries
// stand in sheets of a few hundred, one state each, numbered; a state says which is the last. Old sheets go when there
// are many. In: an entry. Out: the newest entries.
import { createError } from '../../core/errors.js';
import { isObject } from '../../core/json.js';
import type { StateStore } from '../../store/store.js';
import { hasTexts } from './book.js';

export interface AuditEntry {
  readonly at: string;
  /** Name of the token or the user. */
  readonly who: string;
  /** By which way: a token, a user who signed in, whoever sits at the machine, or the command line. */
  readonly by: 'token' | 'user' | 'local' | 'shell' | 'nobody';
  /** Such as `token.create`. */
  readonly what: string;
  /** Id or name of what it was done to. */
  readonly about?: string;
  readonly detail?: string;
}

export interface Audit {
  /** Throws what the store throws: what cannot be noted is an error of who did it. */
  note(entry: Omit<AuditEntry, 'at'>): Promise<void>;
  /** Newest first. */
  list(query: {
    readonly limit: number;
    readonly who?: string | undefined;
    readonly what?: string | undefined;
  }): Promise<readonly AuditEntry[]>;
}

export type AuditStore = Pick<StateStore, 'loadState' | 'saveState' | 'replaceState' | 'removeState'>;

const LAST = 'access/audit/last';
const ENTRIES_OF_A_SHEET = 200;
/** 40,000 entries. */
const MOST_SHEETS = 200;
const MOST_TRIES = 20;
/** Names and ids of others may be long. */
const MOST_CHARACTERS = 300;

const nameSheet = (number: number): string => `access/audit/${number}`;

export function createAudit(store: AuditStore, now: () => number): Audit {
  const findLast = async (): Promise<number> => Number((await store.loadState(LAST)) ?? 0);
  return {
    async note(given) {
      const entry = cut({ at: new Date(now()).toISOString(), ...given });
      let number = await findLast();
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const text = await store.loadState(nameSheet(number));
        const entries = parse(text);
        if (entries.length >= ENTRIES_OF_A_SHEET) {
          number += 1;
          await store.saveState(LAST, String(number));
          await store.removeState(nameSheet(number - MOST_SHEETS));
        } else if (await store.replaceState(nameSheet(number), text, JSON.stringify([...entries, entry]))) return;
      }
      throw createError('JT_BUSY', { most: 1, whose: '' });
    },
    async list({ limit, who, what }) {
      const found: AuditEntry[] = [];
      for (let number = await findLast(); number >= 0 && found.length < limit; number--) {
        const text = await store.loadState(nameSheet(number));
        if (text === undefined) break;
        const fitting = parse(text).filter(
          (entry) => (who === undefined || entry.who === who) && (what === undefined || entry.what === what),
        );
        for (const entry of fitting.reverse()) found.push(entry);
      }
      return found.slice(0, limit);
    },
  };
}

function parse(text: string | undefined): AuditEntry[] {
  const value: unknown = text === undefined ? [] : JSON.parse(text);
  return Array.isArray(value) ? value.filter(isEntry) : [];
}

function isEntry(value: unknown): value is AuditEntry {
  return isObject(value) && hasTexts(value, ['at', 'who', 'by', 'what']);
}

function cut(entry: AuditEntry): AuditEntry {
  const short = (text: string | undefined): string | undefined => text?.slice(0, MOST_CHARACTERS);
  return { ...entry, who: entry.who.slice(0, MOST_CHARACTERS), about: short(entry.about), detail: short(entry.detail) };
}
