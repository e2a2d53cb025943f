// Reads rules/engine/*.yaml, and the same files below a team's own folders, into the compiled tables of the engine.
// Every problem is reported with file:line:column. A row of a later folder replaces the row with its id, or stands
// before all rows of the folders before. The caller says how a document is read.
import { existsSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { formatProblems, type DocumentPath, type ParsedDocument, type Problem } from '../../core/document.js';
import {
  ENGINE_TABLES,
  type Engine,
  type EngineCondition,
  type EngineConditionFile,
  type EngineFile,
  type EngineRow,
  type EngineRowFile,
  type EngineTable,
} from './engine.js';
import { compileRegex, toList } from './values.js';

export const ENGINE_FOLDER = 'engine';

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
  const tables = new Map<EngineTable, EngineRow[]>(ENGINE_TABLES.map((table) => [table, []]));
  for (const own of files) {
    const rows = own.flatMap((file) => readEngineFile(file, read(file), problems));
    for (const [table, known] of tables)
      tables.set(
        table,
        mergeRows(
          known,
          rows.filter((row) => row.table === table),
        ),
      );
  }
  const rowsOf = (table: EngineTable): readonly EngineRow[] => tables.get(table) ?? [];
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
  };
}

interface ReadRow extends EngineRow {
  readonly disabled: boolean;
}

function mergeRows(known: readonly EngineRow[], own: readonly ReadRow[]): EngineRow[] {
  const byId = new Map(own.map((row) => [row.id, row]));
  const fresh = own.filter((row) => !known.some(({ id }) => id === row.id));
  return [...fresh, ...known.map((row) => byId.get(row.id) ?? row)].filter(
    (row) => byId.get(row.id)?.disabled !== true,
  );
}

function readEngineFile(file: string, document: ParsedDocument, problems: string[]): readonly ReadRow[] {
  const here = `${process.cwd()}${sep}`;
  const name = file.startsWith(here) ? file.slice(here.length) : file;
  const found: Problem[] = [...document.problems];
  // A prepared value is parsed each time it is asked for, so it is read once.
  const value = found.length === 0 ? document.value : undefined;
  const rows = isEngineFile(value) ? compileTables(file, document, value, found) : [];
  if (found.length > 0) for (const line of formatProblems(name, found).split('\n')) problems.push(line);
  return rows;
}

/** True if the document is a file of the engine. It must be valid by rules/engine.schema.json. */
function isEngineFile(value: unknown): value is EngineFile {
  return typeof value === 'object' && value !== null;
}

interface Work {
  readonly document: ParsedDocument;
  readonly problems: Problem[];
}

function compileTables(
  file: string,
  document: ParsedDocument,
  source: EngineFile,
  problems: Problem[],
): readonly ReadRow[] {
  const work: Work = { document, problems };
  return ENGINE_TABLES.flatMap((table) => {
    const rows = source[table] ?? [];
    if (document.trusted !== true) checkIds(work, table, rows);
    return rows.map((row, index) => compileRow(work, file, table, row, [table, index]));
  });
}

function checkIds(work: Work, table: EngineTable, rows: readonly EngineRowFile[]): void {
  for (const [index, { id }] of rows.entries())
    if (rows.findIndex((row) => row.id === id) < index)
      work.problems.push(work.document.problemAt([table, index, 'id'], `\`${id}\` is defined twice`));
}

function compileRow(work: Work, file: string, table: EngineTable, row: EngineRowFile, path: DocumentPath): ReadRow {
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
