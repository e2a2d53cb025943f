// Reads folders of rules, the built-in one first, into closed rules, causes and the engine's tables, with every problem
// of every file. catalog.ts then refuses everything or keeps what it had before.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Engine } from './engine.js';
import { readEngine } from './engine-files.js';
import { readCauses, type Cause } from './causes.js';
import { checkExplains, checkSize } from './check.js';
import type { ClosedRule } from './closed.js';
import { findBuiltInRules, findCatalogFiles } from './files.js';
import type { Sets } from './form/read.js';
import { openFormTexts } from './form/texts.js';
import { PREPARED } from './prepared.js';
import { readRule, type ReadRules } from './rules.js';

export interface Loaded {
  readonly rules: readonly ClosedRule[];
  readonly causes: ReadonlyMap<string, Cause>;
  /** Tables of the engine; undefined if a table has problems. */
  readonly engine: Engine | undefined;
  /** Named exceptions of all folders. */
  readonly sets: Sets;
  readonly problems: readonly string[];
  /** Ids of the rules with problems. */
  readonly refused: ReadonlySet<string>;
}

export function readFolders(folders: readonly string[], schemaPath: string): Loaded {
  const openSchema = (isOld: boolean): object =>
    readSchema(isOld ? schemaPath : join(dirname(schemaPath), 'rule.schema.json'));
  const problems: string[] = [];
  const all = new Set([dirname(schemaPath), ...folders]);
  const causes = readCauses(all, problems);
  const files = new Map([...all].map((folder) => [folder, findCatalogFiles(folder)]));
  const engine = readTables(
    [...files.values()].map(({ tables }) => tables),
    problems,
  );
  const texts = openFormTexts(all, problems);
  const rules: ReadRules = new Map();
  const refused = new Set<string>();
  for (const folder of folders) {
    if (!existsSync(folder)) problems.push(`${folder}:1:1 does not exist`);
    for (const file of files.get(folder)?.rules ?? [])
      readRule({ folder, file, openSchema, texts, causes, rules, problems, refused });
    const sized = [...rules.values()].map((item) => item.rule);
    for (const problem of checkSize(folder, sized)) problems.push(problem);
  }
  for (const problem of checkExplains(rules, causes, refused)) problems.push(problem);
  return { rules: [...rules.values()].map((item) => item.rule), causes, engine, sets: texts.sets, problems, refused };
}

/** Reads the built-in tables and what a team's folders change in them. */
function readTables(files: readonly (readonly string[])[], problems: string[]): Engine | undefined {
  const openSchema = (): object => readSchema(join(findBuiltInRules(), 'engine.schema.json'));
  const found: string[] = [];
  const engine = readEngine({
    files,
    problems: found,
    read: (file) => PREPARED.read(file, file, openSchema),
  });
  for (const problem of found) problems.push(problem);
  return found.length === 0 ? engine : undefined;
}

/** Schemas by path. Each file is read once, because compiling a schema takes longer than reading all rules. */
const schemas = new Map<string, object>();

export function readSchema(path: string): object {
  const known = schemas.get(path);
  if (known !== undefined) return known;
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (typeof value !== 'object' || value === null) throw new Error('rules/schema.json is not an object');
  schemas.set(path, value);
  return value;
}
