// The folder of a rule in a folder of a team's own rules, read and written: rule.yaml, its two logs, what they prove,
// and beside the rules the schemas and the cause that is new. Called by `jobtrace rules new` and by the page's editor.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Owner } from '../../core/types.js';
import type { Catalog } from '../catalog/catalog.js';
import { findBuiltInRules } from '../catalog/read/files.js';
import { TODO } from './draft.js';

/** CAUSE/VARIANT. */
export const RULE_ID = /^[a-z0-9]+\.[a-z0-9-]+\/[a-z0-9-]+$/;

/** Its files as texts; proof.yaml may come later. */
export interface RuleFiles {
  readonly ruleYaml: string;
  readonly matchLog: string;
  readonly nearMissLog: string;
  readonly proofYaml?: string;
}

/** CAUSE/VARIANT → where its files stand. */
export function placeRule(folder: string, id: string): string {
  return join(folder, ...id.replace('.', '/').split('/'));
}

/** What stands in the folder of a rule, the last of `folders` first; undefined where none of them has it. */
export function readRule(folders: readonly string[], id: string): RuleFiles | undefined {
  if (!RULE_ID.test(id)) return undefined;
  const place = folders.map((folder) => placeRule(folder, id)).findLast((path) => existsSync(join(path, 'rule.yaml')));
  if (place === undefined) return undefined;
  const read = (name: string): string => {
    const path = join(place, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  return { ruleYaml: read('rule.yaml'), matchLog: read('match.log'), nearMissLog: read('nearmiss.log') };
}

export function writeRule(place: string, { ruleYaml, matchLog, nearMissLog, proofYaml }: RuleFiles): void {
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'match.log'), matchLog);
  writeFileSync(join(place, 'nearmiss.log'), nearMissLog);
  if (proofYaml !== undefined) writeFileSync(join(place, 'proof.yaml'), proofYaml);
  // The last: a service that reads the folder finds the others beside it.
  writeFileSync(join(place, 'rule.yaml'), ruleYaml);
}

const SCHEMAS = ['schema.json', 'proof.schema.json', 'engine.schema.json'];

/** Editors complete keys by the schemas beside the rules; an older copy is replaced. */
export function shareSchemas(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of SCHEMAS) writeFileSync(join(folder, name), readFileSync(join(findBuiltInRules(), name)));
}

/** The file that a new cause was added to; undefined where the catalog has it. */
export function addCause(cause: string, folder: string, { causes }: Catalog, owner: Owner): string | undefined {
  if (causes.has(cause)) return undefined;
  const file = join(folder, 'causes.yaml');
  const isUnfinished = existsSync(file) && !/(?:^|\n)$/.test(readFileSync(file, 'utf8'));
  appendFileSync(
    file,
    `${isUnfinished ? '\n' : ''}${cause}: { owner: ${owner}, title: { en: "${TODO}: a short name", zh: "${TODO}：简短的名称" } }\n`,
  );
  return file;
}
