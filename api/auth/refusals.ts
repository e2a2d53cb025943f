// Counts rejected sign-ins: one entry of the audit log for each address and minute, with their number. The entry is
// written with the first one. It is updated when somebody reads the audit log and when the minute ends, so that a flood
// causes only a few writes. Takes rejected sign-ins; returns entries to write.
import type { AuditEntry } from './entry.js';

export interface Refusal {
  /** Name that was tried; for a provider, the name that it returned. */
  readonly who: string;
  readonly address: string;
  readonly detail?: string | undefined;
}

export interface RefusalOptions<Entry> {
  readonly write: (entry: Omit<AuditEntry, 'at'>) => Promise<Entry>;
  readonly update: (entry: Entry) => Promise<void>;
  readonly onEnd: (entry: Entry) => void;
}

export interface Refusals {
  count(refusal: Refusal): Promise<void>;
  /** Writes the numbers that have changed. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const MINUTE_MS = 60_000;
/** Largest number of addresses with their own entry. The refusals of all further addresses are one entry. */
const MAX_ADDRESSES = 200;
const OTHERS = 'other addresses';
const MAX_NAMES = 5;

interface Window<Entry> {
  readonly entry: Promise<Entry>;
  readonly names: Set<string>;
  count: number;
  written: number;
}

export function createRefusals<Entry extends AuditEntry>(options: RefusalOptions<Entry>): Refusals {
  const windows = new Map<string, Window<Entry>>();
  let timer: NodeJS.Timeout | undefined;
  const updateEntry = async (window: Window<Entry>): Promise<Entry> => {
    const entry = describeWindow(await window.entry, window);
    if (window.count > window.written) {
      window.written = window.count;
      await options.update(entry);
    }
    return entry;
  };
  const flush = async (): Promise<void> => {
    for (const window of windows.values()) await updateEntry(window);
  };
  const end = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const ended = [...windows.values()];
    windows.clear();
    for (const window of ended) options.onEnd(await updateEntry(window));
  };
  return {
    async count({ who, address, detail }) {
      // A failed write is ignored here, because the log and the answer to the next caller report it.
      timer ??= setTimeout(() => void end().catch(() => undefined), MINUTE_MS).unref();
      const source = windows.has(address) || windows.size < MAX_ADDRESSES ? address : OTHERS;
      const known = windows.get(source);
      if (known !== undefined) {
        known.count += 1;
        if (known.names.size < MAX_NAMES) known.names.add(who);
        return;
      }
      const entry = options.write({ who, by: 'nobody', what: 'sign-in.refused', detail, address: source });
      windows.set(source, { entry, names: new Set([who]), count: 1, written: 1 });
      await entry.catch((error: unknown) => {
        windows.delete(source);
        throw error;
      });
    },
    flush,
    close: end,
  };
}

function describeWindow<Entry extends AuditEntry>(entry: Entry, { count, names }: Window<Entry>): Entry {
  if (count === 1) return entry;
  const others = [...names].filter((name) => name !== entry.who);
  const detail = others.length === 0 ? entry.detail : `also as ${others.join(', ')}`;
  return { ...entry, count, detail };
}
