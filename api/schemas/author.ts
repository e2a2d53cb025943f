// Declares the requests and answers of the API for rules that are being written: drafts, trials, matches in stored
// records, and saved rules. The routes of rules use them.
import { RulePast, WrittenRule } from '../../core/documents/rule.js';
import {
  described,
  flag,
  integer,
  object,
  optional,
  pick,
  request,
  text,
  texts,
  type Static,
} from '../../core/documents/schema.js';

export const RULE_LINES = request({
  lines: described(text, 'Lines of a log: the failure with its whole stack trace.'),
});

export const RULE_TEXTS = request(WrittenRule.properties);

export const RULE_TEXTS_TO_SAVE = request({
  ...WrittenRule.properties,
  replace: optional(flag, 'True to replace the rule that has this id.'),
});

export const RULE_SAVED = object({
  id: text,
  place: described(text, 'Folder that was written.'),
  todos: described(texts, 'Texts that are not written yet.'),
});
export type RuleSaved = Static<typeof RULE_SAVED>;

export const RULE_TO_BACKTEST = request({
  ...pick(WrittenRule, ['id', 'rule']).properties,
  days: optional({ ...integer, minimum: 1, maximum: 90 }, 'Number of days to search; default: 7.'),
});

export const RULE_PAST = object({
  days: integer,
  isCut: described(flag, 'True if more was stored than was searched.'),
  ...RulePast.properties,
});
/** Matches of a rule in stored records. */
export type StoredPast = Static<typeof RULE_PAST>;
