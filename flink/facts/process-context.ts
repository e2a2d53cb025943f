// Keeps the process context of a file: the Flink version and the resource id that its own lines have stated so far.
// Every later record of the file gets them. They follow only from the bytes before an entry and are kept with the
// offset in the agent's checkpoint, so a reading that continues after a restart writes the same. Pure functions.
import type { LogRecord } from '../../core/types.js';
import type { Fact } from './fact.js';

/** Process context, as fields of the records. */
export type ProcessContext = Pick<LogRecord, 'flink.version' | 'flink.process.id'>;

/** Context at the beginning of a file, and wherever the bytes before were not read. */
export const NO_PROCESS_CONTEXT: ProcessContext = {};

/**
 * Updates the context. A banner begins another process and clears what was known of the one before. A resource id
 * counts only after a banner, because a program that runs a whole cluster in itself prints no banner and several ids.
 */
export function updateProcessContext(context: ProcessContext, facts: readonly Fact[]): ProcessContext {
  let next = facts.some((fact) => fact.type === 'process-start') ? NO_PROCESS_CONTEXT : context;
  for (const fact of facts) {
    if (fact.type === 'version') next = { ...next, 'flink.version': fact.version };
    if (fact.type === 'process-id' && next['flink.version'] !== undefined)
      next = { ...next, 'flink.process.id': fact.resourceId };
  }
  return next;
}
