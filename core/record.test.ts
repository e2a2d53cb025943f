import { describe, expect, it } from 'vitest';
import { FIELD_ROWS, isValueField, RECORD_FIELDS, type ShortName } from './record.js';

describe('the table of fields', () => {
  it('names each field and each column once, and describes each in a sentence', () => {
    expect(new Set(FIELD_ROWS.map((row) => row.name)).size).toBe(RECORD_FIELDS.length);
    expect(new Set(FIELD_ROWS.map((row) => row.column)).size).toBe(RECORD_FIELDS.length);
    for (const row of FIELD_ROWS) expect(row.description, row.name).toMatch(/^[A-Z].*\.$/);
  });

  it('lets a search ask for whole values only', () => {
    for (const row of FIELD_ROWS) if (row.short !== undefined) expect(isValueField(row.name), row.name).toBe(true);
  });

  it('says of a short name the same wherever it stands', () => {
    const found = new Map<string, ShortName>();
    for (const short of FIELD_ROWS.flatMap((row) => row.short ?? [])) {
      expect(found.get(short.name) ?? short, short.name).toBe(short);
      expect(short.example.startsWith(`${short.name}:`), short.name).toBe(true);
      found.set(short.name, short);
    }
  });

  it('keeps as a place in the entry only what is text', () => {
    for (const row of FIELD_ROWS) if (row.isSlice === true) expect(row.type, row.name).toBe('text');
  });
});
