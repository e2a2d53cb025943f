import { describe, expect, it } from 'vitest';
import { MIGRATIONS, RECORD_COLUMNS } from './schema.js';

describe('the tables of the embedded store', () => {
  it('have a column for each field of the table of fields, and no other', () => {
    const created = /CREATE TABLE records \(([^;]*)\);/.exec(MIGRATIONS[0] ?? '')?.[1] ?? '';
    const added = MIGRATIONS.flatMap((step) => [...step.matchAll(/ALTER TABLE records ADD COLUMN "?(\w+)/g)]);
    const columns = [...created.matchAll(/(?:^|,)\s*"?(\w+)"? (?:TEXT|INTEGER)/g), ...added].map((found) => found[1]);

    expect(columns.sort()).toEqual(['seq', ...RECORD_COLUMNS].sort());
  });
});
