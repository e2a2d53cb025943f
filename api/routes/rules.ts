// Routes for rules: the catalog and one rule of it; for authors a draft from the lines of a failure, a trial of the
// current rule (at each pause in typing), and the rule's folder among the team's own rules. The engine does the work.
import { createError } from '../../core/errors.js';
import type { WrittenRule, DraftedRule, RuleTrial } from '../../core/documents/rule.js';
import { readLanguage, route, type Answer, type Request, type Route, type Services } from '../http/route.js';
import type { RuleSaved, StoredPast } from '../schemas/author.js';
import type { RuleList, ShownRule } from '../schemas/rules.js';
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
    route({
      at: 'GET /api/v1/rules',
      role: 'reader',
      tag: 'rules',
      summary: 'The rule catalog',
      handle: (request) => listRules(services, request),
    }),
    route({
      at: 'GET /api/v1/rules/:id',
      role: 'reader',
      tag: 'rules',
      summary: 'One rule',
      description: 'The slash in the id is sent as %2F.',
      handle: (request) => readRule(services, request),
    }),
  ];
}

function createAuthorRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: 'POST /api/v1/rules/draft',
      role: 'author',
      tag: 'rules',
      summary: 'Draft a rule from the lines of a failure',
      description: 'Anchor, captures and logs are filled in; texts that only a person knows begin with TODO.',
      maxBytes: MAX_BYTES,
      concurrency: TRIALS,
      handle: async (request) => draftRule(services, request),
    }),
    route({
      at: 'GET /api/v1/rules/:id/texts',
      role: 'author',
      isOfAll: true,
      tag: 'rules',
      summary: "The texts of a rule of the team's own, to be edited",
      description: 'The slash in the id is sent as %2F. Its logs may be of anybody.',
      handle: async (request) => readOwn(services, request),
    }),
    route({
      at: 'POST /api/v1/rules/try',
      role: 'author',
      tag: 'rules',
      summary: 'What a rule that is being written does to its two logs',
      description: 'Nothing is stored. A rule with problems is not tried.',
      maxBytes: MAX_BYTES,
      concurrency: TRIALS,
      handle: async (request) => tryRule(services, request),
    }),
    route({
      at: 'POST /api/v1/rules/backtest',
      role: 'author',
      tag: 'rules',
      summary: 'Backtest a rule draft on the stored records',
      description:
        'Tests the matched lines only, without the lines around them. Returns failures without a matching rule, diagnoses of other rules, and lines without a failure, as far as the token can see them.',
      maxBytes: MAX_BYTES,
      concurrency: BACKTESTS,
      handle: (request) => askPast(services, request),
    }),
    route({
      at: 'POST /api/v1/rules',
      role: 'admin',
      isOfAll: true,
      audited: 'rule',
      tag: 'rules',
      summary: "Save a rule among the team's own",
      description:
        'Its folder is written below the last of analyzer.rulesDirs; every process that reads that folder uses the rule within a second. A rule is rejected if it is not valid, is not the top diagnosis of its log, or matches its near miss.',
      maxBytes: MAX_BYTES,
      concurrency: TRIALS,
      refusals: [409],
      handle: async (request) => saveRule(services, request),
    }),
  ];
}

async function listRules(services: Services, request: Request): Promise<Answer<RuleList>> {
  const measured = await loadPrecision(services, request);
  const rules = services.rules().map((rule) => ({ ...rule, precision: measured.get(rule.id) }));
  return { kind: 'json', body: { rules, problems: services.ruleProblems() } };
}

async function readRule(services: Services, request: Request<'GET /api/v1/rules/:id'>): Promise<Answer<ShownRule>> {
  const { id } = request.params;
  const rule = services.rules().find((candidate) => candidate.id === id);
  if (rule === undefined) throw createError('JT_RULE_NOT_FOUND', { id, hint: '' });
  const precision = (await loadPrecision(services, request)).get(id);
  const sheet = services.ruleSheet(id, readLanguage(services, request));
  const isOwn = services.authoring?.readRule(id) !== undefined;
  return { kind: 'json', body: { ...rule, precision, isOwn, sheet } };
}

function draftRule({ authoring }: Services, { body }: Request<'POST /api/v1/rules/draft'>): Answer<DraftedRule> {
  const draft = authoring?.draftRule(body.lines);
  if (draft === undefined)
    throw createError('JT_REQUEST_INVALID', {
      problems:
        'nothing failed in these lines: no task, job or process ended. Send the line that says so with its whole stack trace',
    });
  const { id, named, ruleYaml, matchLog, nearMissLog } = draft;
  return { kind: 'json', body: { id, named, rule: ruleYaml, match: matchLog, nearMiss: nearMissLog } };
}

function readOwn(
  { authoring }: Services,
  { params: { id } }: Request<'GET /api/v1/rules/:id/texts'>,
): Answer<WrittenRule> {
  const texts = authoring?.readRule(id);
  if (texts === undefined) throw createError('JT_NOT_FOUND', { what: `A rule "${id}" among the team's own` });
  return { kind: 'json', body: texts };
}

function tryRule(services: Services, request: Request<'POST /api/v1/rules/try'>): Answer<RuleTrial> {
  const { authoring } = services;
  if (authoring === undefined) throw createError('JT_NOT_FOUND', { what: 'The engine that tries rules' });
  return { kind: 'json', body: authoring.tryRule(request.body, readLanguage(services, request)) };
}

async function askPast(
  { authoring }: Services,
  { body, store }: Request<'POST /api/v1/rules/backtest'>,
): Promise<Answer<StoredPast>> {
  if (authoring === undefined) throw createError('JT_NOT_FOUND', { what: 'The engine that tries rules' });
  const { days = USUAL_DAYS, ...rule } = body;
  return { kind: 'json', body: await authoring.askPast(rule, store, days) };
}

function saveRule({ authoring }: Services, { body, viewer }: Request<'POST /api/v1/rules'>): Answer<RuleSaved> {
  if (authoring?.saveRule === undefined) throw createError('JT_RULES_FOLDER_MISSING', {});
  const { replace = false, ...rule } = body;
  return { kind: 'json', body: authoring.saveRule(rule, { by: viewer.name, replace }) };
}
