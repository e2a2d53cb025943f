// Parses the text of a Java stack trace, in any form in which logs and people show it, into its links, outermost first,
// and derives what follows from them: the root, and the owner of the code. Which rule matches is decided elsewhere.
import { remember } from '../../core/cache.js';
import type { Owner } from '../../core/documents/incident.js';
import type { ChainLink } from '../../core/types.js';
import {
  cleanTraceLine,
  readColonHeader,
  readFrame,
  readHeader,
  readPythonError,
  readPythonFrame,
  stripField,
} from './trace-line.js';
import { findPackage, type CodeOwners } from './packages.js';

interface Draft {
  type: string;
  message: string;
  readonly frames: string[];
  shared?: number;
  relation: ChainLink['relation'];
}

interface State {
  readonly links: Draft[];
  current: Draft | undefined;
  /** Link to which frames after an embedded trace belong. */
  embedding: Draft | undefined;
  /** Indentation of the open `Suppressed:` block, or -1. */
  suppressedAt: number;
  /** Frames of an open Python traceback, with the place of the error first. */
  python: string[];
}

const SERIALIZED = 'org.apache.flink.util.SerializedThrowable';
const SERIALIZED_OLD = 'org.apache.flink.runtime.util.SerializedThrowable';
const OUT_OF_MEMORY = 'java.lang.OutOfMemoryError';
/** Text after which Flink's client puts the message of the program's exception, without its class. */
const MAIN_THREW = 'The main method caused an error: ';
/** Error of Py4J. The Java exception is in the next line, after a colon. */
const PY4J = 'Py4JJavaError';
/**
 * Text of the last message of Beam's Python client, with what its job server reported after it: the class and the
 * message of the root, without a trace.
 */
const PIPELINE_FAILED = / failed in state FAILED: /;
/** Ends of class names. Of a class name that a paste cut off, only the beginning is left. */
const NAMED = /(?:Exception|Error|Throwable|Failure|Fault|Timeout)$/;
/** Limit of a message, in characters. */
const MESSAGE_LIMIT = 8192;

/**
 * Parses a trace. Known forms: log4j 2 (` ~[jar:version]` after frames), log4j 1 and the JVM (plain), logback
 * (`Wrapped by:`, `common frames omitted`), nested causes and suppressed ones, SerializedThrowable,
 * `AsynchronousException{…}`, traces inside a message ("<Exception on server side:"), JSON-escaped ones, frames with
 * time stamps before them, pasted without indentation. A Python traceback is a link if no Java exception stands before
 * it.
 */
export function parseChain(text: string): ChainLink[] {
  const state: State = { links: [], current: undefined, embedding: undefined, suppressedAt: -1, python: [] };
  for (const line of splitLines(text)) readLine(state, line);
  if (isCutOff(state.links.at(-1))) state.links.pop();
  return state.links.flatMap(finishLink).flatMap(nameLostProgram).flatMap(nameLostCause).flatMap(nameLostPipeline);
}

/** Limits of the texts that are kept: their length, and their number. */
const MAX_KEPT_CHARS = 4096;
const MAX_KEPT = 500;

/** Creates a cached parseChain, because a job that restarts throws the same exception again and again. */
export function createChainReader(): (text: string) => readonly ChainLink[] {
  const readKnown = remember(MAX_KEPT, parseChain);
  return (text) => (text.length > MAX_KEPT_CHARS ? parseChain(text) : readKnown(text));
}

/**
 * Returns the link that says what happened: an OutOfMemoryError at any place, otherwise the last cause; never a
 * suppressed one.
 */
export function root(links: readonly ChainLink[]): ChainLink | undefined {
  const own = firstChain(links);
  return own.find((link) => link.type === OUT_OF_MEMORY) ?? own.at(-1);
}

/** Returns the exception classes from the outermost to the innermost, without the suppressed ones. */
export function chainTypes(links: readonly ChainLink[]): string[] {
  return links.filter((link) => link.relation !== 'suppressed' && link.type !== '').map((link) => link.type);
}

/** True if the class was lost on the way to the log, so that it may be any class. */
export function isLost({ type }: Pick<ChainLink, 'type'>): boolean {
  return type === '' || type === SERIALIZED || type === SERIALIZED_OLD;
}

