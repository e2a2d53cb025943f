// JSON schemas of the API for rules that are being written, in requests and answers: drafts, trials, matches in stored
// records, and saved rules. The routes of routes/rules.ts use them.
import { described, integer, list, object, request, text, texts, time } from './shape.js';

export const RULE_LINES = request(
  { lines: described(text, 'Lines of a log: what failed, with its whole stack trace.') },
  ['lines'],
);

const FILES = {
  rule: described(text, 'rule.yaml.'),
  match: described(text, 'match.log: the rule must stand first there.'),
  nearMiss: described(text, 'nearmiss.log: the rule must keep silent there.'),
};

export const RULE_DRAFT = object(
  {
    id: described(text, 'CAUSE/VARIANT; left out where only a person can say which cause it is.'),
    named: described(text, 'The rule that names this failure already.'),
    ...FILES,
  },
  ['rule', 'match', 'nearMiss'],
);

const WRITTEN = { id: described(text, 'CAUSE/VARIANT, such as connector.ledger/closed.'), ...FILES };
const WRITTEN_NAMES = ['id', 'rule', 'match', 'nearMiss'];

export const RULE_TEXTS = request(WRITTEN, WRITTEN_NAMES);

export const OWN_RULE = object(WRITTEN, WRITTEN_NAMES);

export const RULE_TEXTS_TO_SAVE = request(
  { ...WRITTEN, replace: described({ type: 'boolean' }, 'In place of the rule that stands there.') },
  WRITTEN_NAMES,
);

const LOG_TRIAL = object(
  {
    stands: { type: 'string', enum: ['first', 'below', 'nowhere'] },
    first: described(text, 'The rule that stands first.'),
    before: described(text, 'The rule that stands first without this one.'),
    lines: described(
      list(object({ id: text, anchor: text, hits: integer }, ['id', 'anchor', 'hits'])),
      'Of its alternatives: in how many entries each was found.',
    ),
    title: described(text, 'As it would be told.'),
    values: described({ type: 'object', additionalProperties: text }, 'What it reads from the log.'),
    fixes: described(integer, 'How many of its fixes apply.'),
    faults: described(texts, 'Expressions that failed.'),
  },
  ['stands', 'lines', 'values', 'fixes', 'faults'],
);

export const RULE_TRIAL = object(
  {
    problems: described(
      list(object({ line: integer, column: integer, message: text }, ['line', 'column', 'message'])),
      'Of rule.yaml; line and column from 1. With any of them the rule is not tried.',
    ),
    newCause: described(object({ id: text, suggestion: text }, ['id', 'suggestion']), 'Its cause is a new one.'),
    replaces: described({ type: 'boolean' }, 'There is a rule of this id.'),
    todos: described(texts, 'Texts that are still to be written.'),
    match: LOG_TRIAL,
    nearMiss: LOG_TRIAL,
  },
  ['problems'],
);

export const RULE_SAVED = object(
  {
    id: text,
    place: described(text, 'The folder that was written.'),
    todos: described(texts, 'Texts that are still to be written.'),
  },
  ['id', 'place', 'todos'],
);

export const RULE_TO_BACKTEST = request(
  {
    id: WRITTEN.id,
    rule: FILES.rule,
    days: described({ type: 'integer', minimum: 1, maximum: 90 }, 'How far back; 7 where it is left out.'),
  },
  ['id', 'rule'],
);

const HITS = object(
  {
    count: integer,
    shown: described(
      list(
        object({ record: text, time, cluster: text, job: text, incident: text, first: text }, [
          'record',
          'time',
          'cluster',
        ]),
      ),
      'The first ten; "first": the rule that stands first there now.',
    ),
  },
  ['count', 'shown'],
);

export const RULE_PAST = object(
  {
    days: integer,
    isCut: described({ type: 'boolean' }, 'More was stored than was looked at.'),
    found: described(integer, 'Records in which the rule finds its line.'),
    claims: described(HITS, 'Failures that no rule names, or only a general one.'),
    beside: described(HITS, 'Diagnoses of other rules, beside which it would stand.'),
    healthy: described(HITS, 'Lines where nothing had failed.'),
  },
  ['days', 'isCut', 'found', 'claims', 'beside', 'healthy'],
);
