// Records that may be deleted before all others: those of a level that shows no trouble, without an exception, that no
// incident shows. Each store deletes them in its own way. Pure functions.
import { isObject } from '../core/json.js';
import type { Level } from '../core/types.js';
import { parseJson } from './stored.js';

export const SHORT_LIVED_LEVELS: readonly Level[] = ['TRACE', 'DEBUG', 'INFO'];

/** Returns the ids of the records that an incident shows, wherever they are in its document. */
export function listEvidence(body: string): readonly string[] {
  const ids: string[] = [];
  collect(parseJson(body), ids);
  return ids;
}

function collect(value: unknown, ids: string[]): void {
  if (Array.isArray(value)) for (const item of value) collect(item, ids);
  else if (isObject(value))
    for (const [name, item] of Object.entries(value))
      if (name === 'recordId' && typeof item === 'string') ids.push(item);
      else collect(item, ids);
}
