// Reads and writes the folder of a rule among a team's own rules: rule.yaml, its two logs and proof.yaml. It also
// writes what stands beside the rules: the schemas, and a new cause in causes.yaml.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Owner } from '../../core/documents/incident.js';
import type { Catalog } from '../catalog/catalog.js';
import { findBuiltInRules } from '../catalog/files.js';
import { TODO } from './draft.js';

/** Pattern of a rule id: CAUSE/VARIANT. */
export const RULE_ID = /^[a-z0-9]+\.[a-z0-9-]+\/[a-z0-9-]+$/;

/** Files of a rule as texts; proof.yaml may come later. */
export interface RuleFiles {
  readonly ruleYaml: string;
  readonly matchLog: string;
  readonly nearMissLog: string;
  readonly proofYaml?: string;
}

/** Returns the folder of the rule with the id CAUSE/VARIANT. */
export function placeRule(folder: string, id: string): string {
  return join(folder, ...id.replace('.', '/').split('/'));
}

/** Reads the files of a rule from the last of `folders` that has it; returns undefined if none of them has it. */
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
  // rule.yaml is written last, so that a service that reads the folder finds the other files beside it.
  writeFileSync(join(place, 'rule.yaml'), ruleYaml);
}

const SCHEMAS = ['rule.schema.json', 'schema.json', 'proof.schema.json', 'engine.schema.json'];

/** Copies the schemas beside the rules, so that editors complete keys by them. An older copy is replaced. */
export function shareSchemas(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of SCHEMAS) writeFileSync(join(folder, name), readFileSync(join(findBuiltInRules(), name)));
}

/**
 * Adds a new cause to causes.yaml and returns the path of that file; undefined if the catalog has the cause already.
 */
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
