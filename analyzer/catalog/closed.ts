// Defines a closed rule, of which only the anchors are known, and the full rule that it becomes when it is opened. Most
// rules are never opened, because no line calls for them. rules.ts makes closed rules from files, catalog.ts from
// compiled rules.
import type { ParsedDocument } from '../../core/document.js';
import { compileRule } from './compile.js';
import type { DisabledFile, ExtensionFile, Rule, RuleFile } from './rule.js';
import type { RuleAnchors } from './prepared.js';

export interface ClosedRule extends RuleAnchors {
  readonly id: string;
  /** Opens the rule; always returns the same object. */
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

/** Returns a closed rule for a document in which the build found no problem. */
export function deferRule(id: string, file: string, document: ParsedDocument, anchors: RuleAnchors): ClosedRule {
  let rule: Rule | undefined;
  const open = (): Rule => {
    const { value } = document;
    if (!isRuleFile(value) || !('match' in value)) throw new Error(`the prepared ${id} is no rule`);
    return compileRule(id, file, value, document).rule;
  };
  return { id, ...anchors, open: () => (rule ??= open()) };
}

/** True if the document is a rule file. It must be valid by rules/schema.json, which guarantees this type. */
export function isRuleFile(value: unknown): value is RuleFile | ExtensionFile | DisabledFile {
  return typeof value === 'object' && value !== null;
}
