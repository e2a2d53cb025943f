// The heart: entries → incidents. Pure: the same entries in any order, once or twice, give the same incidents. The
// command line, the page's playground and the tests of rules call it with files; the service (analyzer.ts) calls its
// two halves, scanEntry per entry and concludeCluster per cluster, over what it keeps. Reading files is input/read.ts.
import type { Diagnosis, Entry, Incident, IncidentFacts, Language, UnknownFailure } from '../../core/types.js';
import { parseEntry } from '../../flink/layout/layout.js';
import type { Catalog } from '../catalog/catalog.js';
import { meaningOf } from '../cluster/meaning.js';
import { concludeIncident, type LastLine } from './conclude.js';
import { DEFAULT_HEALTHY_MS, groupIncidents, type ClusterGroups, type IncidentGroup } from './incident.js';
import { scanEntry } from '../entry/scan.js';
import type { Excerpt, Signal } from '../entry/signal.js';

export interface DiagnoseContext {
  /** Milliseconds since 1970; left out: the end of the logs. */
  readonly now?: number;
  /** For sources that name no cluster. */
  readonly cluster?: string;
  /** IANA zone of time stamps without one; UTC when left out. */
  readonly zone?: string;
  /** How long a job runs without a failure until the next one is another incident. */
  readonly healthyMs?: number;
  /** The service waits so long for the jobs on a process to fail with it; a file has all its lines already. */
  readonly settleMs?: number;
  /** See ScanOptions. */
  readonly excerpt?: Excerpt;
}

/** Oldest first. */
export function diagnose(
  entries: Iterable<Entry>,
  catalog: Catalog,
  context: DiagnoseContext = {},
): readonly Incident[] {
  return readLog(entries, catalog, context).incidents;
}

export interface Reading {
  readonly clusters: readonly ClusterSignals[];
  readonly incidents: readonly Incident[];
  /** The entries, and how they were read, when they were read once more as what somebody cut out of the logs. */
  readonly excerpt: { readonly entries: readonly Entry[]; readonly context: DiagnoseContext } | undefined;
}

/** Entries → what they say and what it comes to. */
export function readLog(entries: Iterable<Entry>, catalog: Catalog, context: DiagnoseContext): Reading {
  const excerpt = createExcerptKeeper();
  const clusters = collectClusters(excerpt.keepFrom(entries), catalog, context);
  const incidents = concludeClusters(clusters, catalog, context);
  const whole: Reading = { clusters, incidents, excerpt: undefined };
  const kept = excerpt.list();
  if (kept === undefined || incidents.some((incident) => isNamed(incident, catalog))) return whole;
  if (incidents.length === 0)
    return clusters.some(({ signals }) => signals.some(tellsOfRunning)) ? whole : readAlone(kept, catalog, context);
  if (clusters.some(({ signals }) => signals.some(tellsOfStart))) return whole;
  const more = readExcerpt(kept, catalog, 'beside', context);
  return more.incidents.some((incident) => isNamed(incident, catalog)) ? more : whole;
}

/** A text of several lines is read once more as one: a mail or a page has broken its sentences. */
function readAlone(kept: readonly Entry[], catalog: Catalog, context: DiagnoseContext): Reading {
  const alone = readExcerpt(kept, catalog, 'alone', context);
  if (alone.incidents.length > 0) return alone;
  const texts = joinTexts(kept);
  const unbroken = texts.map(unbreakText);
  return unbroken.every((entry, index) => entry === texts[index])
    ? alone
    : readExcerpt(unbroken, catalog, 'alone', context);
}

function readExcerpt(kept: readonly Entry[], catalog: Catalog, kind: Excerpt['kind'], whole: DiagnoseContext): Reading {
  const entries = kind === 'beside' ? joinTexts(kept).flatMap(splitTitle) : joinTexts(kept);
  const context: DiagnoseContext = { ...whole, excerpt: { kind, entries: entries.length } };
  const clusters = collectClusters(entries, catalog, context);
  return { clusters, incidents: concludeClusters(clusters, catalog, context), excerpt: { entries, context } };
}

/** What somebody writes above a trace is a text of its own. */
function splitTitle(entry: Entry): readonly Entry[] {
  const { bytes, offset, line } = entry;
  const { layout, message, stack } = parseEntry(bytes);
  const at =
    layout === 'none' && message !== '' && stack !== undefined ? bytes.indexOf(stack.split('\n', 1)[0] ?? '') : 0;
  if (at <= 0) return [entry];
  const title = bytes.subarray(0, at);
  return [
    { ...entry, bytes: title },
    {
      ...entry,
      bytes: bytes.subarray(at),
      offset: offset + at,
      line: line + title.toString('latin1').split('\n').length - 1,
    },
  ];
}

/** By a rule that knows more of the failure than where it comes from. */
function isNamed({ diagnoses }: Incident, catalog: Catalog): boolean {
  return diagnoses.en.map(({ rule }) => catalog.findRule(rule)).some((rule) => rule?.role === 'cause' && !rule.general);
}

