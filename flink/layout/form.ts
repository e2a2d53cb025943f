// What a file is made of, told by its first bytes, and the splitter for it: lines of one writer (split.ts) or the
// streams of a container (streams.ts). Called by whoever splits files: the agent's tail and offline diagnosis.
import { isContainerLine } from '../bytes/wrapper.js';
import { EntrySplitter, type Splitter } from './split.js';
import { StreamSplitter, type StreamOptions } from './streams.js';

export const FILE_FORMS = ['lines', 'streams'] as const;
export type FileForm = (typeof FILE_FORMS)[number];

export interface FormOptions extends StreamOptions {
  /** Lines of one writer when left out. */
  readonly form?: FileForm;
}

/** So much of a file is enough to tell. */
export const FORM_LOOK_BYTES = 512;

export function findForm(head: Buffer): FileForm {
  const newline = head.indexOf(10);
  return isContainerLine(head, 0, newline < 0 ? head.length : newline) ? 'streams' : 'lines';
}

export function createFormSplitter(options: FormOptions): Splitter {
  return options.form === 'streams' ? new StreamSplitter(options) : new EntrySplitter(options);
}
