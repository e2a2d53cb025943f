// Reads causes.yaml of each folder into the causes by their id; causes of a later folder win. The other files of this
// folder ask it which causes exist.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblems } from '../../core/document.js';
import { findNearest } from '../../core/text/nearest.js';
import { type Owner, OWNER } from '../../core/documents/incident.js';
import type { Text } from '../../core/types.js';
import { PREPARED } from './prepared.js';

export interface Cause {
  readonly id: string;
  readonly title: Text;
  readonly owner: Owner;
  readonly symptom: boolean;
}

const CAUSES_SCHEMA = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    required: ['title', 'owner'],
    properties: {
      title: {
        type: 'object',
        additionalProperties: false,
        required: ['en', 'zh'],
        properties: { en: { type: 'string', minLength: 1 }, zh: { type: 'string', minLength: 1 } },
      },
      owner: { enum: OWNER.enum },
      symptom: { type: 'boolean' },
    },
  },
};

export function readCauses(folders: ReadonlySet<string>, problems: string[]): ReadonlyMap<string, Cause> {
  const causes = new Map<string, Cause>();
  for (const folder of folders) {
    const file = join(folder, 'causes.yaml');
    if (!existsSync(file)) continue;
    const document = PREPARED.read(file, file, () => CAUSES_SCHEMA);
    if (document.problems.length > 0)
      for (const line of formatProblems(file, document.problems).split('\n')) problems.push(line);
    else if (isCausesFile(document.value)) {
      for (const [id, cause] of Object.entries(document.value))
        causes.set(id, { id, title: cause.title, owner: cause.owner, symptom: cause.symptom ?? false });
    }
  }
  return causes;
}

/** True if the document is a file of causes. It must be valid by CAUSES_SCHEMA. */
function isCausesFile(
  value: unknown,
): value is Readonly<Record<string, { readonly title: Text; readonly owner: Owner; readonly symptom?: boolean }>> {
  return typeof value === 'object' && value !== null;
}

/** Suggests the nearest known cause, as a question; empty if there is none. */
export function suggestCause(id: string, causes: ReadonlyMap<string, Cause>): string {
  const nearest = findNearest(id, causes.keys());
  return nearest === undefined ? '' : `; did you mean \`${nearest}\`?`;
}
