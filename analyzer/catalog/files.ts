// Finds the files of a catalog: the built-in folder of rules and, below a folder, each rule.yaml and each table of the
// engine. folders.ts reads them; nothing here opens a file.
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { isEnginePath, listEngineFiles } from './engine-files.js';
import { PREPARED } from './prepared.js';

/** Finds the folder "rules" beside the sources or above the built program. */
export function findBuiltInRules(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'rules', 'schema.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('the rules folder of Jobtrace is missing');
    folder = parent;
  }
  return join(folder, 'rules');
}

/** Files that the catalog reads below a folder, sorted; none if the folder does not exist. */
export interface CatalogFiles {
  readonly rules: readonly string[];
  /** Tables of the engine. */
  readonly tables: readonly string[];
}

export function findCatalogFiles(folder: string): CatalogFiles {
  if (!existsSync(folder)) return { rules: [], tables: [] };
  const listed = PREPARED.list(folder);
  return {
    rules: listed?.filter(isRulePath) ?? listRuleFiles(folder).sort(),
    tables: listed?.filter(isEnginePath) ?? listEngineFiles(folder),
  };
}

function isRulePath(path: string): boolean {
  return RULE_PATH.test(path);
}

const RULE_PATH = /[\\/]rule\.ya?ml$/;

/** Maximum depth of folders. Rules stand three folders deep; links that lead to each other end here. */
const MAX_FOLDERS = 8;

/**
 * Lists rule files folder by folder, because the recursive reading of Node takes several times longer. Links are
 * followed, because a mounted ConfigMap consists of links. Hidden names are left out, because a ConfigMap keeps the
 * same files a second time behind them.
 */
function listRuleFiles(folder: string, depth = 0): string[] {
  if (depth > MAX_FOLDERS) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) return [];
    if (isRulePath(path)) return [path];
    return entry.isDirectory() || (entry.isSymbolicLink() && leadsElsewhere(folder, path))
      ? listRuleFiles(path, depth + 1)
      : [];
  });
}

/** True if the link leads to a folder that is none of those above it. */
function leadsElsewhere(folder: string, link: string): boolean {
  try {
    return statSync(link).isDirectory() && !`${realpathSync(folder)}${sep}`.startsWith(`${realpathSync(link)}${sep}`);
  } catch {
    // The link leads nowhere, or in a circle.
    return false;
  }
}
