// Tests that a cluster that is built entry by entry, in any order and with repeated entries, gives the same incidents
// as the whole log at once. Input are recordings of real failures; the command line's engine gives the expected result.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Incident } from '../../core/documents/incident.js';
import type { Entry } from '../../core/types.js';
import { loadCatalog } from '../catalog/catalog.js';
import { createClusterIndex } from '../topology/cluster.js';
import { WHOLE_LOG } from '../entry/reading.js';
import { scanEntry } from '../entry/scan.js';
import { dateSignal, isKept, type Signal } from '../entry/signal.js';
import { readRecording, shuffle } from '../testing/samples.js';
import { collectClusters, concludeClusters, type ConclusionCache } from './clusters.js';

const RECORDINGS = 'lab/recordings';
const catalog = loadCatalog();

/** Returns the first recording of each cause, in its newest version. */
function listRecordings(): readonly string[] {
  return readdirSync(RECORDINGS).flatMap((cause) => {
    const [scenario] = readdirSync(join(RECORDINGS, cause)).sort();
    const version = readdirSync(join(RECORDINGS, cause, scenario ?? ''))
      .sort()
      .at(-1);
    return scenario === undefined || version === undefined ? [] : [join(RECORDINGS, cause, scenario, version)];
  });
}

/** Concludes as the service does, with a view of the cluster at intervals. */
function concludeBitByBit(entries: readonly Entry[], seed: number): readonly Incident[] {
  const [ordered] = collectClusters(entries, catalog, {});
  if (ordered === undefined) return [];
  const { cluster, lastLines } = ordered;
  const index = createClusterIndex(cluster);
  const signals = shuffle([...entries, ...entries.slice(0, 300)], seed).flatMap((entry) => {
    const signal = scanEntry(entry, catalog, {});
    return signal === undefined ? [] : [dateSignal(signal, lastLines.get(signal.place.process)?.time)];
  });
  const memo: ConclusionCache = new Map();
  const kept: Signal[] = [];
  for (const [number, signal] of signals.entries()) {
    index.add(signal);
    if (isKept(signal)) kept.push(signal);
    if (number % 50 === 0) index.view(WHOLE_LOG);
    if (number === signals.length >> 1)
      concludeClusters([{ cluster, index, signals: kept, lastLines, cache: memo }], catalog, {});
  }
  return concludeClusters([{ cluster, index, signals: kept, lastLines, cache: memo }], catalog, {});
}

describe('a cluster that is learned bit by bit', () => {
  const recordings = listRecordings();

  it('is looked at over many kinds of failures', () => expect(recordings.length).toBeGreaterThan(50));

  it.each(recordings)('comes to the same in any order: %s', (recording) => {
    const entries = readRecording(recording);
    const expected = concludeClusters(collectClusters(entries, catalog, {}), catalog, {});

    for (const seed of [1, 2]) expect(concludeBitByBit(entries, seed)).toEqual(expected);
  });
});
