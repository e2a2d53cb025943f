// Turns the entries of log files into incidents. A log is read as a whole first. If it may be an excerpt and no
// specific rule matches, it is read once more: as an excerpt without a failure if nothing in it ended, else as an
// excerpt with a failure that no rule knows. The service has all lines and uses clusters.ts directly. Pure functions.
import type { Incident } from '../../core/documents/incident.js';
import type { Entry } from '../../core/types.js';
import type { Catalog } from '../catalog/catalog.js';
import { BESIDE_FAILURE, readAlone, type Reading } from '../entry/reading.js';
import { collectClusters, concludeClusters, type ClusterSignals, type DiagnoseContext } from './clusters.js';
import { createExcerptBuffer, joinTexts, splitTitle, unbreakText } from './excerpt.js';

/** Returns the incidents, the oldest first. */
export function diagnose(
  entries: Iterable<Entry>,
  catalog: Catalog,
  context: DiagnoseContext = {},
): readonly Incident[] {
  return readLog(entries, catalog, context).incidents;
}

export interface LogConclusion {
  readonly clusters: readonly ClusterSignals[];
  readonly incidents: readonly Incident[];
  /** Entries and context of the second reading; undefined if the log was read only as a whole. */
  readonly secondReading: { readonly entries: readonly Entry[]; readonly context: DiagnoseContext } | undefined;
}

/** Reads a log and returns the signals by cluster and the incidents. */
export function readLog(entries: Iterable<Entry>, catalog: Catalog, context: DiagnoseContext): LogConclusion {
  const excerpt = createExcerptBuffer();
  const clusters = collectClusters(excerpt.keepFrom(entries), catalog, context);
  const incidents = concludeClusters(clusters, catalog, context);
  const firstReading: LogConclusion = { clusters, incidents, secondReading: undefined };
  const kept = excerpt.list();
  if (kept === undefined || incidents.some((incident) => isNamed(incident, catalog))) return firstReading;
  if (incidents.length === 0)
    return clusters.some(({ index }) => index.showsRunning()) ? firstReading : readOnlyText(kept, catalog, context);
  // A log that contains the start of its process is no excerpt, so no person has added text to it.
  if (clusters.some(({ index }) => index.showsStart())) return firstReading;
  const more = readAgain(joinTexts(kept).flatMap(splitTitle), BESIDE_FAILURE, catalog, context);
  return more.incidents.some((incident) => isNamed(incident, catalog)) ? more : firstReading;
}

/**
 * Reads plain text as an excerpt. If that gives nothing, each text of several lines is joined to one line and read
 * again, because a mail or a web page may have wrapped its sentences.
 */
function readOnlyText(kept: readonly Entry[], catalog: Catalog, context: DiagnoseContext): LogConclusion {
  const texts = joinTexts(kept);
  const reading = readAlone(texts.length);
  const alone = readAgain(texts, reading, catalog, context);
  if (alone.incidents.length > 0) return alone;
  const unbroken = texts.map(unbreakText);
  return unbroken.every((entry, index) => entry === texts[index])
    ? alone
    : readAgain(unbroken, reading, catalog, context);
}

function readAgain(
  entries: readonly Entry[],
  reading: Reading,
  catalog: Catalog,
  firstReading: DiagnoseContext,
): LogConclusion {
  const context: DiagnoseContext = { ...firstReading, reading };
  const clusters = collectClusters(entries, catalog, context);
  return { clusters, incidents: concludeClusters(clusters, catalog, context), secondReading: { entries, context } };
}

/** True if a specific cause rule matches, not only a general one that knows where a failure came from. */
function isNamed({ diagnoses }: Incident, catalog: Catalog): boolean {
  return diagnoses.en.map(({ rule }) => catalog.findRule(rule)).some((rule) => rule?.role === 'cause' && !rule.general);
}
