// A rule of which nobody has asked more than what it looks for, and the rule that it is when it is opened: most rules
// are never called for by any line. rules.ts makes them of files, catalog.ts of compiled rules.
import type { ParsedDocument } from '../../../core/document.js';
import { compileRule } from '../rule/compile.js';
import type { DisabledFile, ExtensionFile, Rule, RuleFile } from '../rule/rule.js';
import type { RuleAnchors } from './prepared.js';

export interface ClosedRule extends RuleAnchors {
  readonly id: string;
  /** Always the same one. */
  open(): Rule;
}

export function closeRule(rule: Rule): ClosedRule {
  return { id: rule.id, ...listAnchors(rule), open: () => rule };
}

export function listAnchors({ alternatives, steps }: Rule): RuleAnchors {
  return {
    alternatives: alternatives.map(({ anchor, words }) => [anchor, ...words]),
    steps: steps.map(({ anchor }) => anchor),
  };
}

/** The build found no problem in it. */
export function deferRule(id: string, file: string, document: ParsedDocument, anchors: RuleAnchors): ClosedRule {
  let rule: Rule | undefined;
  const open = (): Rule => {
    const { value } = document;
    if (!isRuleFile(value) || !('match' in value)) throw new Error(`the prepared ${id} is no rule`);
    return compileRule(id, file, value, document).rule;
  };
  return { id, ...anchors, open: () => (rule ??= open()) };
}

/** Only asked for documents that rules/schema.json found valid: this is what the schema says. */
export function isRuleFile(value: unknown): value is RuleFile | ExtensionFile | DisabledFile {
  return typeof value === 'object' && value !== null;
}
