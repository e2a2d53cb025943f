// Reads files, folders, archives and standard input into entries, for `jobtrace diagnose` and the tests of rules.
// Everything is read in chunks: disk.ts gives bytes, archive.ts the files in archives, charset.ts makes UTF-8 of them,
// and flink/layout/skim.ts cuts them into entries. A file of another form than a log becomes the log that it stands for
// (FORMS). A path that cannot be read is an error; what is no log, or was read in part, is noted.
import { basename } from 'node:path';
import { createError } from '../../core/errors.js';
import type { Entry, FileKind, Source } from '../../core/types.js';
import { BINARY_PROBE_BYTES, isBinary } from '../../flink/bytes/binary.js';
import { findForm, FORM_PROBE_BYTES } from '../../flink/layout/form.js';
import { parseEntry } from '../../flink/layout/layout.js';
import { describeFile } from '../../flink/layout/names.js';
import { createSkimmer, type FindWanted, type SkimmedEntry } from '../../flink/layout/skim.js';
import { createUnpacking, openContent, type ArchiveLimits, type Content, type Unpacking } from './files/archive.js';
import { decodeLines, decodeChunks } from './files/charset.js';
import { Cursor } from './files/cursor.js';
import { createChunkBuffers, listFiles, readFile, readStdin, type ChunkBuffers } from './files/disk.js';
import { createNote, type Note } from './files/note.js';
import { mayBeGcLog, watchGcLog } from './gc-log.js';
import { mayBeGrep, splitGrep } from './grep.js';
import { mayBeHsErr, renderHsErr } from './hs-err.js';
import { mayBeEvents, mayBePods, readPods, renderEvents } from './kubectl-describe.js';
import { cleanLinks, mayHaveLinks } from './link.js';
import { mayBeOperator, splitOperator } from './flink-operator.js';
import { cleanIndent, cleanPaste, mayBeIndented, mayBePaste } from './paste.js';
import { cleanPrefix, mayHavePrefix, PREFIX_PROBE_BYTES } from './prefix.js';
import { mayBeExceptions, renderExceptions } from './rest.js';
import { cleanSentry, mayBeSentry } from './sentry.js';
import { mayBeThreadDump, renderThreadDump } from './thread-dump.js';
import { joinCut, joinWrapped, mayBeCut, mayBeWrapped } from './wrapped.js';
import { mayBeYarnLogs, splitYarnLogs } from './yarn-logs.js';

export interface ReadNotes {
  /** Files that were left out or read in part. */
  readonly list: Note[];
  files: number;
  bytes: number;
  lines: number;
}

export interface ReadOptions {
  readonly notes?: ReadNotes;
  /** Bytes for the path `-`; standard input if left out. */
  readonly stdin?: () => Iterable<Buffer>;
  /**
   * Reports progress after each chunk: the bytes read from disk so far, and the bytes of all files, to which `-` adds
   * nothing.
   */
  readonly onProgress?: (bytes: number, allBytes: number) => void;
  readonly limits?: ArchiveLimits;
  /** Search for what is wanted of the logs. Entries without it may be left out, except the last one of each file. */
  readonly find?: FindWanted;
}

export function createReadNotes(): ReadNotes {
  return { list: [], files: 0, bytes: 0, lines: 0 };
}

/** Search for what is wanted of the logs, and the function that takes back a chunk after it was searched. */
interface Wanted {
  readonly find: FindWanted;
  readonly giveBack: ChunkBuffers['giveBack'];
}

/** Path that a person gave. */
interface Root {
  readonly path: string;
  readonly files: readonly Content[];
}

/**
 * Yields the entries of all paths, file by file, in the order of their names. Throws JT_FILE_UNREADABLE for a path that
 * a person gave, and JT_ARCHIVE_INVALID if it is an archive of which nothing can be read.
 */
export function* readEntries(paths: readonly string[], options: ReadOptions = {}): Generator<Entry> {
  const notes = options.notes ?? createReadNotes();
  const buffers = createChunkBuffers(options.find?.room);
  const wanted = options.find === undefined ? undefined : { find: options.find, giveBack: buffers.giveBack };
  for (const root of openRoots(paths, buffers, options)) {
    const unpacking = createUnpacking(
      (note) => addNote(notes, note),
      (path) => isWanted(path, notes),
      options.limits,
    );
    yield* readRoot(root, notes, unpacking, wanted);
  }
}

