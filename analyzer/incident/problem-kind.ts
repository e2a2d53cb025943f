// Finds the kind of problem that an exception reports, by its class and message (rules/engine/complaints.yaml). A
// general rule uses it to advise on the network, a permission, a table or a version if no rule knows the message. Pure
// functions.
import type { Complaint, Engine } from '../catalog/engine.js';
import type { FailureLink } from '../entry/signal.js';

/**
 * Returns the kind of problem of the deepest exception for which one is known, or undefined. The root is last in
 * `links`.
 */
export function findProblemKind(links: readonly FailureLink[], { complaints }: Engine): Complaint | undefined {
  for (const { type, message } of links.toReversed()) {
    const text = message.toLowerCase();
    const row = complaints.find(
      ({ parts, says }) => parts.some((part) => type.includes(part)) || says.some((words) => text.includes(words)),
    );
    if (row !== undefined) return row.complaint;
  }
  return undefined;
}
