// Routes for rules: the catalog and one rule of it; for authors a draft from the lines of a failure, a trial of the
// current rule (at each pause in typing), and the rule's folder among the team's own rules. The engine does the work.
import { createError } from '../../core/errors.js';
import { WrittenRule, DraftedRule, RuleTrial } from '../../core/documents/rule.js';
import {
  createValues,
  readLanguage,
  type Answer,
  type Request,
  type RequestValues,
  type Route,
  type Services,
} from '../http/route.js';
import { ID, QUERIES } from '../schemas/queries.js';
import {
  RULE_LINES,
  RULE_PAST,
  RULE_SAVED,
  RULE_TEXTS,
  RULE_TEXTS_TO_SAVE,
  RULE_TO_BACKTEST,
} from '../schemas/author.js';
import { RULE_LIST, RULE_PAGE } from '../schemas/rules.js';
import { loadPrecision } from './feedback.js';

/** Size limit, in bytes, of a rule and its sample logs. For a whole log there is "jobtrace rules new". */
const MAX_BYTES = 512 * 1024;
/** Limits for trials, each of which reads two logs twice. */
const TRIALS = { max: 8, maxPerViewer: 3 };
/** Limits for backtests, each of which searches the store a few times. */
const BACKTESTS = { max: 4, maxPerViewer: 1 };
const USUAL_DAYS = 7;

export function createRuleRoutes(services: Services): readonly Route[] {
  return [...createCatalogRoutes(services), ...createAuthorRoutes(services)];
}

function createCatalogRoutes(services: Services): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/rules',
      role: 'reader',
      tag: 'rules',
      summary: 'The rule catalog',
      query: QUERIES.none,
      answers: { 200: RULE_LIST },
      handle: (request) => listRules(services, request),
    },
    {
      method: 'GET',
      path: '/api/v1/rules/:id',
      role: 'reader',
      tag: 'rules',
      summary: 'One rule',
      description: 'The slash in the id is sent as %2F.',
      params: ID,
      query: QUERIES.language,
      answers: { 200: RULE_PAGE },
      handle: (request) => readRule(services, request),
    },
  ];
}

function createAuthorRoutes(services: Services): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/api/v1/rules/draft',
      role: 'author',
      tag: 'rules',
      summary: 'Draft a rule from the lines of a failure',
      description: 'Anchor, captures and logs are filled in; texts that only a person knows begin with TODO.',
      query: QUERIES.none,
      body: { type: 'json', schema: RULE_LINES, maxBytes: MAX_BYTES },
      concurrency: TRIALS,
      answers: { 200: DraftedRule },
      handle: async (request) => draftRule(services, request),
    },
    {
      method: 'GET',
      path: '/api/v1/rules/:id/texts',
      role: 'author',
      isOfAll: true,
      tag: 'rules',
      summary: "The texts of a rule of the team's own, to be edited",
      description: 'The slash in the id is sent as %2F. Its logs may be of anybody.',
      params: ID,
      query: QUERIES.none,
      answers: { 200: WrittenRule },
      handle: async (request) => readOwn(services, request),
    },
    {
      method: 'POST',
      path: '/api/v1/rules/try',
      role: 'author',
      tag: 'rules',
      summary: 'What a rule that is being written does to its two logs',
      description: 'Nothing is stored. A rule with problems is not tried.',
      query: QUERIES.language,
      body: { type: 'json', schema: RULE_TEXTS, maxBytes: MAX_BYTES },
      concurrency: TRIALS,
      answers: { 200: RuleTrial },
      handle: async (request) => tryRule(services, request),
    },
    {
      method: 'POST',
      path: '/api/v1/rules/backtest',
      role: 'author',
      tag: 'rules',
      summary: 'Backtest a rule draft on the stored records',
      description:
        'Tests the matched lines only, without the lines around them. Returns failures without a matching rule, diagnoses of other rules, and lines without a failure, as far as the token can see them.',
      query: QUERIES.none,
      body: { type: 'json', schema: RULE_TO_BACKTEST, maxBytes: MAX_BYTES },
      concurrency: BACKTESTS,
      answers: { 200: RULE_PAST },
      handle: (request) => askPast(services, request),
    },
    {
      method: 'POST',
      path: '/api/v1/rules',
      role: 'admin',
      isOfAll: true,
      audited: 'rule',
      tag: 'rules',
      summary: "Save a rule among the team's own",
      description:
        'Its folder is written below the last of analyzer.rulesDirs; every process that reads that folder uses the rule within a second. A rule is rejected if it is not valid, is not the top diagnosis of its log, or matches its near miss.',
      query: QUERIES.none,
      body: { type: 'json', schema: RULE_TEXTS_TO_SAVE, maxBytes: MAX_BYTES },
      concurrency: TRIALS,
      answers: { 200: RULE_SAVED },
      refusals: [409],
      handle: async (request) => saveRule(services, request),
    },
  ];
}

