// Reads rules/engine/*.yaml, and the same files below a team's own folders, into the compiled tables of the engine.
// Every problem is reported with file:line:column. A row of a later folder replaces the row with its id, or stands
// before all rows of the folders before. The caller says how a document is read.
import { existsSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { formatProblems, type DocumentPath, type ParsedDocument, type Problem } from '../../core/document.js';
import {
  ENGINE_TABLES,
  NAME_TABLES,
  type Engine,
  type EngineCondition,
  type EngineConditionFile,
  type EngineFile,
  type EngineRow,
  type EngineRowFile,
  type EngineTable,
  type NameTable,
  type PackageRow,
  type SharedKind,
  type SharedRow,
  type WrapperRow,
} from './engine.js';
import { createCodeOwners, type PackageOwner } from '../../flink/trace/packages.js';
import { compileRegex, toList } from './values.js';

const ENGINE_FOLDER = 'engine';

export function isEnginePath(path: string): boolean {
  return ENGINE_PATH.test(path);
}

const ENGINE_PATH = new RegExp(`[\\\\/]${ENGINE_FOLDER}[\\\\/][^\\\\/]+\\.ya?ml$`);

/** Lists the files of the tables below a folder of rules, sorted. */
export function listEngineFiles(folder: string): readonly string[] {
  const below = join(folder, ENGINE_FOLDER);
  if (!existsSync(below)) return [];
  return readdirSync(below)
    .map((name) => `${below}${sep}${name}`)
    .filter(isEnginePath)
    .sort();
}

export interface EngineReading {
  /** Files of each folder of rules, the built-in folder first. */
  readonly files: readonly (readonly string[])[];
  readonly problems: string[];
  read(file: string): ParsedDocument;
}

export function readEngine({ files, problems, read }: EngineReading): Engine {
  const folders = files.map((own) => own.map((file) => readEngineFile(file, read(file), problems)));
  const rowsOf = (table: EngineTable): readonly EngineRow[] =>
    mergeFolders<EngineRow>(folders, ({ rows }) => rows.filter((row) => row.table === table));
  const packages = mergeFolders<PackageRow>(folders, (file) => file.packages);
  const wrappers = mergeFolders<WrapperRow>(folders, (file) => file.wrappers);
  return {
    marks: rowsOf('marks'),
    ends: rowsOf('ends'),
    harmless: rowsOf('harmless'),
    reported: rowsOf('reported'),
    consequences: rowsOf('consequences'),
    echoes: rowsOf('echoes'),
    suspects: rowsOf('suspects'),
    printed: rowsOf('printed'),
    dumps: rowsOf('dumps'),
    complaints: rowsOf('complaints'),
    packages,
    wrappers,
    shared: mergeFolders<SharedKind>(folders, (file) => file.shared),
    code: createCodeOwners(indexPackages(packages), new Set(wrappers.flatMap(({ classes }) => classes))),
  };
}

/** Indexes the owners by package. A team's rows stand first and overrule those behind them. */
function indexPackages(rows: readonly PackageRow[]): ReadonlyMap<string, PackageOwner> {
  return new Map(
    [...rows].reverse().flatMap((row) => row.packages.map((name): [string, PackageOwner] => [name, row.owner])),
  );
}

type Switched<Row> = Row & { readonly disabled?: boolean };

/** Rows of one file, those that switch off a row of an earlier folder included. */
interface FileRows {
  readonly rows: readonly Switched<EngineRow>[];
  readonly packages: readonly Switched<PackageRow>[];
  readonly wrappers: readonly Switched<WrapperRow>[];
  readonly shared: readonly Switched<SharedKind>[];
}

function mergeFolders<Row extends { readonly id: string }>(
  folders: readonly (readonly FileRows[])[],
  rowsOf: (file: FileRows) => readonly Switched<Row>[],
): readonly Row[] {
  return folders.reduce<readonly Row[]>((known, files) => mergeRows(known, files.flatMap(rowsOf)), []);
}

function mergeRows<Row extends { readonly id: string }>(
  known: readonly Row[],
  own: readonly Switched<Row>[],
): readonly Row[] {
  const byId = new Map(own.map((row) => [row.id, row]));
  const fresh = own.filter((row) => !known.some(({ id }) => id === row.id));
  return [...fresh, ...known.map((row) => byId.get(row.id) ?? row)].filter(
    (row) => byId.get(row.id)?.disabled !== true,
  );
}

function readEngineFile(file: string, document: ParsedDocument, problems: string[]): FileRows {
  const here = `${process.cwd()}${sep}`;
  const name = file.startsWith(here) ? file.slice(here.length) : file;
  const found: Problem[] = [...document.problems];
  // A prepared value is parsed each time it is asked for, so it is read once.
  const value = found.length === 0 ? document.value : undefined;
  const rows = isEngineFile(value) ? compileTables(file, document, value, found) : NO_ROWS;
  if (found.length > 0) for (const line of formatProblems(name, found).split('\n')) problems.push(line);
  return rows;
}

const NO_ROWS: FileRows = { rows: [], packages: [], wrappers: [], shared: [] };

/** True if the document is a file of the engine. It must be valid by rules/engine.schema.json. */
function isEngineFile(value: unknown): value is EngineFile {
  return typeof value === 'object' && value !== null;
}

interface Work {
  readonly document: ParsedDocument;
  readonly problems: Problem[];
}

function compileTables(file: string, document: ParsedDocument, source: EngineFile, problems: Problem[]): FileRows {
  const work: Work = { document, problems };
  if (document.trusted !== true)
    for (const table of [...ENGINE_TABLES, ...NAME_TABLES]) checkIds(work, table, source[table] ?? []);
  return {
    rows: ENGINE_TABLES.flatMap((table) =>
      (source[table] ?? []).map((row, index) => compileRow(work, file, table, row, [table, index])),
    ),
    packages: (source.packages ?? []).map((row) => ({ ...row, packages: toList(row.packages) })),
    wrappers: (source.wrappers ?? []).map((row) => ({ ...row, classes: toList(row.classes) })),
    shared: (source.shared ?? []).map((row, index) => compileShared(work, row, ['shared', index])),
  };
}

function checkIds(work: Work, table: EngineTable | NameTable, rows: readonly { readonly id: string }[]): void {
  for (const [index, { id }] of rows.entries())
    if (rows.findIndex((row) => row.id === id) < index)
      work.problems.push(work.document.problemAt([table, index, 'id'], `\`${id}\` is defined twice`));
}

function compileRow(
  work: Work,
  file: string,
  table: EngineTable,
  row: EngineRowFile,
  path: DocumentPath,
): Switched<EngineRow> {
  const { ends, ...condition } = row;
  return Object.assign(compileCondition(work, condition, path), {
    id: `engine.${table}/${row.id}`,
    table,
    why: row.why,
    disabled: row.disabled ?? false,
    unless: (row.unless ?? []).map((item, index) => compileCondition(work, item, [...path, 'unless', index])),
    outcome: ends,
    fromUserCode: row.byUser ?? false,
    excerpt: row.excerpt ?? false,
    of: row.of,
    complaint: row.complaint,
    parts: row.parts ?? [],
    path: file,
    match: row.match ?? [],
    nearmiss: row.nearmiss ?? [],
  });
}

function compileShared(work: Work, row: SharedRow, path: DocumentPath): Switched<SharedKind> {
  return {
    id: row.id,
    disabled: row.disabled,
    causes: toList(row.causes),
    values: toList(row.values),
    patterns: toList(row.patterns).flatMap(
      (source, index) => compileRegex(work, source, [...path, 'patterns', index]) ?? [],
    ),
    isMachine: row.machine ?? false,
    isOfCluster: row.ofCluster ?? false,
  };
}

function compileCondition(work: Work, source: EngineConditionFile, path: DocumentPath): EngineCondition {
  return {
    words: toList(source.words),
    message: compileRegex(work, source.message, [...path, 'message']),
    begins: toList(source.begins),
    logger: toList(source.logger),
    level: source.level ?? [],
    layout: source.layout ?? [],
    logged: source.logged,
    trace: source.trace,
    chain: source.chain ?? 0,
    exception: toList(source.exception),
    root: toList(source.root),
    says: toList(source.says),
    frame: toList(source.frame),
    file: source.file ?? [],
    component: source.component ?? [],
    ends: source.ends ?? [],
  };
}
