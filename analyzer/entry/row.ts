// Decides whether a row of the engine's tables (rules/engine) fits an entry. A row fits if all its conditions hold and
// none of its exceptions under `unless` does. Pure functions.
import type { ChainLink, ParsedEntry, Source } from '../../core/types.js';
import { root } from '../../flink/trace/chain.js';
import type { EngineCondition, EngineRow, FailureKind } from '../catalog/engine.js';
import { endsWithName } from './condition.js';

/** Entry that is compared with the rows, and the kind of failure that it is, if that is known. */
export interface RowSubject {
  readonly parsed: ParsedEntry;
  readonly source: Source;
  readonly ends?: FailureKind;
}

/** Returns the first row that fits, among those that `isAsked` accepts. */
export function findRow(
  rows: readonly EngineRow[],
  subject: RowSubject,
  isAsked: (row: EngineRow) => boolean = () => true,
): EngineRow | undefined {
  return checksOf(rows).find(
    ({ row, own, exceptions }) =>
      isAsked(row) && holdAll(own, subject) && !exceptions.some((item) => holdAll(item, subject)),
  )?.row;
}

/** True if at least one condition of the row holds. */
export function isNearRow(row: EngineRow, subject: RowSubject): boolean {
  return listChecks(row).some(({ condition, holds }) => holds(condition, subject));
}

interface Asked {
  readonly condition: EngineCondition;
  readonly holds: Check['holds'];
}

interface RowChecks {
  readonly row: EngineRow;
  readonly own: readonly Asked[];
  readonly exceptions: readonly (readonly Asked[])[];
}

/** Conditions of the rows of each table, collected once per table instead of once per entry. */
const known = new WeakMap<readonly EngineRow[], readonly RowChecks[]>();

function checksOf(rows: readonly EngineRow[]): readonly RowChecks[] {
  let checks = known.get(rows);
  if (checks === undefined) {
    checks = rows.map((row) => ({ row, own: listChecks(row), exceptions: row.unless.map(listChecks) }));
    known.set(rows, checks);
  }
  return checks;
}

function listChecks(condition: EngineCondition): readonly Asked[] {
  return CHECKS.filter(({ asks }) => asks(condition)).map(({ holds }) => ({ condition, holds }));
}

function holdAll(checks: readonly Asked[], subject: RowSubject): boolean {
  return checks.every(({ condition, holds }) => holds(condition, subject));
}

interface Check {
  readonly asks: (condition: EngineCondition) => boolean;
  readonly holds: (condition: EngineCondition, subject: RowSubject) => boolean;
}

/** Checks, the cheapest first. */
const CHECKS: readonly Check[] = [
  check('ends', (kinds, { ends = '' }) => kinds.includes(ends)),
  check('level', (levels, { parsed }) => levels.includes(parsed.layout === 'none' ? 'none' : (parsed.level ?? ''))),
  check('layout', (layouts, { parsed }) => layouts.includes(parsed.layout)),
  check('file', (kinds, { source }) => kinds.includes(source.kind)),
  check('component', (components, { source }) => components.includes(source.component ?? 'unknown')),
  {
    asks: ({ logged }) => logged !== undefined,
    holds: ({ logged }, { parsed }) => logged === (parsed.logger !== undefined),
  },
  {
    asks: ({ trace }) => trace !== undefined,
    holds: ({ trace }, { parsed }) => trace === parsed.links.length > 0,
  },
  {
    asks: ({ chain }) => chain > 0,
    holds: ({ chain }, { parsed }) => parsed.links.length >= chain,
  },
  check(
    'logger',
    (names, { parsed: { logger } }) => logger !== undefined && names.some((name) => isLogger(logger, name)),
  ),
  check('begins', (texts, { parsed }) => texts.some((text) => parsed.message.startsWith(text))),
  check('words', (texts, { parsed }) => texts.some((text) => parsed.message.includes(text))),
  check('exception', (names, { parsed }) => parsed.links.some((link) => isClass(link, names))),
  check('root', (names, { parsed }) => {
    const last = root(parsed.links);
    return last !== undefined && isClass(last, names);
  }),
  {
    asks: ({ says }) => says.length > 0,
    holds: (condition, subject) =>
      linksOf(condition, subject).some(({ message }) => condition.says.some((text) => message.includes(text))),
  },
  {
    asks: ({ frame }) => frame.length > 0,
    holds: (condition, subject) =>
      linksOf(condition, subject).some(({ frames }) =>
        frames.some((frame) => condition.frame.some((text) => frame.includes(text))),
      ),
  },
  {
    asks: ({ message }) => message !== undefined,
    holds: ({ message }, { parsed }) => message?.test(parsed.message) === true,
  },
];

type ListKey =
  'ends' | 'level' | 'layout' | 'file' | 'component' | 'logger' | 'begins' | 'words' | 'exception' | 'root';

function check(key: ListKey, holds: (list: readonly string[], subject: RowSubject) => boolean): Check {
  return {
    asks: (condition) => condition[key].length > 0,
    holds: (condition, subject) => holds(condition[key], subject),
  };
}

/**
 * True if the name fits the logger. A name that ends in a dot is a package and may stand anywhere in the logger; any
 * other name is compared from the end.
 */
function isLogger(logger: string, name: string): boolean {
  return name.endsWith('.') ? logger.includes(name) : endsWithName(logger, name);
}

function isClass({ type }: ChainLink, names: readonly string[]): boolean {
  return names.some((name) => endsWithName(type, name));
}

/**
 * Returns the exceptions whose message and frames are compared: the root if the condition names a root class, else the
 * exceptions of the named class, else all exceptions.
 */
function linksOf({ root: roots, exception }: EngineCondition, { parsed: { links } }: RowSubject): readonly ChainLink[] {
  if (roots.length > 0) return [root(links) ?? []].flat();
  return exception.length === 0 ? links : links.filter((link) => isClass(link, exception));
}