/** Splits text that a person pasted into its entries. */
export function splitText(text: string, path = 'paste.log'): readonly Entry[] {
  const notes = createReadNotes();
  return [...readContent({ path, chunks: [Buffer.from(text, 'utf8')] }, notes)];
}

/** Reads the entries of bytes that a person sent, text or an archive. Throws JT_ARCHIVE_INVALID. */
export function* readPasted(bytes: Buffer, options: ReadOptions = {}, path = 'paste.log'): Generator<Entry> {
  const notes = options.notes ?? createReadNotes();
  const unpacking = createUnpacking(
    (note) => addNote(notes, note),
    (inner) => isWanted(inner, notes),
    options.limits,
  );
  const wanted = options.find === undefined ? undefined : { find: options.find, giveBack: () => undefined };
  yield* readRoot({ path, files: [{ path, chunks: [bytes] }] }, notes, unpacking, wanted);
}

function openRoots(paths: readonly string[], buffers: ChunkBuffers, options: ReadOptions): readonly Root[] {
  const roots = paths.map((path) => ({ path, files: path === '-' ? [] : listFiles(path) }));
  const allBytes = roots.flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0);
  let bytes = 0;
  const count = (chunk: Buffer): void => options.onProgress?.((bytes += chunk.length), allBytes);
  return roots.map(({ path, files }) => {
    if (path === '-')
      return { path: STDIN, files: [{ path: STDIN, chunks: counted(options.stdin?.() ?? readStdin(buffers), count) }] };
    return {
      path,
      files: files.map((file) => ({ path: file.path, chunks: counted(readFile(file.path, buffers), count) })),
    };
  });
}

const STDIN = 'stdin';

function* counted(chunks: Iterable<Buffer>, count: (chunk: Buffer) => void): Generator<Buffer> {
  for (const chunk of chunks) {
    count(chunk);
    yield chunk;
  }
}

function addNote({ list }: ReadNotes, note: Note): void {
  // A second note about a cut or damaged archive would only repeat the first one in other words.
  if (
    !list.some((known) => known.path === note.path && (known.reason === note.reason || (known.partial && note.partial)))
  )
    list.push(note);
}

/** Files that lie beside logs and are none. If a person names such a file, it is read. */
const NO_LOG =
  /\.(ya?ml|properties|xml|conf|cfg|ini|md|html?|sh|py|jar|class|so|pid|lock|db|sqlite|png|jpe?g|svg|pdf)$/i;

function isWanted(path: string, notes: ReadNotes): boolean {
  if (basename(path).startsWith('.') || path.includes('/__MACOSX/')) return false;
  if (NO_LOG.test(path)) addNote(notes, createNote(path, 'name'));
  return !NO_LOG.test(path);
}

const DOCUMENT_START_BYTES = 64;
const MAX_DOCUMENT_BYTES = 64 << 20;

/**
 * Reads the files of one path. Saved answers of the REST API repeat what the logs say, so they count only if there is
 * no log.
 */
function* readRoot(root: Root, notes: ReadNotes, unpacking: Unpacking, wanted?: Wanted): Generator<Entry> {
  const before = notes.files;
  const documents: Content[] = [];
  let held = 0;
  for (const file of root.files) {
    if (file.path !== root.path && !isWanted(file.path, notes)) continue;
    for (const content of openContent(file, unpacking)) {
      const cursor = new Cursor(content.chunks);
      const opened = { path: content.path, chunks: cursor.rest() };
      if (content.path === root.path || !isDocument(content.path, cursor.peek(DOCUMENT_START_BYTES)))
        yield* readContent(opened, notes, wanted);
      else if (notes.files > before || held > MAX_DOCUMENT_BYTES) addNote(notes, createNote(content.path, 'document'));
      else {
        const chunks = [...opened.chunks];
        held += chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        documents.push({ path: content.path, chunks });
      }
    }
  }
  if (notes.files > before) for (const { path } of documents) addNote(notes, createNote(path, 'document'));
  else for (const document of documents) yield* readContent(document, notes, wanted);
  const note = notes.list.find(({ path, partial }) => partial && path === root.path);
  if (note !== undefined && notes.files === before)
    throw createError('JT_ARCHIVE_INVALID', { path: root.path, problem: note.text.en.split(';')[0] ?? '' });
}