/**
 * Neighbouring lines that no layout begins are one text, and frames without a header end it: a message that goes over
 * several.
 */
function joinTexts(entries: readonly Entry[]): readonly Entry[] {
  const groups: Entry[][] = [];
  let isOpen = false;
  for (const entry of entries) {
    const { layout, links } = parseEntry(entry.bytes);
    const isLine = layout === 'none' && links.every(({ type }) => type === '');
    const last = groups.at(-1);
    if (isLine && isOpen && last?.[0]?.source === entry.source) last.push(entry);
    else groups.push([entry]);
    isOpen = isLine && links.length === 0;
  }
  return groups.flatMap(([first, ...rest]) =>
    first === undefined
      ? []
      : [{ ...first, bytes: Buffer.concat([first.bytes, ...rest.flatMap(({ bytes }) => [NEW_LINE, bytes])]) }],
  );
}

const NEW_LINE = Buffer.from('\n');

/** Lines that hold no trace, in one. */
function unbreakText(entry: Entry): Entry {
  const { layout, stack } = parseEntry(entry.bytes);
  const text = layout === 'none' && stack === undefined ? entry.bytes.toString('utf8') : '';
  return text.includes('\n') ? { ...entry, bytes: Buffer.from(text.replaceAll(/\s*\n\s*/g, ' ')) } : entry;
}

function concludeClusters(
  clusters: readonly ClusterSignals[],
  catalog: Catalog,
  context: DiagnoseContext,
): readonly Incident[] {
  return clusters
    .flatMap(({ cluster, signals, lastLines }) => concludeCluster(cluster, signals, lastLines, catalog, context))
    .sort(compareIncidents);
}

/** With such lines around it an error that ended nothing is known to have ended nothing. */
function tellsOfRunning({ facts }: Signal): boolean {
  return facts.some((fact) => meaningOf(fact).tellsOfRunning?.(fact));
}

/** From its first line on it is the log itself, beside which nobody wrote a word. */
function tellsOfStart({ facts }: Signal): boolean {
  return facts.some((fact) => fact.type === 'process-start');
}

/** What people cut out of a log to ask about it is shorter. */
const MAX_EXCERPT_BYTES = 256 * 1024;

/** Keeps an excerpt, and nothing of what is too long to be one. */
function createExcerptKeeper(): {
  keepFrom(entries: Iterable<Entry>): Iterable<Entry>;
  list(): readonly Entry[] | undefined;
} {
  let kept: Entry[] = [];
  let bytes = 0;
  return {
    *keepFrom(entries) {
      for (const entry of entries) {
        bytes += entry.bytes.length;
        if (bytes <= MAX_EXCERPT_BYTES) kept.push({ ...entry, bytes: Buffer.from(entry.bytes) });
        else if (kept.length > 0) kept = [];
        yield entry;
      }
    },
    list: () => (bytes <= MAX_EXCERPT_BYTES ? kept : undefined),
  };
}

export interface ClusterSignals {
  readonly cluster: string;
  readonly signals: readonly Signal[];
  readonly lastLines: ReadonlyMap<string, LastLine>;
}

/** What the entries say, by cluster. */
export function collectClusters(
  entries: Iterable<Entry>,
  catalog: Catalog,
  context: DiagnoseContext,
): readonly ClusterSignals[] {
  const clusters = new Map<string, { readonly signals: Signal[]; readonly lastLines: LastLineKeeper }>();
  for (const entry of entries) {
    const cluster = entry.source.cluster ?? context.cluster ?? '';
    let kept = clusters.get(cluster);
    if (kept === undefined) clusters.set(cluster, (kept = { signals: [], lastLines: createLastLineKeeper() }));
    kept.lastLines.keep(entry);
    const signal = scanEntry(entry, catalog, context);
    if (signal !== undefined) kept.signals.push(signal);
  }
  return [...clusters].map(([cluster, { signals, lastLines }]) => ({
    cluster,
    signals,
    lastLines: lastLines.list(context.zone),
  }));
}

/** Signals of one cluster, in any order → its incidents. */
export function concludeCluster(
  cluster: string,
  signals: Iterable<Signal>,
  lastLines: ReadonlyMap<string, LastLine>,
  catalog: Catalog,
  context: DiagnoseContext = {},
): readonly Incident[] {
  const healthyMs = context.healthyMs ?? DEFAULT_HEALTHY_MS;
  const { view, groups } = groupCluster(cluster, signals, lastLines, catalog, context);
  const now = context.now ?? Math.max(view.lastTime, ...[...lastLines.values()].map((lastLine) => lastLine.time ?? 0));
  return groups.flatMap(
    (group) =>
      concludeIncident(group, { catalog, view, lastLines, now, healthyMs, until: findNextStart(group, groups) }) ?? [],
  );
}

