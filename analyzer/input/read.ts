// Files, folders, archives and standard input → entries, for `jobtrace diagnose` and the tests of rules. Everything is
// read in chunks: disk.ts gives bytes, archive.ts the files that lie in archives, charset.ts makes UTF-8 of them,
// flink/form/skim.ts cuts them into entries. A file that is another form than a log becomes the log that it stands
// for (FORMS). A path that cannot be read is an error; what is no log or was read in part is noted.
import { basename } from 'node:path';
import { createError } from '../../core/errors.js';
import type { Entry, FileKind, Source } from '../../core/types.js';
import { BINARY_LOOK_BYTES, isBinary } from '../../flink/bytes/binary.js';
import { findForm, FORM_LOOK_BYTES } from '../../flink/form/form.js';
import { parseEntry } from '../../flink/layout/layout.js';
import { describeFile } from '../../flink/layout/names.js';
import { createSkimmer, type FindWanted, type SkimmedEntry } from '../../flink/form/skim.js';
import { createUnpacking, openContent, type ArchiveLimits, type Content, type Unpacking } from './files/archive.js';
import { decodeLines, decodeChunks } from './files/charset.js';
import { Cursor } from './files/cursor.js';
import { createRooms, listFiles, readFile, readStdin, type Rooms } from './files/disk.js';
import { createNote, type Note } from './files/note.js';
import { looksLikeGcLog, watchGcLog } from './forms/gc-log.js';
import { looksLikeGrep, splitGrep } from './forms/grep.js';
import { looksLikeHsErr, renderHsErr } from './forms/hs-err.js';
import { looksLikeEvents, looksLikePods, readPods, renderEvents } from './forms/kubernetes/describe.js';
import { cleanLinks, looksLinked } from './forms/link.js';
import { looksLikeOperator, splitOperator } from './forms/kubernetes/operator.js';
import { cleanIndent, cleanPaste, looksIndented, looksLikePaste } from './forms/paste.js';
import { cleanPrefix, looksPrefixed, PREFIX_LOOK_BYTES } from './forms/prefix.js';
import { looksLikeExceptions, renderExceptions } from './forms/rest.js';
import { cleanSentry, looksLikeSentry } from './forms/sentry.js';
import { looksLikeThreadDump, renderThreadDump } from './forms/thread-dump.js';
import { joinCut, joinWrapped, looksCut, looksWrapped } from './forms/wrapped.js';
import { looksLikeYarnLogs, splitYarnLogs } from './forms/yarn-logs.js';

export interface ReadNotes {
  /** What was left out or read in part. */
  readonly list: Note[];
  files: number;
  bytes: number;
  lines: number;
}

export interface ReadOptions {
  readonly notes?: ReadNotes;
  /** What `-` stands for; standard input when left out. */
  readonly stdin?: () => Iterable<Buffer>;
  /** Called after each chunk with the bytes read from disk and all there are; `-` adds nothing to all. */
  readonly onProgress?: (bytes: number, allBytes: number) => void;
  readonly limits?: ArchiveLimits;
  /** What somebody wants of the logs: entries without may be left out, but for the last of each file. */
  readonly find?: FindWanted;
}

export function createReadNotes(): ReadNotes {
  return { list: [], files: 0, bytes: 0, lines: 0 };
}

/** What is wanted of the logs, and what becomes of a chunk that was searched for it. */
interface Wanted {
  readonly find: FindWanted;
  readonly giveBack: Rooms['giveBack'];
}

/** A path that a person gave. */
interface Root {
  readonly path: string;
  readonly files: readonly Content[];
}

/**
 * Entries of all paths, file by file, in the order of their names. Throws JT_FILE_UNREADABLE for a path that a person
 * gave, JT_ARCHIVE_INVALID when it is an archive of which nothing can be read.
 */
export function* readEntries(paths: readonly string[], options: ReadOptions = {}): Generator<Entry> {
  const notes = options.notes ?? createReadNotes();
  const rooms = createRooms(options.find?.room);
  const wanted = options.find === undefined ? undefined : { find: options.find, giveBack: rooms.giveBack };
  for (const root of openRoots(paths, rooms, options)) {
    const unpacking = createUnpacking(
      (note) => addNote(notes, note),
      (path) => isWanted(path, notes),
      options.limits,
    );
    yield* readRoot(root, notes, unpacking, wanted);
  }
}

