// Fields of a value that came from outside as JSON, read defensively: what is missing or of another type is undefined,
// an empty text or an empty list. For answers whose form is not ours; documents of our own are checked in document.ts.

/** A map of keys to values: neither null nor a list. */
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

/** The values that are there: for maps, where a key without a value would be one more. */
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
