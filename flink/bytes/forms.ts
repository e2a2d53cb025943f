// Decides which entries matter although they hold no word: those of which the service summarises several
// (analyzer/service/forms.ts), collections in a GC log and parts of a JVM crash report. The service applies the same
// test to what it reads, and the agent flags no fewer entries. Pure functions.
import { basename } from 'node:path';
import type { FileKind } from '../../core/types.js';

/**
 * Number of bytes that hold the word of a full collection, in both of its forms, and the first sentence of a crash
 * report.
 */
export const FORM_WORD_BYTES = 256;
export const FULL = 'Full ';
/** Name that the JVM gives a report, unless it is configured otherwise. */
const REPORT_NAME = /^hs_err/;
/** Number of bytes after which only the time of a report is needed, which Java 8 writes at the end. */
export const MAX_FRAMES_BYTES = 32 * 1024;
export const REPORT_TIME = /^[Tt]ime: /m;

/** Returns true if the entry may be a full collection. */
export function mayBeFull(bytes: Buffer): boolean {
  return bytes.subarray(0, FORM_WORD_BYTES).includes(FULL);
}

export function isReportName(path: string): boolean {
  return REPORT_NAME.test(basename(path));
}

/** Returns true for kinds of files that may hold a report. */
export function mayHoldReport(kind: FileKind): boolean {
  return kind === 'log' || kind === 'unknown';
}

export interface FormPart {
  readonly kind: FileKind;
  readonly path: string;
  readonly offset: number;
  readonly bytes: Buffer;
  /** True if the entry begins with a date, or as the entries of some layout do. */
  readonly isLaidOut: boolean;
}

/** Returns true if the entry may be a part of a report that is needed. The lines of a report are no lines of a log. */
export function mayBeOfForm({ kind, path, offset, bytes, isLaidOut }: FormPart): boolean {
  if (mayBeFull(bytes)) return true;
  if (!mayHoldReport(kind)) return false;
  return (
    isReportName(path) || (!isLaidOut && (offset <= MAX_FRAMES_BYTES || REPORT_TIME.test(bytes.toString('latin1'))))
  );
}
