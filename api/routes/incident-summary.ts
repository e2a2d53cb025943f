// Reduces an incident to its summary for lists: failure, owner and start time. Reasons, fixes and evidence are
// a hundred times as large, so only the route of a single incident returns them. Pure function.
import type { Diagnosis, Incident } from '../../core/documents/incident.js';

/** Largest number of items from each list of an incident. */
const SHOWN = 3;
const MAX_MESSAGE = 300;

export function summarizeIncident<
  Shown extends Omit<Incident, 'diagnoses'> & { readonly diagnoses: readonly Diagnosis[] },
>(incident: Shown) {
  const { facts, processes, attempts, diagnoses, unknown, ...summary } = incident;
  return {
    ...summary,
    processes: processes.slice(0, SHOWN),
    attempts: attempts.slice(-SHOWN),
    diagnoses: diagnoses.slice(0, SHOWN).map((diagnosis) => {
      const { reasons, fixes, evidence, references, values, score, ...own } = diagnosis;
      return own;
    }),
    unknown: unknown.slice(0, SHOWN).map(({ evidence, message, chain, ...own }) => {
      return { ...own, chain: chain.slice(0, SHOWN), message: message.slice(0, MAX_MESSAGE) };
    }),
  };
}
