// Checks that every message that a rule attributes to a class is in that class, in the real jars of each Flink version
// that the rule claims. Versions and libraries that are not among the parts are skipped. After a change to a rule's
// source, run npx tsx lab/reference/literals.ts, and npm run docs for the table in docs/rules.md.
import { expect, it } from 'vitest';
import { loadCatalog } from '../../analyzer/catalog/catalog.js';
import { describeWithParts } from '../parts/testing/describe-part.js';
import { checkClaim, listClaims } from './sources.js';
import { JAR_SETS, openJarSet } from './jar-versions.js';

const claims = listClaims(loadCatalog().rules);

for (const set of JAR_SETS.filter(({ flink }) => flink !== undefined)) {
  describeWithParts(set.parts, `the classes of Flink ${set.name}`, () => {
    it('print what the rules say', () => {
      const jars = openJarSet(set);
      if (jars === undefined) throw new Error('the parts were here a moment ago');
      const findings = claims.map((claim) => ({ id: claim.id, finding: checkClaim(claim, set, jars) }));
      jars.close();

      expect(findings.filter(({ finding }) => finding === 'no-text' || finding === 'no-class')).toEqual([]);
      expect(findings.filter(({ finding }) => finding === 'found').length).toBeGreaterThan(claims.length / 3);
    });
  });
}
