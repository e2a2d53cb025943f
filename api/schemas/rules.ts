// JSON schemas of the API for rules and for feedback on their diagnoses, in requests and answers. The routes of rules
// and of feedback use them.
import { VERDICTS } from '../../core/routing/feedback.js';
import { described, integer, list, object, request, text, texts, time } from './shape.js';

/** Precision of a rule by the feedback on its diagnoses. */
const PRECISION = object(
  {
    right: described(integer, 'How often people said that it was right or helped.'),
    wrong: integer,
    share: described({ type: 'number' }, 'Of all verdicts, those that were right.'),
    low: described({ type: 'number' }, 'Between low and high the true share lies with 95 % (Wilson).'),
    high: { type: 'number' },
    alerts: described(
      { type: 'boolean' },
      'False when the share is below notify.precisionFloorPercent: incidents of the rule alert nobody.',
    ),
  },
  ['right', 'wrong', 'share', 'low', 'high', 'alerts'],
);

export const FEEDBACK = request(
  { rule: described(text, 'Id of a rule of the incident.'), verdict: { type: 'string', enum: VERDICTS } },
  ['rule', 'verdict'],
);

export const FEEDBACK_LIST = object(
  {
    feedback: described(
      list(
        object({ incidentId: text, rule: text, verdict: { type: 'string', enum: VERDICTS }, by: text, at: time }, [
          'incidentId',
          'rule',
          'verdict',
          'by',
          'at',
        ]),
      ),
      'Newest first.',
    ),
    rules: described(
      list(object({ id: text, precision: PRECISION }, ['id'])),
      'Of the incident; without "precision" where nobody said anything yet.',
    ),
  },
  ['feedback', 'rules'],
);

const RULE_HEAD = {
  precision: PRECISION,
  id: text,
  title: { oneOf: [text, object({ en: text, zh: text }, ['en', 'zh'])] },
  status: { type: 'string', enum: ['draft', 'test', 'stable'] },
};

const RULE_LINE = {
  text: described(text, 'What the line must hold.'),
  pattern: described(text, 'A regular expression (RE2) that must match it.'),
  flink: described(text, 'Versions of Flink that print it.'),
  where: described(
    { type: 'object', additionalProperties: texts },
    'What else must be so of the entry, by the names of rule.yaml: exception, logger, component …',
  ),
};

const RULE_SHEET = described(
  object(
    {
      summary: text,
      role: { type: 'string', enum: ['cause', 'symptom'] },
      scope: { type: 'string', enum: ['job', 'process', 'cluster'] },
      finds: described(list(object(RULE_LINE, ['where'])), 'One of these lines must be there.'),
      unless: described(list(object(RULE_LINE, ['where'])), 'None of these.'),
      steps: described(
        list(
          object(
            {
              ...RULE_LINE,
              on: text,
              order: text,
              withinMs: integer,
              count: integer,
              absent: described({ type: 'boolean' }, 'It must not be there.'),
            },
            ['where', 'on', 'order', 'withinMs', 'count', 'absent'],
          ),
        ),
        'And all of these, around it.',
      ),
      captures: described({ type: 'object', additionalProperties: text }, 'Name of a value that it reads → its type.'),
      reasons: list(object({ text, weight: { type: 'number' }, when: text }, ['text', 'weight'])),
      fixes: list(
        object(
          {
            text,
            when: text,
            flink: text,
            patch: { type: 'object', additionalProperties: text },
            computedBy: described(text, 'The expression that computes the options, where the rule does not name them.'),
            risk: { type: 'string', enum: ['low', 'medium', 'high'] },
            cost: text,
            verify: text,
          },
          ['text', 'patch', 'risk'],
        ),
      ),
      explains: described(texts, 'Causes that follow from it, and stand below it.'),
      logs: described(
        list(object({ name: text, isMatch: { type: 'boolean' }, text, isCut: { type: 'boolean' } }, ['name', 'text'])),
        'Logs that it must name, and near misses that it must not.',
      ),
      moreLogs: described(integer, 'Logs that it has beside these.'),
    },
    ['summary', 'finds', 'unless', 'steps', 'fixes', 'explains', 'logs'],
  ),
  'What it looks for, what it answers, and what proves it; texts hold {placeholders} for what is found in a log.',
);

const RULE = object(RULE_HEAD, ['id', 'title', 'status'], { additionalProperties: true });

const OWN = described({ type: 'boolean' }, "It stands among the team's own rules, and can be edited.");

export const RULE_PAGE = object({ ...RULE_HEAD, isOwn: OWN, sheet: RULE_SHEET }, ['id', 'title', 'status', 'isOwn'], {
  additionalProperties: true,
});

export const RULE_LIST = object(
  {
    rules: list(RULE),
    problems: described(
      texts,
      "Why rules of the team's folders are refused, as file:line:column and words; the rules before them stay in use.",
    ),
  },
  ['rules', 'problems'],
);
