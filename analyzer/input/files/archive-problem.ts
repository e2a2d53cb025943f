// Why an archive cannot be read further. Thrown where bytes are unpacked, caught in archive.ts: what came before
// counts, the rest becomes a note.
import type { NoteReason } from './note.js';

export class ArchiveProblem extends Error {
  constructor(
    readonly reason: NoteReason,
    readonly values: Readonly<Record<string, string>> = {},
  ) {
    super(reason);
  }
}
