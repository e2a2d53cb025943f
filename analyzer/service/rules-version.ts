// Computes a version of the rules: the same text for the same rules and tables, wherever their files lie. The service
// compares it to detect that other rules judged what is stored. It opens all rules. Pure functions.
import { hash } from 'node:crypto';
import { isObject } from '../../core/json.js';
import { ENGINE_TABLES, NAME_TABLES } from '../catalog/engine.js';
import type { Catalog } from '../catalog/catalog.js';

const VERSION_UNITS = 12;

export function describeCatalog(catalog: Catalog): string {
  let version = known.get(catalog);
  if (version === undefined) known.set(catalog, (version = computeVersion(catalog)));
  return version;
}

const known = new WeakMap<Catalog, string>();

function computeVersion({ rules, engine }: Catalog): string {
  const text = JSON.stringify([rules, [...ENGINE_TABLES, ...NAME_TABLES].map((table) => engine[table])], keepWords);
  return hash('sha256', text, 'base64url').slice(0, VERSION_UNITS);
}

/**
 * Leaves out where a rule stands and what proves it, because they do not change what the rule does. A pattern, an
 * expression or a text is represented by its source.
 */
function keepWords(key: string, value: unknown): unknown {
  if (LEFT_OUT.has(key) && (typeof value === 'string' || key !== 'file')) return undefined;
  return isObject(value) && typeof value['source'] === 'string' ? value['source'] : value;
}

const LEFT_OUT: ReadonlySet<string> = new Set(['file', 'path', 'match', 'nearmiss', 'why']);
