// Checks whether the messages that rules name are really printed by the classes they name. Takes the rules and the jars
// of a Flink version (or of libraries). Returns, for each alternative that names its source, the finding; and the table
// of all findings, rules/sources.tsv, which docs/rules.md shows.
import type { Rule } from '../../analyzer/catalog/rule.js';
import { inRange } from '../../flink/facts/options.js';
import type { Jars } from './jars.js';
import type { JarSet } from './jar-versions.js';

/** Sources that one alternative names for its message. */
export interface Claim {
  /** Id of the rule and of the alternative. */
  readonly id: string;
  readonly status: Rule['status'];
  readonly flink: string;
  readonly sources: Rule['alternatives'][number]['sources'];
}

/**
 * Result of a look-up. `found`: the class contains the text. `no-text`: the class is there but does not contain the
 * text. `no-class`: all of Flink and other classes of the package are there, but the class is not. `unknown`: the class
 * is not among the jars at hand, so nothing can be concluded.
 */
export type LiteralFinding = 'found' | 'no-text' | 'no-class' | 'unknown';

/** Name of a jar set → finding. */
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
 * Returns the best finding of one version's jars for a claim; undefined if the claim is not about that version.
 * Libraries have no version, so any source may be in them.
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

/**
 * Returns true if the texts contain the literal. A literal may mark gaps with `…`; then each piece between them must be
 * there.
 */
function holdsLiteral(texts: readonly string[], literal: string): boolean {
  return literal.split('…').every((piece) => texts.some((text) => text.includes(piece)));
}

/** Returns true if the jars of some Flink version contain the class, so that libraries need not be searched. */
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
