// The heart: entries → incidents. A log is read as a whole. What may be an excerpt, and names nothing so far, is read
// once more: alone when it tells of nothing that ended, beside its failure when no rule knows that one. Pure; the
// command line, the page's paste box and the tests of rules call it with files. The service has all lines and calls
// clusters.ts.
import type { Entry, Incident } from '../../core/types.js';
import type { Catalog } from '../catalog/catalog.js';
import { BESIDE_FAILURE, readAlone, type Reading } from '../entry/reading.js';
import { collectClusters, concludeClusters, type ClusterSignals, type DiagnoseContext } from './clusters.js';
import { createExcerptKeeper, joinTexts, splitTitle, unbreakText } from './excerpt.js';

/** Oldest first. */
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
  /** The entries, and how they were read, when they were read once more as what somebody cut out of the logs. */
  readonly again: { readonly entries: readonly Entry[]; readonly context: DiagnoseContext } | undefined;
}

/** Entries → what they say and what it comes to. */
export function readLog(entries: Iterable<Entry>, catalog: Catalog, context: DiagnoseContext): LogConclusion {
  const keeper = createExcerptKeeper();
  const clusters = collectClusters(keeper.keepFrom(entries), catalog, context);
  const incidents = concludeClusters(clusters, catalog, context);
  const whole: LogConclusion = { clusters, incidents, again: undefined };
  const kept = keeper.list();
  if (kept === undefined || incidents.some((incident) => isNamed(incident, catalog))) return whole;
  if (incidents.length === 0)
    return clusters.some(({ index }) => index.tellsOfRunning()) ? whole : readOnlyText(kept, catalog, context);
  // From its first line on it is the log itself, beside which nobody wrote a word.
  if (clusters.some(({ index }) => index.tellsOfStart())) return whole;
  const more = readAgain(joinTexts(kept).flatMap(splitTitle), BESIDE_FAILURE, catalog, context);
  return more.incidents.some((incident) => isNamed(incident, catalog)) ? more : whole;
}

/** A text of several lines is read once more as one: a mail or a page has broken its sentences. */
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
  whole: DiagnoseContext,
): LogConclusion {
  const context: DiagnoseContext = { ...whole, reading };
  const clusters = collectClusters(entries, catalog, context);
  return { clusters, incidents: concludeClusters(clusters, catalog, context), again: { entries, context } };
}

/** By a rule that knows more of the failure than where it comes from. */
function isNamed({ diagnoses }: Incident, catalog: Catalog): boolean {
  return diagnoses.en.map(({ rule }) => catalog.findRule(rule)).some((rule) => rule?.role === 'cause' && !rule.general);
}
