// What an exception complains of, by its class and its words (rules/engine/complaints.yaml): with it a general rule
// chooses between checking the network, a grant, a table or a version for a message that no rule knows. Pure; asked by
// conclude.ts.
import type { Complaint, Engine } from '../catalog/engine/engine.js';
import type { FailureLink } from '../entry/signal.js';

/** Of the deepest exception that says something; undefined when none does. The root stands last. */
export function readComplaint(links: readonly FailureLink[], { complaints }: Engine): Complaint | undefined {
  for (const { type, message } of links.toReversed()) {
    const text = message.toLowerCase();
    const row = complaints.find(
      ({ parts, says }) => parts.some((part) => type.includes(part)) || says.some((words) => text.includes(words)),
    );
    if (row !== undefined) return row.complaint;
  }
  return undefined;
}