/** Returns the first frame of the job's own code, starting with the root's frames. */
export const firstUserFrame = rememberLast(findUserFrame);

function findUserFrame(links: readonly ChainLink[], code: CodeOwners): string | undefined {
  const own = findOwnPackages(links, code);
  for (const link of [...firstChain(links)].reverse()) {
    const frame = link.frames.find((candidate) => isOwn(candidate, own, code));
    if (frame !== undefined) return frame;
  }
  return undefined;
}

/**
 * Returns the packages of the functions that Flink calls. What such a function calls is a library, although no table
 * knows it. Returns none if the trace does not show a call, so that all unknown code counts as the job's own.
 */
const findOwnPackages = rememberLast((links: readonly ChainLink[], code: CodeOwners): ReadonlySet<string> => {
  const own = new Set<string>();
  let outer: readonly string[] = [];
  for (const { frames, shared = 0 } of firstChain(links)) {
    const whole = [...frames, ...(shared > 0 ? outer.slice(-shared) : [])];
    outer = whole;
    for (const [at, frame] of whole.entries()) {
      if (!code.isUser(frame)) continue;
      const caller = whole.slice(at + 1).find((candidate) => !code.isNeutral(candidate));
      if (caller !== undefined && !code.isUser(caller)) own.add(findPackage(frame));
    }
  }
  return own;
});

function isOwn(frame: string, own: ReadonlySet<string>, code: CodeOwners): boolean {
  return code.isUser(frame) && (own.size === 0 || PYTHON_FRAME.test(frame) || own.has(findPackage(frame)));
}

const PYTHON_FRAME = /\.py:\d+\)$/;

/** Code that threw: its owner, or a library that the job's own code called. */
export interface Thrower {
  readonly owner: Owner | 'library';
  /** Topmost frame of this code; absent if the trace shows none. */
  readonly frame?: string;
}

/**
 * Decides which code threw (ownerOfFrames), and sets apart what the job's own code called: libraries by a table, and
 * those that no table knows by the function that Flink calls.
 */
export function findThrower(links: readonly ChainLink[], code: CodeOwners): Thrower {
  const frames = [...firstChain(links)].reverse().flatMap((link) => link.frames);
  const at = frames.findIndex((frame) => !code.isNeutral(frame));
  const frame = frames[at];
  if (frame === undefined || code.ownerOf(frame) !== 'user-code') return { owner: ownerOfFrames(links, code), frame };
  if (!code.isUser(frame)) return { owner: 'user-code', frame };
  const library = frames.slice(0, at).find(code.isLibrary);
  if (library !== undefined) return { owner: 'library', frame: library };
  return { owner: isOwn(frame, findOwnPackages(links, code), code) ? 'user-code' : 'library', frame };
}

/**
 * Decides whose code threw: by the topmost frame of the root that is in no neutral library, then by those of the links
 * around it. A client that shows no frames names a class: the owner of a library threw that library's class, but it is
 * undecided who throws a class of the job's own.
 */
export function ownerOfFrames(links: readonly ChainLink[], code: CodeOwners): Owner {
  const inner = [...firstChain(links)].reverse();
  for (const link of inner) {
    const frame = link.frames.find((candidate) => !code.isNeutral(candidate));
    if (frame !== undefined) return code.ownerOf(frame);
  }
  const named = hasFrames(links) ? undefined : inner.find((link) => link.type !== '' && !code.isNeutral(link.type));
  return named === undefined || code.isUser(named.type) ? 'framework' : code.ownerOf(named.type);
}

/** Returns false for an exception that a client shows without a trace. */
export function hasFrames(links: readonly ChainLink[]): boolean {
  return links.some((link) => link.frames.length > 0);
}

