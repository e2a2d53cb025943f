// Store in memory that only keeps records: what is sent is decoded as its encoding says, an id that is taken is
// compared as in every store, and the feed returns last what was stored last. It is for tests that simulate thousands
// of agents, each with its own store. It keeps the contract of the way in and of the feed (memory.test.ts).
import type { AgentStatus } from '../../core/documents/agent.js';
import type { LogRecord } from '../../core/types.js';
import { splitRecords } from '../batch.js';
import { decideConflict, type Version } from '../conflict.js';
import { decodeRecord } from '../encode.js';
import type { AppendOutcome, Collection, Encoding, RecordFeed, RecordSink } from '../store.js';

/** Store for an agent, and for a test that checks what happened to its records. */
export type AgentStore = RecordSink &
  Pick<RecordFeed, 'readRecords'> & {
    readonly agents: Pick<Collection<AgentStatus, never>, 'save'>;
    close(): Promise<void>;
  };

interface Kept {
  readonly record: LogRecord;
  /** Number that grows with each record that is stored or replaced. */
  readonly number: number;
}

interface Memory {
  readonly encoding: Encoding;
  /** Records by id, in the order in which they were stored. */
  readonly kept: Map<string, Kept>;
  stored: number;
}

export function openMemoryStore(encoding: Encoding): AgentStore {
  const memory: Memory = { encoding, kept: new Map(), stored: 0 };
  return {
    encoding,
    append: (batch) => Promise.resolve(splitRecords(batch).map((bytes) => appendOne(memory, bytes))),
    readRecords: (cursor, { limit }) => {
      const after = Number(cursor ?? 0);
      const behind = [...memory.kept.values()].filter(({ number }) => number > after);
      const page = behind.slice(0, limit);
      return Promise.resolve({
        records: page.map(({ record }) => record),
        cursor: String(page.at(-1)?.number ?? after),
        drained: page.length === behind.length,
      });
    },
    agents: { save: () => Promise.resolve() },
    close: () => Promise.resolve(),
  };
}

function appendOne(memory: Memory, bytes: Buffer): AppendOutcome {
  const record = decodeRecord(memory.encoding, bytes);
  const { id } = record;
  const before = memory.kept.get(id);
  const conflict =
    before === undefined ? 'newer' : decideConflict(describeVersion(record), describeVersion(before.record));
  if (conflict === 'duplicate') return { kind: 'duplicate' };
  if (conflict === 'collision') return { kind: 'collision', error: `another entry holds the id ${id}` };
  memory.kept.delete(id);
  memory.kept.set(id, { record, number: (memory.stored += 1) });
  return { kind: 'stored' };
}

function describeVersion(record: LogRecord): Version {
  return { length: record['jobtrace.length'], text: record['event.original'], flags: record['jobtrace.flags'] };
}
