// Fields of the search box by their short names, from the table of fields (core/record.ts): which fields a name
// searches, how a bare value compares, and which values exist. query.ts expands them.
import { FIELD_ROWS, isValueField, listValues, type ShortName, type ValueField } from '../../core/record.js';

export interface SearchField extends ShortName {
  /** Fields in each of which the value is searched. */
  readonly fields: readonly ValueField[];
  readonly values?: readonly string[];
}

/** Fields in the order of the table. */
export const SEARCH_FIELDS: readonly SearchField[] = groupNames();

function groupNames(): SearchField[] {
  const found = new Map<string, SearchField>();
  for (const row of FIELD_ROWS) {
    if (!isValueField(row.name)) continue;
    for (const short of row.short ?? []) {
      const fields = [...(found.get(short.name)?.fields ?? []), row.name];
      found.set(short.name, { ...short, fields, values: listValues(row) });
    }
  }
  return [...found.values()];
}

/**
 * Finds a field by its short name, or by its own name ("log.level:ERROR"), in any case. Returns undefined if there is
 * none.
 */
export function findSearchField(name: string): SearchField | undefined {
  const lower = name.toLowerCase();
  const short = SEARCH_FIELDS.find((candidate) => candidate.name === lower);
  if (short !== undefined || !isValueField(lower)) return short;
  return (
    SEARCH_FIELDS.find(({ fields }) => fields.length === 1 && fields[0] === lower) ?? {
      name: lower,
      fields: [lower],
      example: `${lower}:…`,
    }
  );
}
