// Finds the files of a catalog: the built-in folder of rules and, below a folder, each rule (a file
// <area>/<cause>/<variant>.yaml, or rule.yaml in the folder <variant> in the old form) and each table of the engine.
// folders.ts reads them; nothing here opens a file.
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
  /** Files beside the rules: causes.yaml, sets.yaml, and the Chinese texts of each area. */
  readonly texts: readonly string[];
}

export const CHINESE_NAME = 'zh.yaml';
export const SETS_NAME = 'sets.yaml';

export function findCatalogFiles(folder: string): CatalogFiles {
  if (!existsSync(folder)) return { rules: [], tables: [], texts: [] };
  const listed = PREPARED.list(folder);
  const rules = listed?.filter((path) => isRulePath(folder, path)) ?? listRuleFiles(folder, folder).sort();
  const areas = new Set(rules.filter((path) => !isOldRule(path)).map((path) => dirname(dirname(path))));
  const texts = [join(folder, 'causes.yaml'), join(folder, SETS_NAME)];
  for (const area of areas) texts.push(join(area, CHINESE_NAME));
  return {
    rules,
    texts: texts.filter((path) => existsSync(path)),
    tables: listed?.filter(isEnginePath) ?? listEngineFiles(folder),
  };
}

/** True if the file is a rule of the old form, which has a folder of its own. */
export function isOldRule(path: string): boolean {
  return OLD_RULE.test(path);
}

const OLD_RULE = /[\\/]rule\.ya?ml$/;

function isRulePath(folder: string, path: string): boolean {
  return isOldRule(path) || (YAML.test(path) && path.slice(folder.length + 1).split(sep).length === RULE_PARTS);
}

const YAML = /\.ya?ml$/;
/** Number of parts of a rule's path: area, cause, variant. */
const RULE_PARTS = 3;

/** Maximum depth of folders. Rules stand three folders deep; links that lead to each other end here. */
const MAX_FOLDERS = 8;

/**
 * Lists rule files folder by folder, because the recursive reading of Node takes several times longer. Links are
 * followed, because a mounted ConfigMap consists of links. Hidden names are left out, because a ConfigMap keeps the
 * same files a second time behind them.
 */
function listRuleFiles(root: string, folder: string, depth = 0): string[] {
  if (depth > MAX_FOLDERS) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) return [];
    if (isRulePath(root, path)) return [path];
    return entry.isDirectory() || (entry.isSymbolicLink() && leadsElsewhere(folder, path))
      ? listRuleFiles(root, path, depth + 1)
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
