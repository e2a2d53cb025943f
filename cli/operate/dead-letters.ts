// Implements "jobtrace dead-letters list" and "jobtrace dead-letters send": dead letters, which are records that the
// store rejected. Elasticsearch keeps them in a separate index; an agent keeps records that no index took in files of
// its data folder. A record that is sent again keeps its id. Therefore a second send, a running agent or an
// interruption stores nothing twice. Accepted records are removed.
import {
  closeDeadLetters,
  keepLetterLines,
  listClosedLetters,
  listLetterFiles,
  readLetterLines,
} from '../../agent/dead-letters.js';
import type { Settings } from '../../core/config/settings.js';
import { isObject } from '../../core/json.js';
import type { LogRecord } from '../../core/types.js';
import { encodeRecords } from '../../store/encode.js';
import type { AppendOutcome, RecordSink, RefusedRecords } from '../../store/store.js';
import { isLogRecord, parseJson } from '../../store/stored.js';
import { CONFIG_OPTION, DATA_OPTION, STORE_OPTION, type Command, type Invocation } from '../command.js';
import { openExistingStore } from '../service/open.js';
import { readSettings } from '../settings.js';
import { write } from '../terminal/write.js';

type LetterStore = RecordSink & RefusedRecords;

/** Record in the store's form, with the reason of its rejection. */
type StoredRecord = LogRecord & { readonly 'jobtrace.refusal'?: unknown };

interface Letter {
  readonly record: LogRecord;
  /** Reason of the rejection. */
  readonly error: string;
}

/** Results of sending dead letters again. */
export interface Sent {
  /** Number of records that are now stored in their place. */
  stored: number;
  /** Number of records that moved from the node to the store's index of dead letters. */
  aside: number;
  left: number;
  /** Problem of the last record that is still a dead letter. */
  problem: string;
}

const PAGE_SIZE = 500;
const OPTIONS = [CONFIG_OPTION, DATA_OPTION, STORE_OPTION];

export const DEAD_LETTERS_LIST: Command = {
  name: 'dead-letters list',
  formerName: 'letters list',
  operands: '',
  summary: 'List records that the store rejected, with the reason: those on this node, then those in the store.',
  options: [
    ...OPTIONS,
    {
      name: 'format',
      value: 'FORMAT',
      values: ['text', 'ndjson'],
      help: 'Output format.',
    },
  ],
  examples: ['jobtrace dead-letters list --config /etc/jobtrace/jobtrace.yaml'],
  run: runList,
};

export const DEAD_LETTERS_SEND: Command = {
  name: 'dead-letters send',
  formerName: 'letters send',
  operands: '',
  summary: 'Resend rejected records and remove those that the store accepts; the agent may keep running.',
  options: OPTIONS,
  examples: ['jobtrace dead-letters send --config /etc/jobtrace/jobtrace.yaml'],
  run: runSend,
};

async function runList(invocation: Invocation): Promise<number> {
  const { settings } = readSettings(invocation);
  for (const path of listLetterFiles(settings.dataDir))
    for (const { letter } of readLetters(path))
      await write(invocation.terminal, renderLetter(letter, path, invocation));
  await withStore(settings, 'read', async (store) => {
    for await (const letters of findRefused(store))
      for (const letter of letters) await write(invocation.terminal, renderLetter(letter, 'store', invocation));
  });
  return 0;
}

async function runSend(invocation: Invocation): Promise<number> {
  const { settings } = readSettings(invocation);
  await withStore(settings, 'write', async (store) => {
    const { stored, aside, left, problem } = await sendLetters(store, settings.dataDir);
    const why = left === 0 ? '' : `Last error: ${problem}\n`;
    const counts = `${stored} stored, ${aside} moved from this node into the store, ${left} still rejected`;
    await write(invocation.terminal, `${counts}\n${why}`);
  });
  return 0;
}

