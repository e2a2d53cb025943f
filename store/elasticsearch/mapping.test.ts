import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildTemplates, TEMPLATE_VERSION } from './mapping.js';

describe('the index templates', () => {
  it('get a new version with every change, or clusters keep the old ones', () => {
    const templates = JSON.stringify(sortKeys(buildTemplates('p', {})));

    // Another hash: raise TEMPLATE_VERSION and note both here.
    expect([TEMPLATE_VERSION, hash('sha256', templates).slice(0, 12)]).toEqual([1, 'e3d79763ebd7']);
  });
});

/** The order of fields is no change. */
function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  );
}
