// Splits the output of `yarn logs -applicationId …` into the files that it holds, each under its container, as if they
// lay in the node manager's folders. What a client wrote before them comes first. The output is read as it comes,
// because it may be larger than memory. Forms: Hadoop 2 (`Log Upload Time`, `Log Contents:`) and 3
// (`LogLastModifiedTime`, `LogContents:`), with or without `End of LogType`.
import { findSmallest } from '../../core/sequence.js';
import type { Content } from './files/archive.js';
import type { Cursor } from './files/cursor.js';
import { drain, keepOpen } from './files/tar.js';

export function mayBeYarnLogs(start: string): boolean {
  return /^Container: container_\S+ on \S+/m.test(start) && /^LogType: ?\S/m.test(start);
}

/** File of a container, and the machine on which the container ran. */
export interface ContainerFile extends Content {
  readonly source?: { readonly host?: string };
}

const MAX_LINE_BYTES = 4096;

export function* splitYarnLogs(path: string, cursor: Cursor): Generator<ContainerFile> {
  const before = cursor.take(findEnd(cursor.peek(CHUNK_BYTES), true) ?? 0);
  if (before !== undefined && before.toString('latin1').trim() !== '') yield { path, chunks: [before] };
  let container = { id: 'container', host: '' };
  let name: string | undefined;
  for (let line = takeLine(cursor); line !== undefined; line = takeLine(cursor)) {
    const header = /^Container: (container_\S+) on (\S+?)(?:_\d+)*\s*$/.exec(line);
    if (header !== null) container = { id: header[1] ?? '', host: header[2] ?? '' };
    name = /^LogType: ?(\S+)/.exec(line)?.[1] ?? name;
    if (name === undefined || !/^Log ?Contents:/.test(line)) continue;
    const body = takeBody(cursor);
    yield {
      path: `${path}/${container.id}/${name}`,
      chunks: keepOpen(body),
      source: container.host === '' ? {} : { host: container.host },
    };
    drain(body);
    name = undefined;
  }
}

/** Takes a line without its line break; a longer line comes in chunks. */
function takeLine(cursor: Cursor): string | undefined {
  const bytes = cursor.peek(MAX_LINE_BYTES);
  if (bytes.length === 0) return undefined;
  const newline = bytes.indexOf(10);
  return cursor
    .take(newline < 0 ? bytes.length : newline + 1)
    ?.toString('utf8')
    .replace(/\r?\n$/, '');
}

/** Texts that end a file if they stand at the beginning of a line: an end marker, or the header of the next file. */
const ENDS = ['End of LogType:', 'LogType:', 'Container: container_'].map((words) => Buffer.from(words));
const END_BYTES = 32;
const CHUNK_BYTES = 1 << 20;

/** Yields whole lines up to the line that ends the file; that line is not taken. */
function* takeBody(cursor: Cursor): Generator<Buffer> {
  let lineStart = true;
  for (let bytes = cursor.peek(CHUNK_BYTES); bytes.length > 0; bytes = cursor.peek(CHUNK_BYTES)) {
    const end = findEnd(bytes, lineStart);
    if (end === 0) return;
    const last =
      bytes.length < CHUNK_BYTES || end !== undefined ? undefined : bytes.lastIndexOf(10, bytes.length - END_BYTES);
    const length = end ?? (last === undefined || last < 0 ? bytes.length : last + 1);
    const chunk = cursor.take(length);
    if (chunk === undefined) return;
    lineStart = chunk[chunk.length - 1] === 10;
    yield chunk;
    if (end !== undefined) return;
  }
}

function findEnd(bytes: Buffer, lineStart: boolean): number | undefined {
  const found = ENDS.flatMap((words) => {
    if (lineStart && bytes.subarray(0, words.length).equals(words)) return [0];
    const at = bytes.indexOf(`\n${words.toString()}`);
    return at < 0 ? [] : [at + 1];
  });
  return found.length === 0 ? undefined : findSmallest(found);
}
