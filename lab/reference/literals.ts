// Looks messages up in the real jars:
//   npx tsx lab/reference/literals.ts                 checks every rule's sources; prints wrong and unverifiable ones
//   npx tsx lab/reference/literals.ts --write         the same, and writes rules/sources.tsv (part of `npm run docs`)
//   npx tsx lab/reference/literals.ts --find TEXT     prints the classes that contain a text, by version
// Jars of parts that are not on this machine are skipped, and their earlier findings are kept. The exit code is 1 if a
// source is wrong.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadCatalog } from '../../analyzer/catalog/catalog.js';
import { findBuiltInRules } from '../../analyzer/catalog/files.js';
import { JAR_SETS, openJarSet } from './jar-versions.js';
import { checkClaim, isSettled, listClaims, parseFound, renderFound, type FoundLiteral } from './sources.js';

const { values } = parseArgs({ options: { find: { type: 'string' }, write: { type: 'boolean', default: false } } });

if (values.find === undefined) checkAll();
else findText(values.find);

function findText(text: string): void {
  for (const set of JAR_SETS) {
    const jars = openJarSet(set);
    console.log(`${set.name}: ${jars === undefined ? 'not on this machine' : jars.findClasses(text).join(', ')}`);
    jars?.close();
  }
}

function checkAll(): void {
  const claims = listClaims(loadCatalog().rules);
  const path = join(findBuiltInRules(), 'sources.tsv');
  const before = existsSync(path) ? parseFound(readFileSync(path, 'utf8')) : new Map<string, FoundLiteral>();
  const found = new Map<string, Map<string, string>>(claims.map((claim) => [claim.id, new Map()]));
  for (const set of JAR_SETS) {
    const jars = openJarSet(set);
    if (jars === undefined) console.log(`${set.name}: not on this machine`);
    for (const claim of claims) {
      const findings = found.get(claim.id) ?? new Map<string, string>();
      if (set.flink === undefined && isSettled(findings)) continue;
      const finding = jars === undefined ? before.get(claim.id)?.get(set.name) : checkClaim(claim, set, jars);
      if (finding !== undefined) findings.set(set.name, finding);
    }
    jars?.close();
  }
  for (const [id, findings] of found) {
    const wrong = [...findings].filter(([, finding]) => finding.startsWith('no-'));
    if (wrong.length > 0) {
      process.exitCode = 1;
      console.log(`${id}: ${wrong.map(([name, finding]) => `${name} ${finding}`).join(', ')}`);
    } else if (![...findings.values()].includes('found')) console.log(`${id}: not to be looked up`);
  }
  if (values.write) writeFileSync(path, renderFound(found));
}
