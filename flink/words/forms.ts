// Which entries count although they hold no word: those of which the service sums up several
// (analyzer/service/forms.ts), collections in a GC log and the parts of a crash report of the JVM. The service asks the
// same of what it reads, and the agent marks no fewer. Pure.
import { basename } from 'node:path';
import type { FileKind } from '../../core/types.js';

/** Where both forms of a full collection have their word, and a crash report its first sentence. */
export const LOOK_BYTES = 256;
export const FULL = 'Full ';
/** The name that the JVM gives a report unless it is told another one. */
const REPORT_NAME = /^hs_err/;
/** Behind the frames nothing is wanted but the time, which Java 8 writes at the end. */
export const MOST_FRAMES_BYTES = 32 * 1024;
export const REPORT_TIME = /^[Tt]ime: /m;

/** May tell of a full collection. */
export function mayBeFull(bytes: Buffer): boolean {
  return bytes.subarray(0, LOOK_BYTES).includes(FULL);
}

export function isReportName(path: string): boolean {
  return REPORT_NAME.test(basename(path));
}

/** Kinds of files in which a report may stand. */
export function mayHoldReport(kind: FileKind): boolean {
  return kind === 'log' || kind === 'unknown';
}

export interface FormPart {
  readonly kind: FileKind;
  readonly path: string;
  readonly offset: number;
  readonly bytes: Buffer;
  /** It begins with a date, or as some layout's entry does. */
  readonly isLaidOut: boolean;
}

/** May be a part of a report that something is wanted of. What stands in a report is no line of a log. */
export function mayBeOfForm({ kind, path, offset, bytes, isLaidOut }: FormPart): boolean {
  if (mayBeFull(bytes)) return true;
  if (!mayHoldReport(kind)) return false;
  return (
    isReportName(path) || (!isLaidOut && (offset <= MOST_FRAMES_BYTES || REPORT_TIME.test(bytes.toString('latin1'))))
  );
}