async function listRules(services: Services, request: Request): Promise<Answer> {
  const measured = await loadPrecision(services, request);
  const rules = services.rules().map((rule) => ({ ...rule, precision: measured.get(rule.id) }));
  return { kind: 'json', body: { rules, problems: services.ruleProblems() } };
}

async function readRule(services: Services, request: Request): Promise<Answer> {
  const id = request.params.text('id') ?? '';
  const rule = services.rules().find((candidate) => candidate.id === id);
  if (rule === undefined) throw createError('JT_RULE_NOT_FOUND', { id, hint: '' });
  const precision = (await loadPrecision(services, request)).get(id);
  const sheet = services.ruleSheet(id, readLanguage(services, request));
  const isOwn = services.authoring?.readRule(id) !== undefined;
  return { kind: 'json', body: { ...rule, precision, isOwn, sheet } };
}

function draftRule({ authoring }: Services, { body }: Request): Answer {
  const draft = authoring?.draftRule(createValues(body).text('lines') ?? '');
  if (draft === undefined)
    throw createError('JT_REQUEST_INVALID', {
      problems:
        'nothing failed in these lines: no task, job or process ended. Send the line that says so with its whole stack trace',
    });
  const { id, named, ruleYaml, matchLog, nearMissLog } = draft;
  return { kind: 'json', body: { id, named, rule: ruleYaml, match: matchLog, nearMiss: nearMissLog } };
}

function readOwn({ authoring }: Services, { params }: Request): Answer {
  const id = params.text('id') ?? '';
  const texts = authoring?.readRule(id);
  if (texts === undefined) throw createError('JT_NOT_FOUND', { what: `A rule "${id}" among the team's own` });
  return { kind: 'json', body: texts };
}

function tryRule(services: Services, request: Request): Answer {
  const { authoring } = services;
  if (authoring === undefined) throw createError('JT_NOT_FOUND', { what: 'The engine that tries rules' });
  return {
    kind: 'json',
    body: authoring.tryRule(readTexts(createValues(request.body)), readLanguage(services, request)),
  };
}

async function askPast({ authoring }: Services, { body, store }: Request): Promise<Answer> {
  if (authoring === undefined) throw createError('JT_NOT_FOUND', { what: 'The engine that tries rules' });
  const values = createValues(body);
  const { id, rule } = readTexts(values);
  return { kind: 'json', body: await authoring.askPast({ id, rule }, store, values.number('days') ?? USUAL_DAYS) };
}

function saveRule({ authoring }: Services, { body, viewer }: Request): Answer {
  if (authoring?.saveRule === undefined) throw createError('JT_RULES_FOLDER_MISSING', {});
  const values = createValues(body);
  return {
    kind: 'json',
    body: authoring.saveRule(readTexts(values), { by: viewer.name, replace: values.flag('replace') }),
  };
}

function readTexts(values: RequestValues): WrittenRule {
  return {
    id: values.text('id') ?? '',
    rule: values.text('rule') ?? '',
    match: values.text('match') ?? '',
    nearMiss: values.text('nearMiss') ?? '',
  };
}
