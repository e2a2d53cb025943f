// Proves the rows of the engine's tables. On its match logs, the engine reads an entry differently than it would
// without the row. On its near misses it does not, although something of the row stands there. Each listed text and
// class stands in a match log.
import { join, dirname } from 'node:path';
import { parseEntry } from '../../flink/layout/layout.js';
import type { Entry } from '../../core/types.js';
import type { Catalog } from '../catalog/catalog.js';
import { ENGINE_TABLES, type Engine, type EngineLog, type EngineRow } from '../catalog/engine.js';
import { isNearRow } from '../entry/row.js';
import { readCandidate } from '../entry/scan.js';
import { readAlone, WHOLE_LOG, type Reading } from '../entry/reading.js';
import { toFailureLinks } from '../entry/signal.js';
import { findProblemKind } from '../incident/problem-kind.js';
import { readEntries, splitText } from '../input/read.js';

export interface RowProof {
  /** Name of a log, such as `match[0]`, or the text of the row that is not proven. */
  readonly name: string;
  /** Reason why the proof fails; undefined if it proves what it should. */
  readonly problem?: string;
}

/** Returns one result for each log, and one for each text or class that no match log holds. */
export function proveRow(row: EngineRow, catalog: Catalog): readonly RowProof[] {
  const matches = row.match.map((log) => openLog(row, log));
  return [
    ...matches.map((entries, index) => ({ name: `match[${index}]`, problem: findMatchProblem(row, entries, catalog) })),
    ...row.nearmiss.map((log, index) => ({
      name: `nearmiss[${index}]`,
      problem: findNearMissProblem(row, openLog(row, log), catalog),
    })),
    ...findUnproven(row, matches.flat()).map((text) => ({ name: text, problem: 'not found in any match log' })),
  ];
}

/** Returns all rows, in the order of the tables. */
export function listRows(engine: Engine): readonly EngineRow[] {
  return ENGINE_TABLES.flatMap((table) => engine[table]);
}

function openLog({ path }: EngineRow, log: EngineLog): readonly Entry[] {
  if (typeof log === 'string') return splitText(log, 'flink.log');
  if ('text' in log) return splitText(log.text, log.file);
  return [...readEntries([join(dirname(path), '..', log.path)])].map((entry) => ({
    ...entry,
    bytes: Buffer.from(entry.bytes),
  }));
}

function findMatchProblem(row: EngineRow, entries: readonly Entry[], catalog: Catalog): string | undefined {
  const acted = entries.flatMap((entry) => findActs(row, entry, catalog));
  if (acted.length === 0) return 'the engine reads this log alike without the row';
  const { outcome } = row;
  if (outcome === undefined || outcome === 'nothing') return undefined;
  return acted.some(({ kind }) => kind === outcome)
    ? undefined
    : `ends ${acted.map(({ kind = 'nothing' }) => kind).join(', ')}, not ${outcome}`;
}

function findNearMissProblem(row: EngineRow, entries: readonly Entry[], catalog: Catalog): string | undefined {
  if (entries.some((entry) => findActs(row, entry, catalog).length > 0)) return 'the row acts on its near miss';
  return entries.some((entry) => isNear(row, entry)) ? undefined : 'this log has nothing that the row looks for';
}

interface ReadAs {
  readonly kind: string | undefined;
  readonly isFailure: boolean;
  readonly echo: string | undefined;
  readonly fromUserCode: boolean;
  readonly isOptions: boolean;
  readonly complaint: string | undefined;
}

/** Readings under which each entry is tried: as part of a whole log, and as the only entry of an excerpt. */
const READINGS: readonly Reading[] = [WHOLE_LOG, readAlone(1)];

/** Returns how the entry is read, for each reading in which it would be read differently without the row. */
function findActs(row: EngineRow, entry: Entry, catalog: Catalog): readonly ReadAs[] {
  const without: Engine = { ...catalog.engine, [row.table]: catalog.engine[row.table].filter((item) => item !== row) };
  return READINGS.flatMap((reading) => {
    const own = readAs(entry, catalog, catalog.engine, reading, undefined);
    const other = readAs(entry, catalog, without, reading, row.id);
    return JSON.stringify(own) === JSON.stringify(other) ? [] : [own];
  });
}

function readAs(entry: Entry, catalog: Catalog, engine: Engine, reading: Reading, left: string | undefined): ReadAs {
  const uses = catalog.scanner
    .scan(entry.bytes)
    .flatMap((literal) => catalog.usesOf(literal))
    .filter((use) => use.kind !== 'failure' || use.row !== left);
  const { parsed, failure, candidate, fromUserCode, isOptions } = readCandidate(entry, uses, engine, { reading });
  return {
    kind: failure?.kind,
    isFailure: candidate.isFailure,
    echo: failure?.echo,
    fromUserCode,
    isOptions,
    complaint: findProblemKind(toFailureLinks(parsed.links), engine),
  };
}

/**
 * True if something that the row asks for holds, or if the beginning of a text that it lists stands in the entry. A row
 * of `complaints` is near to any entry.
 */
function isNear(row: EngineRow, entry: Entry): boolean {
  if (row.table === 'complaints') return true;
  const beginnings = listTexts(row).map((text) => text.slice(0, Math.ceil(text.length / 2)));
  return (
    isNearRow(row, { parsed: parseEntry(entry.bytes), source: entry.source }) ||
    findHeld(beginnings, [entry]).length > 0
  );
}

/**
 * Returns the listed texts of a row that no match log holds, because each text must be seen to act. The words of a row
 * of `complaints` are equivalent, so they are not checked.
 */
function findUnproven(row: EngineRow, entries: readonly Entry[]): readonly string[] {
  if (row.table === 'complaints') return [];
  const listed = listTexts(row);
  const held = findHeld(listed, entries);
  return listed.filter((text) => !held.includes(text));
}

function listTexts(row: EngineRow): readonly string[] {
  return [row.words, row.begins, row.logger, row.exception, row.root, row.says, row.frame].flat();
}

/** Returns the texts that stand in an entry, either as it was written or in its frames after parsing. */
function findHeld(texts: readonly string[], entries: readonly Entry[]): readonly string[] {
  const written = entries.map(({ bytes }) =>
    [bytes.toString('utf8'), ...parseEntry(bytes).links.flatMap(({ frames }) => frames)].join('\n'),
  );
  return texts.filter((text) => written.some((log) => log.includes(text)));
}
