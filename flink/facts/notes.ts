// What a file's own lines have said so far of the process that writes it: its version of Flink and its resource id.
// Every record of the file gets it from then on. It follows from the bytes before an entry alone and is kept with the
// offset in the agent's checkpoint, so a reading that goes on after a restart writes the same. Pure; called by the
// agent's parse.ts.
import type { LogRecord } from '../../core/types.js';
import type { Fact } from './fact.js';

/** As fields of the records. */
export type ProcessNotes = Pick<LogRecord, 'flink.version' | 'flink.process.id'>;

/** At the beginning of a file, and wherever nobody read what stands before. */
export const NO_NOTES: ProcessNotes = {};

/**
 * A banner begins another process: what was known of the one before is forgotten. A resource id counts only behind a
 * banner: a program that runs a whole cluster in itself prints none, and several ids.
 */
export function updateNotes(notes: ProcessNotes, facts: readonly Fact[]): ProcessNotes {
  let next = facts.some((fact) => fact.type === 'process-start') ? NO_NOTES : notes;
  for (const fact of facts) {
    if (fact.type === 'version') next = { ...next, 'flink.version': fact.version };
    if (fact.type === 'process-id' && next['flink.version'] !== undefined)
      next = { ...next, 'flink.process.id': fact.resourceId };
  }
  return next;
}