function splitLines(text: string): string[] {
  const unfolded =
    !text.includes('\n') || text.includes('\\n\\tat ')
      ? stripField(text).replace(/^"/, '').replaceAll('\\r', '').replaceAll('\\n', '\n').replaceAll('\\t', '\t')
      : text;
  return unfolded.split('\n');
}

function readLine(state: State, raw: string): void {
  const { indent, content } = cleanTraceLine(raw);
  if (content === '') return;
  const frame = readFrame(content);
  if (frame !== undefined) return addFrame(state, frame);
  if (state.current === undefined && readPython(state, content, indent)) return;
  if (content.startsWith('Caused by:')) return openLink(state, content.slice(10).trim(), 'cause', indent);
  if (content.startsWith('Suppressed:')) return openLink(state, content.slice(11).trim(), 'suppressed', indent);
  if (content.startsWith(': ') && state.current?.type.endsWith(PY4J) === true)
    return openLink(state, content.slice(2), 'cause', indent);
  if (content.startsWith('Wrapped by:')) return openWrapper(state, content.slice(11).trim());
  if (content.startsWith('... ')) return noteShared(state, content);
  if (content.startsWith('End of exception on server side')) return closeEmbedded(state);
  readText(state, content, indent);
}

/**
 * Reads a line of a Python traceback, which prints the frames first, each with its source, and the error at the end.
 */
function readPython(state: State, content: string, indent: number): boolean {
  if (content.startsWith('Traceback (most recent call last)')) return true;
  const frame = readPythonFrame(content);
  if (frame !== undefined) return state.python.unshift(frame) > 0;
  const error = indent === 0 && state.python.length > 0 ? readPythonError(content) : undefined;
  if (error !== undefined) pushLink(state, { ...error, frames: state.python.splice(0), relation: 'outer' });
  return error !== undefined;
}

/** Reads a line that is no frame and no cause: a header, or more of a message. */
function readText(state: State, content: string, indent: number): void {
  const current = state.current;
  const header = current === undefined ? readColonHeader(content) : indent === 0 ? readHeader(content) : undefined;
  if (header !== undefined && (current === undefined || current.frames.length > 0)) return startChain(state, header);
  if (header !== undefined && current !== undefined) return embedLink(state, current, header);
  if (current !== undefined && current.frames.length === 0) current.message = joinMessage(current.message, content);
}

function startChain(state: State, header: { readonly type: string; readonly message: string }): void {
  state.suppressedAt = -1;
  pushLink(state, { ...header, frames: [], relation: 'outer' });
}

/** Adds a trace inside the message of another one, as the REST client prints the server's exception. */
function embedLink(state: State, outer: Draft, header: { readonly type: string; readonly message: string }): void {
  state.embedding ??= outer;
  pushLink(state, { ...header, frames: [], relation: outer.relation === 'suppressed' ? 'suppressed' : 'cause' });
}

function closeEmbedded(state: State): void {
  if (state.embedding !== undefined) state.current = state.embedding;
  state.embedding = undefined;
}

function openLink(state: State, content: string, relation: 'cause' | 'suppressed', indent: number): void {
  if (content.startsWith('[CIRCULAR REFERENCE')) return;
  if (relation === 'suppressed') state.suppressedAt = indent;
  else if (indent < state.suppressedAt || indent === 0) state.suppressedAt = -1;
  const header = readHeader(content, true) ?? { type: '', message: content };
  pushLink(state, { ...header, frames: [], relation: state.suppressedAt >= 0 ? 'suppressed' : relation });
}

/** Adds what wraps the root: logback's `%rEx` prints the root first. */
function openWrapper(state: State, content: string): void {
  const first = state.links[0];
  if (first !== undefined) first.relation = 'cause';
  const link: Draft = {
    ...(readHeader(content, true) ?? { type: '', message: content }),
    frames: [],
    relation: 'outer',
  };
  state.links.unshift(link);
  state.current = link;
}

function pushLink(state: State, link: Draft): void {
  state.links.push(link);
  state.current = link;
}

function addFrame(state: State, frame: string): void {
  if (state.current === undefined) pushLink(state, { type: '', message: '', frames: [], relation: 'outer' });
  state.current?.frames.push(frame);
}

/** Notes the number of shared frames: `... 12 more`, `... 12 common frames omitted`. */
function noteShared({ current }: State, content: string): void {
  const shared = Number.parseInt(content.slice(4), 10);
  if (current !== undefined && shared > 0) current.shared = shared;
}

function joinMessage(message: string, line: string): string {
  return message.length > MESSAGE_LIMIT ? message : message === '' ? line : `${message}\n${line}`;
}

/** Returns true if a paste was cut off here: `Caused by:`, or `Caused by: org.apache.fli`, names nothing. */
function isCutOff(last: Draft | undefined): boolean {
  return (
    last !== undefined &&
    last.relation === 'cause' &&
    last.message === '' &&
    last.frames.length === 0 &&
    !NAMED.test(last.type)
  );
}

/** Opens SerializedThrowable and braces: `AsynchronousException{a.BException: text}` is two links. */
function finishLink(draft: Draft): ChainLink[] {
  const { type, message, ...rest } = draft;
  const { relation } = draft;
  if (type === SERIALIZED || type === SERIALIZED_OLD) {
    const original = readHeader(message);
    return [original === undefined ? draft : { ...original, ...rest }];
  }
  if (!message.startsWith('{')) return [draft];
  const inner = readHeader(message.slice(1).replace(/\}\s*$/, ''));
  if (inner === undefined) return [draft];
  return [
    { type, message: '', frames: [], relation },
    { ...inner, ...rest, relation: relation === 'suppressed' ? 'suppressed' : 'cause' },
  ];
}

