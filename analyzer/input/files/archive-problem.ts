// Reason why an archive cannot be read further. It is thrown where bytes are unpacked and caught in archive.ts: what
// came before counts, and the rest becomes a note.
import type { NoteReason } from './note.js';

export class ArchiveProblem extends Error {
  constructor(
    readonly reason: NoteReason,
    readonly values: Readonly<Record<string, string>> = {},
  ) {
    super(reason);
  }
}