/** Signals of one cluster → the events of each incident, not ranked yet. */
export function groupCluster(
  cluster: string,
  signals: Iterable<Signal>,
  lastLines: ReadonlyMap<string, LastLine>,
  catalog: Catalog,
  context: DiagnoseContext = {},
): ClusterGroups {
  return groupIncidents(cluster, signals, {
    catalog,
    healthyMs: context.healthyMs ?? DEFAULT_HEALTHY_MS,
    excerpt: context.excerpt,
    settledUntil: context.settleMs === undefined ? Number.POSITIVE_INFINITY : (context.now ?? 0) - context.settleMs,
    lastTimes: new Map(
      [...lastLines].flatMap(([process, lastLine]) => (lastLine.time === undefined ? [] : [[process, lastLine.time]])),
    ),
  });
}

function findNextStart(group: IncidentGroup, groups: readonly IncidentGroup[]): number | undefined {
  const later = groups.flatMap((other) =>
    other !== group &&
    other.job === group.job &&
    other.process === group.process &&
    other.firstTime !== undefined &&
    group.lastTime !== undefined &&
    other.firstTime > group.lastTime
      ? [other.firstTime]
      : [],
  );
  return later.length === 0 ? undefined : Math.min(...later);
}

function compareIncidents(a: Incident, b: Incident): number {
  const [seen, seenOther] = [a.firstSeen ?? '', b.firstSeen ?? ''];
  if (seen !== seenOther) return seen < seenOther ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

interface LastLineKeeper {
  keep(entry: Entry): void;
  /** By process. */
  list(zone: string | undefined): ReadonlyMap<string, LastLine>;
}

const MAX_TAIL_BYTES = 2000;

/** Keeps the last entry of each file; which of a process's files ends last is decided once, at the end. */
function createLastLineKeeper(): LastLineKeeper {
  const byPath = new Map<string, Entry>();
  return {
    keep: (entry) => {
      const known = byPath.get(entry.source.path);
      if (known === undefined || entry.offset >= known.offset) byPath.set(entry.source.path, entry);
    },
    list: (zone) => {
      const lastLines = new Map<string, LastLine>();
      for (const entry of byPath.values()) {
        const lastLine = readLastLine(entry, zone);
        const known = lastLines.get(entry.source.process);
        if (known === undefined || isLaterLine(lastLine, known)) lastLines.set(entry.source.process, lastLine);
      }
      return lastLines;
    },
  };
}

/** The last entry of a file as a person reads it: its first line. */
export function readLastLine(entry: Entry, zone: string | undefined): LastLine {
  const bytes = entry.bytes.subarray(0, MAX_TAIL_BYTES);
  const parsed = parseEntry(bytes, { zone });
  const time = parsed.time ?? (entry.source.kind === 'log' ? entry.previousTime : undefined);
  const text = bytes.toString('utf8').split('\n', 1)[0] ?? '';
  return {
    path: entry.source.path,
    line: entry.line,
    offset: entry.offset,
    text,
    time,
    recordId: entry.id,
  };
}

/** A dated line beats an undated one: what a process prints without a time may be old. */
export function isLaterLine(lastLine: LastLine, known: LastLine): boolean {
  if (lastLine.time === undefined || known.time === undefined)
    return (
      lastLine.time !== undefined ||
      (known.time === undefined &&
        (lastLine.path > known.path || (lastLine.path === known.path && lastLine.offset >= known.offset)))
    );
  if (lastLine.time !== known.time) return lastLine.time > known.time;
  return lastLine.path === known.path ? lastLine.offset >= known.offset : lastLine.path > known.path;
}

/** The document of `jobtrace diagnose --format json` (a contract: fields are added, never renamed). */
export interface DiagnosisDocument {
  readonly diagnoses: readonly Diagnosis[];
  readonly unknown: readonly UnknownFailure[];
  readonly facts: IncidentFacts;
}

/** Causes of all incidents first, best first; then consequences. The same rule for the same job is one diagnosis. */
export function flattenIncidents(incidents: readonly Incident[], language: Language): DiagnosisDocument {
  const merged = new Map<string, Diagnosis>();
  for (const diagnosis of incidents.flatMap((incident) => incident.diagnoses[language])) {
    const key = `${diagnosis.rule}\n${diagnosis.job?.id ?? ''}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? diagnosis : mergeDiagnoses(known, diagnosis));
  }
  const ordered = [...merged.values()].sort(
    (a, b) => Number(a.symptom) - Number(b.symptom) || (b.score['total'] ?? 0) - (a.score['total'] ?? 0),
  );
  return {
    diagnoses: ordered,
    unknown: incidents.flatMap((incident) => incident.unknown),
    facts: Object.assign({}, ...[...incidents].reverse().map((incident) => incident.facts)),
  };
}

function mergeDiagnoses(a: Diagnosis, b: Diagnosis): Diagnosis {
  const best =
    a.symptom === b.symptom ? ((a.score['total'] ?? 0) >= (b.score['total'] ?? 0) ? a : b) : a.symptom ? b : a;
  const firstSeen = [a.firstSeen, b.firstSeen].filter((time) => time !== undefined).sort()[0];
  const lastSeen = [a.lastSeen, b.lastSeen]
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
  return {
    ...best,
    count: a.count + b.count,
    firstSeen,
    lastSeen,
    explains: [...new Set([...a.explains, ...b.explains])],
  };
}