/**
 * Adds a lost cause. Java takes a cause's own text as the message of the exception that wraps it
 * (`ExecutionException: a.BException: text`). If the paste lacks that `Caused by:`, this text is all that is left of
 * the cause.
 */
function nameLostCause(link: ChainLink, index: number, links: readonly ChainLink[]): ChainLink[] {
  if (link.relation === 'suppressed') return [link];
  const next = links.slice(index + 1).find((other) => other.relation === 'cause');
  const lost: ChainLink[] = [];
  for (
    let header = readHeader(link.message);
    header !== undefined && header.type !== next?.type;
    header = readHeader(header.message)
  )
    lost.push({ ...header, frames: [], relation: 'cause' });
  return [link, ...lost];
}

/**
 * Adds the lost cause of a program's failure. If nothing follows the failure, its message is all that is left of the
 * cause; the class is named in it or may be any.
 */
function nameLostProgram(link: ChainLink, index: number, links: readonly ChainLink[]): ChainLink[] {
  const followed = links.slice(index + 1).some((other) => other.relation === 'cause');
  if (
    followed ||
    link.relation === 'suppressed' ||
    !link.type.endsWith('ProgramInvocationException') ||
    !link.message.startsWith(MAIN_THREW)
  )
    return [link];
  const text = link.message.slice(MAIN_THREW.length);
  if (text === '' || text === 'null') return [link];
  return [link, { ...(readHeader(text) ?? { type: SERIALIZED, message: text }), frames: [], relation: 'cause' }];
}

/**
 * Adds the Java exception as the cause of the Python one: `RuntimeError: Pipeline orders-1 failed in state FAILED:
 * a.b.CException: text`.
 */
function nameLostPipeline(link: ChainLink): ChainLink[] {
  const found =
    link.type === 'RuntimeError' && link.message.startsWith('Pipeline ') ? PIPELINE_FAILED.exec(link.message) : null;
  const header = found === null ? undefined : readHeader(link.message.slice(found.index + found[0].length));
  return header === undefined ? [link] : [link, { ...header, frames: [], relation: 'cause' }];
}

/**
 * Caches the last result, because every rule that matches a chain asks the same question, one right after the other.
 */
export function rememberLast<Rest extends readonly unknown[], Value>(
  find: (links: readonly ChainLink[], ...rest: Rest) => Value,
): (links: readonly ChainLink[], ...rest: Rest) => Value {
  let last: { readonly links: readonly ChainLink[]; readonly rest: Rest; readonly value: Value } | undefined;
  return (links, ...rest) => {
    if (last === undefined || last.links !== links || last.rest.some((part, index) => part !== rest[index]))
      last = { links, rest, value: find(links, ...rest) };
    return last.value;
  };
}

/** Returns the links of the first trace. A text may hold several traces, and the first one is the entry's. */
export function firstChain(links: readonly ChainLink[]): readonly ChainLink[] {
  const own = links.filter((link) => link.relation !== 'suppressed');
  const second = own.findIndex((link, index) => index > 0 && link.relation === 'outer');
  return second === -1 ? own : own.slice(0, second);
}
