// The fields of the search box, by their short names, as the table of fields (core/record.ts) says them: which fields
// a name looks at, how a bare value compares, which values there are. query.ts expands them.
import { FIELD_ROWS, isValueField, listValues, type ShortName, type ValueField } from '../../core/record.js';

export interface SearchField extends ShortName {
  /** The value is looked for in each of them. */
  readonly fields: readonly ValueField[];
  readonly values?: readonly string[];
}

/** In the order of the table. */
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

/** A short name, or a field's own name ("log.level:ERROR"), in any case; undefined when there is none. */
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