/**
 * True if the file is no log with an object per line: a JSON file whose first line opens an object without closing it,
 * or a saved answer of the REST API.
 */
function isDocument(path: string, start: Buffer): boolean {
  if (!path.toLowerCase().endsWith('.json')) return false;
  const text = start.toString('latin1');
  return /^\s*[[{]\s*\n/.test(text) || mayBeExceptions(text);
}

/** File as it is to be read, with what is known of its process besides its path. */
interface Part extends Content {
  readonly source?: Partial<Source>;
  /** True if it is a view of a file that was counted with another view of it. */
  readonly isCounted?: boolean;
}

/**
 * Form that is no log. `open` returns the logs that it stands for, or undefined if the file has another form after all.
 */
interface Form {
  readonly fits: (start: string, kind: FileKind) => boolean;
  /** Number of bytes that are examined; FORM_START_BYTES if left out. */
  readonly startBytes?: number;
  readonly open: (path: string, cursor: Cursor) => Iterable<Part> | undefined;
}

const FORMS: readonly Form[] = [
  { fits: mayBeExceptions, open: asDocument(renderExceptions) },
  { fits: mayBeThreadDump, open: asDocument(renderThreadDump) },
  { fits: mayBeHsErr, open: asDocument(renderHsErr) },
  { fits: mayBePods, open: openPods },
  { fits: mayBeEvents, open: asDocument(renderEvents) },
  { fits: mayBeYarnLogs, open: splitYarnLogs },
  { fits: mayBeOperator, open: openOperator },
  { fits: mayBeGrep, open: openGrep },
  { fits: mayBeGcLog, open: (path, cursor) => [{ path, chunks: watchGcLog(cursor) }] },
  // Output of a program may have the form of a quote, so only logs are cleaned.
  {
    fits: (start, kind) => kind === 'log' && CLEANERS.some(({ mayBe }) => mayBe(breakLines(start))),
    startBytes: PREFIX_PROBE_BYTES,
    open: asDocument(cleanText),
  },
];
const FORM_START_BYTES = 4096;

/** Reads a document, which is small. A larger file is read as a log, and undefined is returned. */
function readDocument(cursor: Cursor): string | undefined {
  const bytes = cursor.peek(MAX_DOCUMENT_BYTES);
  return bytes.length === MAX_DOCUMENT_BYTES ? undefined : bytes.toString('utf8');
}

function asDocument(render: (text: string) => string | undefined): Form['open'] {
  return (path, cursor) => {
    const text = readDocument(cursor);
    const log = text === undefined ? undefined : render(text);
    return log === undefined ? undefined : [{ path, chunks: [Buffer.from(log)] }];
  };
}

/** Cleaners that undo what a text went through before it came here, in the order in which they run. */
const CLEANERS: readonly { readonly mayBe: (start: string) => boolean; readonly clean: (text: string) => string }[] = [
  { mayBe: mayBePaste, clean: cleanPaste },
  { mayBe: mayHaveLinks, clean: cleanLinks },
  { mayBe: mayBeIndented, clean: cleanIndent },
  { mayBe: mayBeCut, clean: joinCut },
  { mayBe: mayBeWrapped, clean: joinWrapped },
  { mayBe: mayHavePrefix, clean: cleanPrefix },
  { mayBe: mayBeSentry, clean: cleanSentry },
];

function cleanText(text: string): string {
  return CLEANERS.reduce(
    (known, { mayBe, clean }) =>
      mayBe(Buffer.from(known.slice(0, PREFIX_PROBE_BYTES)).toString('latin1')) ? clean(known) : known,
    breakLines(text),
  );
}

/** Replaces the line breaks of Windows. */
function breakLines(text: string): string {
  return text.includes('\r') ? text.replaceAll('\r\n', '\n') : text;
}

function openPods(path: string, cursor: Cursor): Iterable<Part> {
  const pods = readPods(readDocument(cursor) ?? '');
  return pods.map(({ pod, log }) => ({
    path: pods.length === 1 ? path : `${path}/${pod}`,
    chunks: [Buffer.from(log)],
    source: { process: pod, host: pod, component: describeSource(`${pod}.log`).component ?? 'unknown' },
  }));
}

function* openOperator(path: string, cursor: Cursor): Generator<Part> {
  const text = readDocument(cursor);
  if (text === undefined) return yield { path, chunks: cursor.rest() };
  let isCounted = false;
  for (const { resource, log } of splitOperator(text)) {
    yield { path, chunks: [Buffer.from(log)], isCounted, source: resource === undefined ? {} : { process: resource } };
    isCounted = true;
  }
}

function openGrep(path: string, cursor: Cursor): Iterable<Part> | undefined {
  const text = readDocument(cursor);
  return text === undefined
    ? undefined
    : splitGrep(text).map((found) => ({ path: `${path}/${found.path}`, chunks: [Buffer.from(found.text)] }));
}

/** Reads the entries of a file that is no archive, whatever form it has. */
function* readContent(content: Part, notes: ReadNotes, wanted?: Wanted): Generator<Entry> {
  const cursor = new Cursor(decodeChunks(content.chunks));
  const start = cursor.peek(FORM_START_BYTES);
  if (start.length === 0) return;
  if (isBinary(cursor.peek(BINARY_PROBE_BYTES))) return addNote(notes, createNote(content.path, 'binary'));
  const { kind } = describeSource(content.path);
  const form = FORMS.find(({ fits, startBytes }) =>
    fits((startBytes === undefined ? start : cursor.peek(startBytes)).toString('latin1'), kind),
  );
  const parts = form?.open(content.path, cursor);
  if (parts === undefined) yield* readLog({ ...content, chunks: cursor.rest() }, notes, wanted);
  else
    for (const part of parts)
      yield* part.path === content.path
        ? readLog({ ...part, source: { ...content.source, ...part.source } }, notes, wanted)
        : readContent(part, notes, wanted);
}

function* readLog(part: Part, readNotes: ReadNotes, wanted?: Wanted): Generator<Entry> {
  const { path, chunks, source: known } = part;
  const notes = part.isCounted === true ? createReadNotes() : readNotes;
  notes.files++;
  const source = { ...describeSource(path), ...known };
  const cursor = new Cursor(chunks);
  const form = findForm(cursor.peek(FORM_PROBE_BYTES));
  const skimmer = createSkimmer({ kind: source.kind, form }, wanted?.find);
  let previousTime: number | undefined;
  const toEntry = (skimmed: SkimmedEntry): Entry => {
    const entry = makeEntry(skimmed, source, previousTime, wanted);
    // The prefix of an entry is enough to know its time.
    previousTime = needsTime(source)
      ? (parseEntry(skimmed.bytes.subarray(0, TIME_PROBE_BYTES)).time ?? previousTime)
      : previousTime;
    return entry;
  };
  for (const chunk of cursor.rest()) {
    notes.bytes += chunk.length;
    if (wanted === undefined) for (const skimmed of skimmer.push(chunk)) yield toEntry(skimmed);
    else {
      // The few wanted entries are copied, and the chunk is used again.
      for (const skimmed of skimmer.push(chunk)) yield toEntry({ ...skimmed, bytes: Buffer.from(skimmed.bytes) });
      wanted.giveBack(chunk);
    }
  }
  for (const skimmed of skimmer.flush()) yield toEntry(skimmed);
  notes.lines += skimmer.lines;
}

const TIME_PROBE_BYTES = 64;

/** True if an undated line takes the time of the line before, as in files that print without times (.out, unknown). */
function needsTime(source: Source): boolean {
  return source.kind !== 'log';
}

function makeEntry(
  skimmed: SkimmedEntry,
  source: Source,
  previousTime: number | undefined,
  wanted: Wanted | undefined,
): Entry {
  return {
    bytes: skimmed.flags.includes('invalid-utf8') ? decodeLines(skimmed.bytes) : skimmed.bytes,
    source,
    offset: skimmed.offset,
    line: skimmed.line,
    previousTime,
    ...(skimmed.flags.length === 0 ? {} : { flags: skimmed.flags }),
    matchedAnchors:
      skimmed.matchedAnchors === undefined || wanted === undefined
        ? undefined
        : { by: wanted.find.by, texts: skimmed.matchedAnchors },
  };
}

/** Returns what the name of a file says about it. */
function describeSource(path: string): Source {
  const names = describeFile(path);
  return {
    path,
    // A file of an unknown name that somebody wants to have diagnosed is read as a log.
    kind: names.kind === 'unknown' ? 'log' : names.kind,
    process: names.processKey,
    component: names.component,
    host: names.host,
    cluster: names.cluster,
    jobId: names.jobId,
  };
}
