// Reads the facts that a parsed entry states. Most entries state none, so the first characters of the message and a few
// literals decide before any pattern runs. The analyzer decides what the facts of many entries mean together.
import { appendAll, findSmallest } from '../../core/sequence.js';
import type { ParsedEntry, Source } from '../../core/types.js';
import { nameFailure } from '../trace/group.js';
import type { Fact } from './fact.js';
import { LIFECYCLE_ROWS } from './lifecycle.js';
import type { FactRow } from './row.js';
import { STARTUP_ROWS } from './startup.js';

const ROWS: readonly FactRow[] = [...STARTUP_ROWS, ...LIFECYCLE_ROWS];
const PREFIX_LENGTH = findSmallest(ROWS.filter((row) => row.start).map((row) => row.anchor.length));
const NAMING_ROWS = ROWS.filter((row) => row.namesNobody !== true);
const ALL = groupByPrefix(ROWS);
const NAMING = groupByPrefix(NAMING_ROWS);
/** Rows with their position in the order in which they are tried. */
const ORDER: ReadonlyMap<FactRow, number> = new Map(
  [...ROWS.filter((row) => row.start), ...ALL.anywhere].map((row, index) => [row, index]),
);

/** Texts of which one is in every entry that states a fact. */
export const FACT_ANCHORS: readonly string[] = withoutLonger([
  ...new Set(ROWS.flatMap((row) => (row.idle === true ? [] : literalsOf(row)))),
]);

/** Texts of which one is in every entry that names a job or a process in a fact, including those that a scan skips. */
export const NAMING_ANCHORS: readonly string[] = withoutLonger([...new Set(NAMING_ROWS.flatMap(literalsOf))]);

const BY_ANCHOR: ReadonlyMap<string, readonly FactRow[]> = new Map(
  FACT_ANCHORS.map((anchor) => [
    anchor,
    [...ORDER.keys()].filter((row) => row.idle !== true && literalsOf(row).some((literal) => literal.includes(anchor))),
  ]),
);

/** Literals of series: such entries in consecutive lines may be read as one, and each line states its own fact. */
export const FACT_SERIES: readonly string[] = [
  ...new Set(ROWS.flatMap((row) => (row.series === undefined ? [] : [row.series]))),
];

/** Reads the facts of an entry. `met`: the FACT_ANCHORS that the entry holds, if they were searched already. */
export function readFacts(entry: ParsedEntry, source: Source, matchedAnchors?: readonly string[]): Fact[] {
  const facts = readRows(
    matchedAnchors === undefined ? rowsFor(ALL, entry.message) : rowsOf(matchedAnchors),
    entry,
    source,
  );
  return entry.links.length === 0 ? facts : facts.map((fact) => addReason(fact, entry));
}

/** Adds the reason why a checkpoint failed, which is in the trace of the same entry. */
function addReason(fact: Fact, { links, message }: ParsedEntry): Fact {
  if (fact.type !== 'checkpoint' || (fact.event !== 'failed' && fact.event !== 'declined')) return fact;
  const { type, message: words } = nameFailure(links, message);
  return { ...fact, reason: [type, words].filter((part) => part !== '').join(': ') };
}

/** Reads the facts that name a job or a process, in an entry that holds one of NAMING_ANCHORS. */
export function readNamingFacts(entry: Stated, source: Source): Fact[] {
  return readRows(rowsFor(NAMING, entry.message), entry, source);
}

type Stated = Pick<ParsedEntry, 'message' | 'logger'>;

function readRows(rows: readonly FactRow[], { message, logger }: Stated, source: Source): Fact[] {
  const context = { source, logger };
  const facts: Fact[] = [];
  for (const row of rows) {
    if (row.start ? !message.startsWith(row.anchor) : !message.includes(row.anchor)) continue;
    for (const line of row.series === undefined ? [message] : splitSeries(message, row.anchor, row.series))
      appendAll(facts, row.read(line, context));
  }
  return facts;
}

function rowsFor({ byPrefix, anywhere }: Grouped, message: string): readonly FactRow[] {
  return byPrefix.get(message.slice(0, PREFIX_LENGTH)) ?? anywhere;
}

function rowsOf(matchedAnchors: readonly string[]): readonly FactRow[] {
  const [first = '', ...others] = matchedAnchors;
  const rows = BY_ANCHOR.get(first) ?? [];
  if (others.length === 0) return rows;
  return [...new Set([...rows, ...others.flatMap((anchor) => BY_ANCHOR.get(anchor) ?? [])])].sort(
    (a, b) => (ORDER.get(a) ?? 0) - (ORDER.get(b) ?? 0),
  );
}

/** Splits a series into its messages. In all lines but the first, the message begins after the prefix of the line. */
function splitSeries(message: string, anchor: string, literal: string): readonly string[] {
  if (!message.includes(literal, anchor.length)) return [message];
  const messageAt = literal.lastIndexOf(anchor);
  return message
    .split('\n')
    .flatMap((line, index) =>
      index === 0 ? [line] : line.includes(literal) ? [line.slice(line.indexOf(literal) + messageAt)] : [],
    );
}

/** Reads the version from a trace that names Flink's own jars. Connectors have versions of their own. */
export function readJarVersion({ stack = '' }: ParsedEntry): Fact[] {
  const version = JAR.exec(stack)?.[1];
  return version === undefined ? [] : [{ type: 'jar-version', version }];
}

const JAR =
  /\[flink-(?:dist|core|runtime|clients|rpc-core|rpc-akka|streaming-java|sql-client|sql-gateway|table-[a-z-]+)(?:_2\.1\d)?-(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?)[\w.-]{0,100}\.jar/;

function literalsOf(row: FactRow): readonly string[] {
  return row.literals ?? [row.anchor];
}

/** Removes each text that contains another one of them, because it adds nothing. */
function withoutLonger(texts: readonly string[]): string[] {
  return texts.filter((text) => !texts.some((other) => other !== text && text.includes(other)));
}

interface Grouped {
  /** Rows by the beginning of a message, each followed by all rows whose anchor may be anywhere. */
  readonly byPrefix: ReadonlyMap<string, readonly FactRow[]>;
  readonly anywhere: readonly FactRow[];
}

function groupByPrefix(rows: readonly FactRow[]): Grouped {
  const anywhere = rows.filter((row) => !row.start);
  const byPrefix = new Map<string, FactRow[]>();
  for (const row of rows) {
    if (!row.start) continue;
    const prefix = row.anchor.slice(0, PREFIX_LENGTH);
    byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), row]);
  }
  for (const [prefix, prefixRows] of byPrefix) byPrefix.set(prefix, [...prefixRows, ...anywhere]);
  return { byPrefix, anywhere };
}
