// Files, folders, `.gz` and standard input → entries, for `jobtrace diagnose` and the tests of rules. Files are read in
// pieces and framed by flink/frame.ts, so that a large file does not stand in memory. What cannot be read is an error of
// its own (JT_FILE_UNREADABLE); a binary file among the logs is left out and noted.
import { closeSync, openSync, readFileSync, readSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createError } from '../core/errors.js';
import type { Entry, Source } from '../core/types.js';
import { createFramer, type FramedEntry } from '../flink/frame.js';
import { parseEntry } from '../flink/layout.js';
import { describeFile } from '../flink/names.js';
import { looksLikeExceptions, renderExceptions } from './rest.js';

export interface ReadNotes {
  /** Files that are no logs, with the reason. */
  readonly skipped: { readonly path: string; readonly reason: string }[];
  files: number;
  bytes: number;
  entries: number;
}

export interface ReadOptions {
  readonly notes?: ReadNotes;
  /** What `-` stands for; the file descriptor of standard input when left out. */
  readonly stdin?: () => Buffer;
  /** Called after each piece, for a progress bar. */
  readonly onProgress?: (bytes: number) => void;
}

export function createReadNotes(): ReadNotes {
  return { skipped: [], files: 0, bytes: 0, entries: 0 };
}

/** Entries of all paths, file by file, in the order of their names. Throws JT_FILE_UNREADABLE for a path that a person gave. */
export function* readEntries(paths: readonly string[], options: ReadOptions = {}): Generator<Entry> {
  const notes = options.notes ?? createReadNotes();
  for (const path of paths) {
    if (path === '-') yield* readBytes('stdin', [toLog(readStdin(options))], notes, options);
    else for (const file of listFiles(path, notes)) yield* readFile(file, notes, options);
  }
}

/** Text that a person pasted → its entries. */
export function splitText(text: string, path = 'paste.log'): readonly Entry[] {
  return [...readBytes(path, [toLog(Buffer.from(text, 'utf8'))], createReadNotes(), {})];
}

function readStdin(options: ReadOptions): Buffer {
  return options.stdin?.() ?? readFileSync(0);
}

/** Files that lie beside logs and are none; a person who names one gets it read. */
const NO_LOG = /\.(ya?ml|properties|xml|conf|cfg|ini|md|html?|sh|py|jar|class|so|pid|lock|db|sqlite|png|jpe?g|svg|pdf)$/i;

/** A folder's files in the order of their names, without hidden ones and what is no log; saved answers of the REST API count where there is no log. */
function listFiles(path: string, notes: ReadNotes): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const files = readdirSync(path, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
      .map((entry) => join(entry.parentPath, entry.name)).sort();
    const documents = files.filter((file) => isDocument(file));
    const logs = files.filter((file) => !NO_LOG.test(file) && !documents.includes(file));
    for (const file of files.filter((other) => NO_LOG.test(other))) notes.skipped.push({ path: file, reason: 'its name is not that of a log' });
    if (logs.length === 0) return documents;
    for (const file of documents) notes.skipped.push({ path: file, reason: 'it is one JSON document, not a log with an object per line' });
    return logs;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** A JSON file whose first line opens an object without closing it, or a saved answer of the REST API: no log with an object per line. */
function isDocument(path: string): boolean {
  if (!path.toLowerCase().endsWith('.json')) return false;
  const head = readHead(path);
  return /^\s*[[{]\s*\n/.test(head) || looksLikeExceptions(head);
}

function readHead(path: string): string {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.subarray(0, readPiece(descriptor, head, path)).toString('latin1');
  } finally {
    closeSync(descriptor);
  }
}

const HEAD_BYTES = 64;

/** A saved answer of the REST API becomes the log that it stands for; everything else stays as it is. */
function toLog(bytes: Buffer): Buffer {
  if (!looksLikeExceptions(bytes.subarray(0, HEAD_BYTES).toString('latin1'))) return bytes;
  const log = renderExceptions(bytes.toString('utf8'));
  return log === undefined ? bytes : Buffer.from(log);
}

function unreadable(path: string, error: unknown): Error {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  const words: Readonly<Record<string, string>> = { ENOENT: 'there is no such file or folder', EACCES: 'permission denied', EPERM: 'permission denied', EISDIR: 'it is a folder' };
  return createError('JT_FILE_UNREADABLE', { path, problem: words[code] ?? (error instanceof Error ? error.message : String(error)) }, error);
}

function* readFile(path: string, notes: ReadNotes, options: ReadOptions): Generator<Entry> {
  if (path.toLowerCase().endsWith('.gz')) yield* readBytes(path, [toLog(unpack(path))], notes, options);
  else yield* readBytes(path, toLogPieces(readPieces(path)), notes, options);
}

function unpack(path: string): Buffer {
  let packed: Buffer;
  try {
    packed = readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    return gunzipSync(packed);
  } catch (error) {
    throw createError('JT_ARCHIVE_INVALID', { path, problem: error instanceof Error ? error.message : String(error) }, error);
  }
}

/** As toLog; only such an answer, which is small, is read whole. */
function* toLogPieces(pieces: Iterator<Buffer> & Iterable<Buffer>): Generator<Buffer> {
  const first = pieces.next();
  if (first.done === true) return;
  if (looksLikeExceptions(first.value.subarray(0, HEAD_BYTES).toString('latin1'))) {
    yield toLog(Buffer.concat([first.value, ...pieces]));
    return;
  }
  yield first.value;
  yield* pieces;
}

const PIECE_BYTES = 1 << 20;

/** Each piece is a buffer of its own: entries are views of it. */
function* readPieces(path: string): Generator<Buffer> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      const length = readPiece(descriptor, piece, path);
      if (length === 0) return;
      yield piece.subarray(0, length);
    }
  } finally {
    closeSync(descriptor);
  }
}

