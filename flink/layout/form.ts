// Detects the form of a file from its first bytes and creates the splitter for it: lines of one writer (split.ts), the
// streams of a container (streams.ts), or UTF-16 (utf16.ts).
import { findUtf16, UTF16_FORMS } from '../bytes/utf16.js';
import { isContainerLine } from '../bytes/wrapper.js';
import { EntrySplitter, type Splitter } from './split.js';
import { StreamSplitter, type StreamOptions } from './streams.js';
import { Utf16Splitter } from './utf16-file.js';

export const FILE_FORMS = ['lines', 'streams', ...UTF16_FORMS] as const;
export type FileForm = (typeof FILE_FORMS)[number];

export interface FormOptions extends StreamOptions {
  /** Form of the file; default: lines of one writer. */
  readonly form?: FileForm;
}

/** Number of bytes of a file that are enough to detect its form. */
export const FORM_PROBE_BYTES = 512;

export function findForm(firstBytes: Buffer): FileForm {
  const utf16 = findUtf16(firstBytes);
  if (utf16 !== undefined) return utf16;
  const newline = firstBytes.indexOf(10);
  return isContainerLine(firstBytes, 0, newline < 0 ? firstBytes.length : newline) ? 'streams' : 'lines';
}

export function createFormSplitter(options: FormOptions): Splitter {
  switch (options.form) {
    case 'streams':
      return new StreamSplitter(options);
    case 'utf-16le':
    case 'utf-16be':
      return new Utf16Splitter({ ...options, form: options.form });
    default:
      return new EntrySplitter(options);
  }
}
