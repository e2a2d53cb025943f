// Declares what people see and write of a rule: its sheet, the texts of a rule that is being written, the trial of such
// a draft on its logs, and its matches in the stored records. The texts of a sheet hold `{placeholders}` for values
// found in a log. analyzer/author makes all of them.
import { OWNER, RISK, RULE_STATUS, SEVERITY } from './incident.js';
import {
  described,
  flag,
  integer,
  list,
  map,
  number,
  object,
  optional,
  text,
  texts,
  time,
  word,
  type Static,
} from './schema.js';

/** Row of a rule in the catalog. */
export const RuleInfo = object({
  id: text,
  cause: text,
  title: object({ en: text, zh: text }),
  status: RULE_STATUS,
  severity: SEVERITY,
  owner: OWNER,
  role: word(['cause', 'symptom']),
  references: texts,
});
export type RuleInfo = Static<typeof RuleInfo>;

const LineSheet = object({
  text: optional(text, 'Text that the line must contain, compared as bytes.'),
  pattern: optional(text, 'Regular expression (RE2) that must match the line.'),
  flink: optional(text, 'Versions of Flink that print the line.'),
  where: described(map(texts), 'Conditions of the entry by the names of rule.yaml: exception, logger, component …'),
});
export type LineSheet = Static<typeof LineSheet>;

const StepSheet = object({
  ...LineSheet.properties,
  on: text,
  order: text,
  withinMs: integer,
  count: integer,
  absent: described(flag, 'True if the line must be absent.'),
});
export type StepSheet = Static<typeof StepSheet>;

const FixSheet = object({
  text,
  when: optional(text),
  flink: optional(text),
  patch: map(text),
  computedBy: optional(text, 'Expression that computes the options, if the rule does not list them.'),
  risk: RISK,
  cost: optional(text),
  verify: optional(text),
});
export type FixSheet = Static<typeof FixSheet>;

const ProofLog = object({
  name: text,
  isMatch: flag,
  text,
  isCut: described(flag, 'True if the log is longer than the text.'),
});
export type ProofLog = Static<typeof ProofLog>;

export const RuleSheet = object({
  summary: text,
  role: RuleInfo.properties.role,
  scope: word(['job', 'process', 'cluster']),
  finds: described(list(LineSheet), 'Alternatives: at least one of these lines must be present.'),
  unless: described(list(LineSheet), 'Exclusions: none of these lines may be present.'),
  steps: described(list(StepSheet), 'Further conditions: all of these must hold.'),
  captures: described(map(text), 'Name of a value that the rule captures → its type.'),
  reasons: list(object({ text, weight: number, when: optional(text) })),
  fixes: list(FixSheet),
  explains: described(texts, 'Causes that follow from this one.'),
  logs: described(list(ProofLog), 'Logs that the rule must match, and near misses that it must not match.'),
  moreLogs: described(integer, 'Number of further logs of the rule.'),
});
export type RuleSheet = Static<typeof RuleSheet>;

const TEXTS = {
  rule: described(text, 'Text of the rule, as its file has it.'),
  match: described(text, 'Log in which the rule must rank first.'),
  nearMiss: described(text, 'Near miss: a log that the rule must not match.'),
};

/** Rule that is being written: its id its text, and the two logs on which it is tried. */
export const WrittenRule = object({
  id: described(text, 'CAUSE/VARIANT, such as connector.ledger/closed.'),
  ...TEXTS,
});
export type WrittenRule = Static<typeof WrittenRule>;

/** Rule that was drafted from the lines of a failure. */
export const DraftedRule = object({
  id: optional(text, 'CAUSE/VARIANT; absent if only a person can decide which cause it is.'),
  named: optional(text, 'Rule that already matches this failure.'),
  ...TEXTS,
});
export type DraftedRule = Static<typeof DraftedRule>;

const LogTrial = object({
  stands: word(['first', 'below', 'nowhere']),
  first: optional(text, 'Rule that ranks first.'),
  before: optional(text, 'Rule that ranks first without the draft.'),
  lines: described(
    list(object({ id: text, anchor: text, hits: integer })),
    'Alternatives of the rule, each with the number of entries that match it.',
  ),
  title: optional(text, 'Title of the diagnosis, as it would be shown.'),
  values: described(map(text), 'Values that the rule captures from the log, by name.'),
  fixes: described(integer, 'Number of its fixes that apply.'),
  faults: described(texts, 'Expressions that failed.'),
});
export type LogTrial = Static<typeof LogTrial>;

/** Result of checking a draft rule. If there are no problems, the rule was run on its two logs. */
export const RuleTrial = object({
  problems: described(
    list(object({ line: integer, column: integer, message: text })),
    'Problems of the text; line and column count from 1. A rule with any of them is not tried.',
  ),
  newCause: optional(
    object({ id: text, suggestion: described(text, 'Question about a cause whose id is spelled almost the same.') }),
    'Cause of the rule, if the catalog does not have it.',
  ),
  replaces: optional(flag, 'True if a rule with this id exists, which the draft would replace.'),
  todos: optional(texts, 'Texts that are not written yet.'),
  failedCases: optional(texts, 'Cases in the text of the rule that fail, each with its line.'),
  match: optional(LogTrial),
  nearMiss: optional(LogTrial),
});
export type RuleTrial = Static<typeof RuleTrial>;

const PastHit = object({
  record: described(text, 'Id of the record.'),
  time,
  cluster: text,
  job: optional(text),
  incident: optional(text),
  first: optional(text, 'Rule that ranks first in the incident, unless it is a general one.'),
});
export type PastHit = Static<typeof PastHit>;

const PastHits = object({ count: integer, shown: described(list(PastHit), 'First ten of the hits.') });
export type PastHits = Static<typeof PastHits>;

/** Matches that a draft rule would have had in the stored records. */
export const RulePast = object({
  found: described(integer, 'Number of records with a matching line.'),
  claims: described(PastHits, 'Failures that no rule names, or only a general rule.'),
  beside: described(PastHits, 'Diagnoses of other rules, next to which the rule would appear.'),
  healthy: described(PastHits, 'Matches where nothing had failed.'),
});
export type RulePast = Static<typeof RulePast>;
