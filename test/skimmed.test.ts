// Tests that a large log, most of which is skipped unparsed, gets the same diagnosis as if every entry had been read.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { diagnose } from '../analyzer/incident/diagnose.js';
import { flattenIncidents } from '../analyzer/incident/document.js';
import { createReadNotes, readEntries } from '../analyzer/input/read.js';
import { wantedBy } from '../analyzer/catalog/wanted.js';
import { writeLoop } from '../bench/logs/loop.js';
import { writeLargeLog } from '../bench/logs/log.js';
import type { Entry } from '../core/types.js';

const MIB = 1_048_576;
const folder = mkdtempSync(join(tmpdir(), 'skimmed-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a log that holds little of note', () => {
  it('of 40 MiB has the same diagnoses whether or not what holds nothing is left out', () => {
    const log = join(folder, 'flink-bench-taskexecutor-0-node-1.log');
    const { failures } = writeLargeLog(log, 40 * MIB);
    const catalog = loadCatalog();
    const [allNotes, notes] = [createReadNotes(), createReadNotes()];
    const [all, wanted] = [{ entries: 0 }, { entries: 0 }];

    const expected = flattenIncidents(diagnose(count(readEntries([log], { notes: allNotes }), all), catalog), 'en');
    const found = flattenIncidents(
      diagnose(count(readEntries([log], { notes, find: wantedBy(catalog) }), wanted), catalog),
      'en',
    );

    expect(failures).toBeGreaterThan(300);
    expect(new Set(expected.diagnoses.map(({ cause }) => cause)).size).toBeGreaterThan(60);
    expect(found).toEqual(expected);
    expect(notes).toEqual(allNotes);
    expect(wanted.entries).toBeLessThan(all.entries / 2);
  });
  it('has the same of a restart loop of many subtasks, most of whose transitions are left out', () => {
    const path = (part: string): string => join(folder, `flink-loop-standalonesession-0-${part}.log`);
    writeLoop({ bytes: 10 * MIB, subtasks: 40, path });
    const catalog = loadCatalog();
    const [all, wanted] = [{ entries: 0 }, { entries: 0 }];

    const expected = flattenIncidents(diagnose(count(readEntries([path('whole')]), all), catalog), 'en');
    const found = flattenIncidents(
      diagnose(count(readEntries([path('whole')], { find: wantedBy(catalog) }), wanted), catalog),
      'en',
    );

    expect(expected.incidents[0]?.restarts).toBeGreaterThan(10);
    expect(found).toEqual(expected);
    expect(wanted.entries).toBeLessThan(all.entries / 12);
  });
});

function* count(entries: Iterable<Entry>, counter: { entries: number }): Generator<Entry> {
  for (const entry of entries) {
    counter.entries++;
    yield entry;
  }
}
