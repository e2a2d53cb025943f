// Declares the requests and answers of the API about rules and feedback on their diagnoses. The routes of rules and of
// feedback use them.
import { Feedback } from '../../core/documents/feedback.js';
import { RuleInfo, RuleSheet } from '../../core/documents/rule.js';
import {
  described,
  flag,
  integer,
  list,
  number,
  object,
  optional,
  pick,
  text,
  texts,
  type Static,
} from '../../core/documents/schema.js';

/** Precision of a rule by the feedback on its diagnoses. */
const PRECISION = object({
  right: described(integer, 'Number of verdicts that the rule was right or helped.'),
  wrong: integer,
  share: described(number, 'Share of the verdicts that the rule was right.'),
  low: described(number, 'The true share is between low and high with 95 % confidence (Wilson).'),
  high: number,
  alerts: described(flag, 'False if the share is below notify.precisionFloorPercent: the rule then alerts nobody.'),
});
/** Precision of a rule. `alerts` is false if the rule is wrong so often that it sends no alerts. */
export type RulePrecision = Static<typeof PRECISION>;

export const FEEDBACK = pick(Feedback, ['rule', 'verdict'], { additionalProperties: false });

export const FEEDBACK_LIST = object({
  feedback: described(list(Feedback), 'Newest first.'),
  rules: described(
    list(object({ id: text, precision: optional(PRECISION) })),
    'Rules of the incident, without "precision" if there is no feedback yet.',
  ),
});
export type ShownFeedback = Static<typeof FEEDBACK_LIST>;

const RULE = object({ ...RuleInfo.properties, precision: optional(PRECISION) });
export type RuleRow = Static<typeof RULE>;

export const RULE_PAGE = object({
  ...RULE.properties,
  isOwn: described(flag, "True if the rule is among the team's own rules and can be edited."),
  sheet: optional(RuleSheet, 'Matchers, answers and sample logs; texts hold {placeholders} for values of a log.'),
});
/** Rule with its matchers, its answer and its sample logs. */
export type ShownRule = Static<typeof RULE_PAGE>;

export const RULE_LIST = object({
  rules: list(RULE),
  problems: described(
    texts,
    "Problems of rejected rules in the team's folders, as file:line:column and message; the former rules stay in use.",
  ),
});
export type RuleList = Static<typeof RULE_LIST>;
