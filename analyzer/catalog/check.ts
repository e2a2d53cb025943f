// Checks what no rule shows by itself, after all rules are read: whether their anchors fit into one scan, and whether
// `explains` names what exists.
import { relative } from 'node:path';
import { formatProblems, type Problem } from '../../core/document.js';
import { printGlob } from '../../core/text/glob.js';
import { isNamedBy } from './rule.js';
import { suggestCause, type Cause } from './causes.js';
import type { ClosedRule } from './closed.js';
import type { ReadRules } from './rules.js';

/**
 * Maximum size of all anchors together, in bytes. With more, the scan's table of words would know a part of nearly
 * every line.
 */
const MAX_ANCHOR_BYTES = 1 << 20;

export function checkSize(folder: string, rules: readonly ClosedRule[]): readonly string[] {
  const anchors = new Set(rules.flatMap((rule) => [...rule.alternatives.flat(), ...rule.steps]));
  const bytes = [...anchors].reduce((sum, anchor) => sum + Buffer.byteLength(anchor), 0);
  if (bytes <= MAX_ANCHOR_BYTES) return [];
  const longest = [...rules].sort((a, b) => anchorBytes(b) - anchorBytes(a))[0];
  return [
    `${folder}:1:1 the anchors of its rules are ${bytes} bytes long together, but at most ${MAX_ANCHOR_BYTES} fit into one scan; shorten those of ${longest?.id ?? 'its rules'} first`,
  ];
}

function anchorBytes(rule: ClosedRule): number {
  return rule.alternatives.flat().reduce((sum, anchor) => sum + Buffer.byteLength(anchor), 0);
}

/** Checks that `explains` names what exists and does not run in a circle. */
export function checkExplains(
  rules: ReadRules,
  causes: ReadonlyMap<string, Cause>,
  refused: Set<string>,
): readonly string[] {
  // The build has checked these rules, and no team's own rules are among them.
  if ([...rules.values()].every(({ document }) => document.trusted === true)) return [];
  const all = [...rules.values()].map((item) => item.rule.open());
  const areas = new Set([...causes.keys()].map((id) => `${id.slice(0, id.indexOf('.'))}.*`));
  return [...rules.values()].flatMap(({ rule: closed, document }) => {
    const rule = closed.open();
    const problems = rule.explains.flatMap((glob, index): Problem[] => {
      const pattern = printGlob(glob);
      const known = rules.has(pattern) || causes.has(pattern) || areas.has(pattern);
      if (!known)
        return [
          document.problemAt(
            ['explains', index],
            `names \`${pattern}\`, which is no cause or rule${suggestCause(pattern, causes)}`,
          ),
        ];
      const circle = all.find(
        (other) => other.id > rule.id && isNamedBy(other, glob) && other.explains.some((back) => isNamedBy(rule, back)),
      );
      return circle === undefined
        ? []
        : [document.problemAt(['explains', index], `runs in a circle: ${circle.id} explains this rule as well`)];
    });
    if (problems.length > 0) refused.add(rule.id);
    return problems.length === 0 ? [] : formatProblems(relative(process.cwd(), rule.file), problems).split('\n');
  });
}