function readPiece(descriptor: number, piece: Buffer, path: string): number {
  try {
    return readSync(descriptor, piece);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function* readBytes(path: string, pieces: Iterable<Buffer>, notes: ReadNotes, options: ReadOptions): Generator<Entry> {
  const source = describeSource(path);
  const framer = createFramer({ kind: source.kind });
  let previousTime: number | undefined;
  let first = true;
  const toEntry = (framed: FramedEntry): Entry => {
    const entry = makeEntry(framed, source, previousTime);
    notes.entries++;
    // Only the head is looked at: enough to know its time.
    previousTime = needsTime(source) ? (parseEntry(framed.bytes.subarray(0, TIME_LOOK_BYTES)).time ?? previousTime) : previousTime;
    return entry;
  };
  for (const piece of pieces) {
    if (first && isBinary(piece)) {
      notes.skipped.push({ path, reason: 'it is a binary file' });
      return;
    }
    if (first) notes.files++;
    first = false;
    notes.bytes += piece.length;
    for (const framed of framer.push(piece)) yield toEntry(framed);
    options.onProgress?.(notes.bytes);
  }
  for (const framed of framer.flush()) yield toEntry(framed);
}

const TIME_LOOK_BYTES = 64;

/** In files that print without times (.out, unknown) an undated line takes the time of the one before. */
function needsTime(source: Source): boolean {
  return source.kind !== 'log';
}

function makeEntry(framed: FramedEntry, source: Source, previousTime: number | undefined): Entry {
  return {
    bytes: framed.bytes,
    source,
    offset: framed.offset,
    line: framed.line,
    ...(previousTime === undefined ? {} : { previousTime }),
    ...(framed.flags.length === 0 ? {} : { flags: framed.flags }),
  };
}

/** What the name of a file says about it. */
export function describeSource(path: string): Source {
  const names = describeFile(path);
  return {
    path,
    // A file of an unknown name that somebody wants to have diagnosed is a log.
    kind: names.kind === 'unknown' ? 'log' : names.kind,
    process: names.processKey,
    component: names.component,
    ...(names.host === undefined ? {} : { host: names.host }),
    ...(names.cluster === undefined ? {} : { cluster: names.cluster }),
    ...(names.jobId === undefined ? {} : { jobId: names.jobId }),
  };
}

const BINARY_LOOK_BYTES = 8192;

/** Control bytes that no log has; single NULs are holes that a truncated file leaves behind. */
function isBinary(piece: Buffer): boolean {
  const head = piece.subarray(0, BINARY_LOOK_BYTES);
  let strange = 0;
  for (const byte of head) if ((byte < 9 && byte !== 0) || (byte > 13 && byte < 27) || byte === 127) strange++;
  const signature = head.subarray(0, 4).toString('latin1');
  return strange > head.length / 50 || ['\x7fELF', 'PK\x03\x04', '\xca\xfe\xba\xbe', '\x89PNG'].includes(signature);
}

