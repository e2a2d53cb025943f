// Which records may go before all others: those of a level that tells of no trouble, without an exception, that no
// incident shows. Both stores delete them so; how, they decide themselves. Pure.
import { isObject } from '../../core/json.js';
import type { Level } from '../../core/types.js';
import { parseJson } from '../stored.js';

export const SHORT_LIVED_LEVELS: readonly Level[] = ['TRACE', 'DEBUG', 'INFO'];

/** Ids of the records that an incident shows, wherever in its document they stand. */
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
