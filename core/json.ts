// Reads fields of a JSON value that came from outside. A missing value, or one of another type, becomes undefined, an
// empty text or an empty list. Meant for answers whose form Jobtrace does not control; document.ts checks its own
// documents.

/** True if the value is a map of keys to values: neither null nor a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function fieldAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(key)
    : undefined;
}

export function textAt(value: unknown, key: string): string {
  const field = fieldAt(value, key);
  return typeof field === 'string' ? field : '';
}

export function listAt(value: unknown, key: string): readonly unknown[] {
  const list = fieldAt(value, key);
  return Array.isArray(list) ? list : [];
}

/**
 * Returns the values without those that are undefined, because a key without a value would still be a key of the map.
 */
export function omitMissing<Key extends string, Value>(
  values: Readonly<Record<Key, Value | undefined>>,
): { [K in Key]?: Value } {
  const kept: { [K in Key]?: Value } = {};
  for (const key in values) {
    const value = values[key];
    if (value !== undefined) kept[key] = value;
  }
  return kept;
}
