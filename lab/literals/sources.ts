// Are the messages that rules name really printed by the classes they name? In: the rules and the jars of a Flink
// version (or of libraries). Out: for each alternative that names its source, what was found; and the table of all
// findings, rules/sources.tsv, which docs/rules.md shows. Called by sources.test.ts and run.ts.
import type { Rule } from '../../analyzer/catalog/rule/rule.js';
import { inRange } from '../../flink/options/options.js';
import type { Jars } from './jars.js';
import type { JarSet } from './versions.js';

/** What one alternative says about where its message comes from. */
export interface Claim {
  /** Rule and alternative. */
  readonly id: string;
  readonly status: Rule['status'];
  readonly flink: string;
  readonly sources: Rule['alternatives'][number]['sources'];
}

/**
 * `found`. `no-text`: the class is there and prints something else. `no-class`: all of Flink is there and others
 * of its package, it is not. `unknown`: it is not among the jars that are there, so it cannot be said.
 */
export type LiteralFinding = 'found' | 'no-text' | 'no-class' | 'unknown';

/** Name of a set of jars → finding. */
export type FoundLiteral = ReadonlyMap<string, string>;

export function listClaims(rules: readonly Rule[]): readonly Claim[] {
  return rules.flatMap((rule) =>
    rule.alternatives
      .filter((alternative) => alternative.sources.length > 0)
      .map((alternative) => ({
        id: `${rule.id}#${alternative.id}`,
        status: rule.status,
        flink: alternative.flink ?? '*',
        sources: alternative.sources,
      })),
  );
}

/**
 * The best that one version's jars say to a claim; undefined when it is not about that version. Libraries have no
 * version: any source may be in them.
 */
export function checkClaim(claim: Claim, { flink: version, whole }: JarSet, jars: Jars): LiteralFinding | undefined {
  if (version !== undefined && !inRange(version, claim.flink)) return undefined;
  const sources = claim.sources.filter((source) => version === undefined || inRange(version, source.flink ?? '*'));
  const findings = sources.map((source) => lookUp(source, whole, jars));
  return ORDER.find((finding) => findings.includes(finding)) ?? 'no-class';
}

const ORDER: readonly LiteralFinding[] = ['found', 'unknown', 'no-text', 'no-class'];

function lookUp(source: Claim['sources'][number], whole: boolean, jars: Jars): LiteralFinding {
  const texts = jars.findTexts(source.class);
  if (texts !== undefined) return holdsLiteral(texts, source.literal) ? 'found' : 'no-text';
  return whole && jars.hasPackage(source.class.slice(0, source.class.search(/\.[A-Z]/))) ? 'no-class' : 'unknown';
}

/** A literal may show its gaps as `…`: then each piece between them must be there. */
function holdsLiteral(texts: readonly string[], literal: string): boolean {
  return literal.split('…').every((piece) => texts.some((text) => text.includes(piece)));
}

/** True when some Flink version's jars hold the class: libraries need not be asked. */
export function isSettled(findings: FoundLiteral): boolean {
  return [...findings.values()].some((finding) => finding === 'found' || finding === 'no-text');
}

export function renderFound(found: ReadonlyMap<string, FoundLiteral>): string {
  const lines = [...found].map(([id, findings]) =>
    [id, ...[...findings].map(([name, finding]) => `${name}=${finding}`)].join('\t'),
  );
  return `${lines.sort().join('\n')}\n`;
}

export function parseFound(text: string): Map<string, FoundLiteral> {
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [id = '', ...findings] = line.split('\t');
        return [
          id,
          new Map(
            findings.map((finding): [string, string] => [
              finding.slice(0, finding.indexOf('=')),
              finding.slice(finding.indexOf('=') + 1),
            ]),
          ),
        ];
      }),
  );
}