async function withStore(
  settings: Settings,
  to: 'read' | 'write',
  work: (store: LetterStore) => Promise<void>,
): Promise<void> {
  const store = await openExistingStore(settings, to);
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

/** Sends all dead letters again. Throws the errors of the store; dead letters without an answer stay where they are. */
export async function sendLetters(store: LetterStore, dataDir: string): Promise<Sent> {
  const sent: Sent = { stored: 0, aside: 0, left: 0, problem: '' };
  for await (const letters of findRefused(store)) {
    const outcomes = await sendAgain(store, letters);
    const taken = letters.filter((_letter, at) => countOutcome(sent, outcomes[at], 'store'));
    await store.removeRefused(taken.map(({ record }) => record));
  }
  // An agent may continue to append to an open file, so only closed files are read.
  closeDeadLetters(dataDir);
  for (const path of listClosedLetters(dataDir)) await sendFile(store, path, sent);
  return sent;
}

async function sendFile(store: LetterStore, path: string, sent: Sent): Promise<void> {
  const letters = readLetters(path);
  const left: string[] = [];
  for (let start = 0; start < letters.length; start += PAGE_SIZE) {
    const page = letters.slice(start, start + PAGE_SIZE);
    const outcomes = await sendAgain(
      store,
      page.map(({ letter }) => letter),
    );
    for (const [at, { line }] of page.entries()) if (!countOutcome(sent, outcomes[at], 'node')) left.push(line);
  }
  keepLetterLines(path, left);
}

/** Yields pages of the store's dead letters, oldest first. */
async function* findRefused(store: LetterStore): AsyncGenerator<readonly Letter[]> {
  let after: string | undefined;
  do {
    const page = await store.findRefused(after);
    if (page.records.length > 0) yield page.records.map((record) => ({ record, error: readRefusal(record) }));
    after = page.next;
  } while (after !== undefined);
}

function readRefusal(record: StoredRecord): string {
  return String(record['jobtrace.refusal'] ?? '');
}

/**
 * Reads the dead letters of a file. An incomplete line is skipped: the agent was killed during the write and sent the
 * record again.
 */
function readLetters(path: string): { readonly letter: Letter; readonly line: string }[] {
  return readLetterLines(path).flatMap((line) => {
    const value = parseJson(line);
    if (!isObject(value) || !isLogRecord(value['record'])) return [];
    return [{ letter: { record: value['record'], error: String(value['error']) }, line }];
  });
}

async function sendAgain(store: LetterStore, letters: readonly Letter[]): Promise<readonly AppendOutcome[]> {
  const records = letters.map(({ record }) => removeFlags(record));
  return records.length === 0 ? [] : store.append(encodeRecords(store.encoding, records));
}

/** Restores the form in which the agent sent the record. */
function removeFlags(record: StoredRecord): StoredRecord {
  const flags = record['jobtrace.flags']?.filter((flag) => flag !== 'refused');
  return {
    ...record,
    'jobtrace.refusal': undefined,
    'jobtrace.flags': flags === undefined || flags.length === 0 ? undefined : flags,
  };
}

/** Counts an outcome. Returns true if the dead letter can be removed from `place`. */
function countOutcome(sent: Sent, outcome: AppendOutcome | undefined, place: 'node' | 'store'): boolean {
  const kind = outcome?.kind;
  const isStored = kind === 'stored' || kind === 'duplicate';
  const isMoved = kind === 'aside' && place === 'node';
  if (isStored) sent.stored += 1;
  else if (isMoved) sent.aside += 1;
  else {
    sent.left += 1;
    sent.problem = outcome !== undefined && 'error' in outcome ? outcome.error : 'the store gave no answer for it';
  }
  return isStored || isMoved;
}

function renderLetter({ record, error }: Letter, place: string, invocation: Invocation): string {
  if (invocation.option('format') === 'ndjson') return `${JSON.stringify({ place, error, record })}\n`;
  const [line = ''] = record['event.original'].split('\n');
  return `${record['log.file.path']}:${record['log.offset']} (${place}): ${error}\n    ${line}\n`;
}