/** Text that a person pasted → its entries. */
export function splitText(text: string, path = 'paste.log'): readonly Entry[] {
  const notes = createReadNotes();
  return [...readContent({ path, chunks: [Buffer.from(text, 'utf8')] }, notes)];
}

/** Bytes that a person sent, text or an archive → their entries. Throws JT_ARCHIVE_INVALID. */
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

function openRoots(paths: readonly string[], rooms: Rooms, options: ReadOptions): readonly Root[] {
  const roots = paths.map((path) => ({ path, files: path === '-' ? [] : listFiles(path) }));
  const allBytes = roots.flatMap(({ files }) => files).reduce((sum, file) => sum + file.bytes, 0);
  let bytes = 0;
  const count = (chunk: Buffer): void => options.onProgress?.((bytes += chunk.length), allBytes);
  return roots.map(({ path, files }) => {
    if (path === '-')
      return { path: STDIN, files: [{ path: STDIN, chunks: counted(options.stdin?.() ?? readStdin(rooms), count) }] };
    return {
      path,
      files: files.map((file) => ({ path: file.path, chunks: counted(readFile(file.path, rooms), count) })),
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
  // What a cut or damaged archive is said to be once needs no saying in other words.
  if (
    !list.some((known) => known.path === note.path && (known.reason === note.reason || (known.partial && note.partial)))
  )
    list.push(note);
}

/** Files that lie beside logs and are none; a person who names one gets it read. */
const NO_LOG =
  /\.(ya?ml|properties|xml|conf|cfg|ini|md|html?|sh|py|jar|class|so|pid|lock|db|sqlite|png|jpe?g|svg|pdf)$/i;

function isWanted(path: string, notes: ReadNotes): boolean {
  if (basename(path).startsWith('.') || path.includes('/__MACOSX/')) return false;
  if (NO_LOG.test(path)) addNote(notes, createNote(path, 'name'));
  return !NO_LOG.test(path);
}

const DOCUMENT_HEAD_BYTES = 64;
const MAX_DOCUMENT_BYTES = 64 << 20;

/** Saved answers of the REST API repeat what the logs say; they count where there is no log. */
function* readRoot(root: Root, notes: ReadNotes, unpacking: Unpacking, wanted?: Wanted): Generator<Entry> {
  const before = notes.files;
  const documents: Content[] = [];
  let held = 0;
  for (const file of root.files) {
    if (file.path !== root.path && !isWanted(file.path, notes)) continue;
    for (const content of openContent(file, unpacking)) {
      const cursor = new Cursor(content.chunks);
      const opened = { path: content.path, chunks: cursor.rest() };
      if (content.path === root.path || !isDocument(content.path, cursor.peek(DOCUMENT_HEAD_BYTES)))
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
 * A JSON file whose first line opens an object without closing it, or a saved answer of the REST API: no log with an
 * object per line.
 */
function isDocument(path: string, head: Buffer): boolean {
  if (!path.toLowerCase().endsWith('.json')) return false;
  const text = head.toString('latin1');
  return /^\s*[[{]\s*\n/.test(text) || looksLikeExceptions(text);
}

/** A file as it is to be read, with what is known of its process beside its path. */
interface Part extends Content {
  readonly source?: Partial<Source>;
  /** A view of a file that was counted with another view of it. */
  readonly isCounted?: boolean;
}

/** A form that is no log, and the logs that it stands for; undefined when it only looked like it. */
interface Form {
  readonly fits: (head: string, kind: FileKind) => boolean;
  /** So much of the file is looked at; FORM_HEAD_BYTES when left out. */
  readonly headBytes?: number;
  readonly open: (path: string, cursor: Cursor) => Iterable<Part> | undefined;
}

const FORMS: readonly Form[] = [
  { fits: looksLikeExceptions, open: asDocument(renderExceptions) },
  { fits: looksLikeThreadDump, open: asDocument(renderThreadDump) },
  { fits: looksLikeHsErr, open: asDocument(renderHsErr) },
  { fits: looksLikePods, open: openPods },
  { fits: looksLikeEvents, open: asDocument(renderEvents) },
  { fits: looksLikeYarnLogs, open: splitYarnLogs },
  { fits: looksLikeOperator, open: openOperator },
  { fits: looksLikeGrep, open: openGrep },
  { fits: looksLikeGcLog, open: (path, cursor) => [{ path, chunks: watchGcLog(cursor) }] },
  // What a program prints may look quoted.
  {
    fits: (head, kind) => kind === 'log' && CLEANERS.some(({ looks }) => looks(breakLines(head))),
    headBytes: PREFIX_LOOK_BYTES,
    open: asDocument(cleanText),
  },
];
const FORM_HEAD_BYTES = 4096;

/** Such a document is small; a larger one is taken for the log that it looks like. */
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

/** What a text went through before it came here, in the order in which it is undone. */
const CLEANERS: readonly { readonly looks: (head: string) => boolean; readonly clean: (text: string) => string }[] = [
  { looks: looksLikePaste, clean: cleanPaste },
  { looks: looksLinked, clean: cleanLinks },
  { looks: looksIndented, clean: cleanIndent },
  { looks: looksCut, clean: joinCut },
  { looks: looksWrapped, clean: joinWrapped },
  { looks: looksPrefixed, clean: cleanPrefix },
  { looks: looksLikeSentry, clean: cleanSentry },
];

function cleanText(text: string): string {
  return CLEANERS.reduce(
    (known, { looks, clean }) =>
      looks(Buffer.from(known.slice(0, PREFIX_LOOK_BYTES)).toString('latin1')) ? clean(known) : known,
    breakLines(text),
  );
}

/** Line breaks of Windows. */
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

/** A file that is no archive any more → entries, whatever form it has. */
function* readContent(content: Part, notes: ReadNotes, wanted?: Wanted): Generator<Entry> {
  const cursor = new Cursor(decodeChunks(content.chunks));
  const head = cursor.peek(FORM_HEAD_BYTES);
  if (head.length === 0) return;
  if (isBinary(cursor.peek(BINARY_LOOK_BYTES))) return addNote(notes, createNote(content.path, 'binary'));
  const { kind } = describeSource(content.path);
  const form = FORMS.find(({ fits, headBytes }) =>
    fits((headBytes === undefined ? head : cursor.peek(headBytes)).toString('latin1'), kind),
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
  const form = findForm(cursor.peek(FORM_LOOK_BYTES));
  const skimmer = createSkimmer({ kind: source.kind, form }, wanted?.find);
  let previousTime: number | undefined;
  const toEntry = (skimmed: SkimmedEntry): Entry => {
    const entry = makeEntry(skimmed, source, previousTime, wanted);
    // Only the head is looked at: enough to know its time.
    previousTime = needsTime(source)
      ? (parseEntry(skimmed.bytes.subarray(0, TIME_LOOK_BYTES)).time ?? previousTime)
      : previousTime;
    return entry;
  };
  for (const chunk of cursor.rest()) {
    notes.bytes += chunk.length;
    if (wanted === undefined) for (const skimmed of skimmer.push(chunk)) yield toEntry(skimmed);
    else {
      // Of the little that is wanted copies are made, and the chunk is used again.
      for (const skimmed of skimmer.push(chunk)) yield toEntry({ ...skimmed, bytes: Buffer.from(skimmed.bytes) });
      wanted.giveBack(chunk);
    }
  }
  for (const skimmed of skimmer.flush()) yield toEntry(skimmed);
  notes.lines += skimmer.lines;
}

const TIME_LOOK_BYTES = 64;

/** In files that print without times (.out, unknown) an undated line takes the time of the one before. */
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
    met: skimmed.met === undefined || wanted === undefined ? undefined : { by: wanted.find.by, texts: skimmed.met },
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
    host: names.host,
    cluster: names.cluster,
    jobId: names.jobId,
  };
}
