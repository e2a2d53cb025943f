// Routes for Jobtrace itself and for incoming data: rules, agents, health, metrics, diagnosis of a pasted log, and
// alerts from Alertmanager or Grafana. cli.ts passes the functions of other stages.
import { highestRole } from '../auth.js';
import { CONDITIONS, isConditionCode, renderCondition } from '../../core/conditions.js';
import { createError, JobtraceError } from '../../core/errors.js';
import type { Language } from '../../core/types.js';
import { printGlob } from '../../core/text/glob.js';
import type { StatusCondition, StoreHealth } from '../../store/store.js';
import { loadPrecision } from './incidents/feedback.js';
import { readLanguage, type Answer, type Request, type Route, type Services } from '../route.js';
import { VIEWER } from '../schemas/access.js';
import { ALERT_MESSAGE, RECEIVED_LIST } from '../schemas/alerts.js';
import { DIAGNOSE } from '../schemas/incidents.js';
import { ID, QUERIES } from '../schemas/queries.js';
import { RULE_PAGE, RULE_LIST } from '../schemas/rules.js';
import { AGENT_LIST, LIVE, NOT_READY, READY } from '../schemas/system.js';

const MEBIBYTE = 1_048_576;
/**
 * Limits for pasted logs. One log is diagnosed while the others wait or are still being sent. A single viewer cannot
 * take all places.
 */
const PASTES = { max: 4, maxPerViewer: 3 };
const READY_TIMEOUT_MS = 5000;
/** Senders of alerts. Both send the same message; Grafana adds fields. */
const ALERT_SENDERS = [
  { path: '/api/v1/alertmanager', name: 'Alertmanager' },
  { path: '/api/v1/grafana', name: "Grafana's alerting" },
] as const;

export function createSystemRoutes(services: Services): readonly Route[] {
  return [...createCatalogRoutes(services), ...createIncomingRoutes(services), ...createHealthRoutes(services)];
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
    {
      method: 'GET',
      path: '/api/v1/agents',
      role: 'reader',
      tag: 'agents',
      summary: 'Agents with lag and conditions',
      query: QUERIES.language,
      answers: { 200: AGENT_LIST },
      handle: (request) => listAgents(services, request),
    },
    {
      method: 'GET',
      path: '/api/v1/viewer',
      role: 'reader',
      tag: 'system',
      summary: 'Whose token was sent, and what it may see',
      query: QUERIES.none,
      answers: { 200: VIEWER },
      handle: async ({ viewer }) => ({
        kind: 'json',
        body: { name: viewer.name, kind: viewer.kind, role: highestRole(viewer), scope: viewer.scope?.map(printGlob) },
      }),
    },
  ];
}

function createIncomingRoutes(services: Services): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/api/v1/diagnose',
      role: 'reader',
      tag: 'diagnose',
      summary: 'Diagnose a pasted log',
      description: 'The same engine and the same document as "jobtrace diagnose --format json". Nothing is stored.',
      query: QUERIES.language,
      body: {
        type: 'text',
        schema: { description: 'The log, as text or as an archive (.gz, .tar, .tar.gz, .zip).' },
        maxBytes: 20 * MEBIBYTE,
      },
      concurrency: PASTES,
      audited: ({ body }) => ({ what: 'read.paste', detail: `${Buffer.isBuffer(body) ? body.length : 0} bytes` }),
      answers: { 200: DIAGNOSE },
      handle: (request) => diagnosePasted(services, request),
    },
    ...ALERT_SENDERS.map(({ path, name }): Route => ({
      method: 'POST',
      path,
      role: 'author',
      isOfAll: true,
      tag: 'alerts',
      summary: `Webhook for ${name}: attach the diagnosis and send on`,
      query: QUERIES.none,
      body: { type: 'json', schema: ALERT_MESSAGE, maxBytes: 4 * MEBIBYTE },
      answers: { 200: RECEIVED_LIST },
      handle: (request) => receiveAlerts(services, request),
    })),
  ];
}

function createHealthRoutes(services: Services): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/health/live',
      role: undefined,
      tag: 'health',
      summary: 'The process answers',
      answers: { 200: LIVE },
      handle: async () => ({ kind: 'json', body: { status: 'ok', version: services.version } }),
    },
    {
      method: 'GET',
      path: '/health/ready',
      role: undefined,
      tag: 'health',
      summary: 'The store can be used',
      answers: { 200: READY, 503: NOT_READY },
      handle: checkReady,
    },
    {
      method: 'GET',
      path: '/metrics',
      role: 'reader',
      isOfAll: true,
      tag: 'health',
      summary: 'Numbers for Prometheus',
      answers: { 200: { type: 'string', description: 'Prometheus text format' } },
      handle: (request) => renderMetrics(services, request),
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

async function listAgents(services: Services, request: Request): Promise<Answer> {
  const agents = await request.store.findAgentStatuses();
  const language = readLanguage(services, request);
  return {
    kind: 'json',
    body: {
      agents: agents.map((agent) => ({
        ...agent,
        conditions: agent.conditions.map((condition) => showCondition(condition, language)),
      })),
    },
  };
}

/**
 * Returns a condition in the reader's language. A condition with an unknown code, from another version, has only its
 * English text; the store of a team hides the text.
 */
function showCondition({ code, message, values, since }: StatusCondition, language: Language) {
  const given = message === '' ? undefined : message;
  if (!isConditionCode(code)) return { code, message: given, since };
  const { severity, fix } = CONDITIONS[code];
  return {
    code,
    severity,
    message: values === undefined ? given : renderCondition(code, values, language),
    fix: fix[language],
    since,
  };
}

async function diagnosePasted(services: Services, request: Request): Promise<Answer> {
  if (services.diagnosePaste === undefined)
    throw createError('JT_NOT_FOUND', { what: 'Diagnosis of pasted logs, which this process does not offer,' });
  const startedAt = services.now();
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const body = await services.diagnosePaste(bytes, readLanguage(services, request));
  services.metrics.observeDiagnose((services.now() - startedAt) / 1000);
  return { kind: 'json', body };
}

async function receiveAlerts(services: Services, request: Request): Promise<Answer> {
  if (services.receiveAlerts === undefined)
    throw createError('JT_NOT_FOUND', { what: 'The webhook for alerts, which this process does not offer,' });
  return { kind: 'json', body: { alerts: await services.receiveAlerts(request.body) } };
}

async function checkReady({ store }: Request): Promise<Answer> {
  try {
    return { kind: 'json', body: { status: 'ok', store: await checkStore(store) } };
  } catch (error) {
    if (!(error instanceof JobtraceError)) throw error;
    return {
      kind: 'json',
      status: 503,
      body: { status: 'unavailable', error: { code: error.code, message: error.message, fix: error.fix } },
    };
  }
}

/** Checks the store. A store that does not answer counts as unreachable. */
async function checkStore(store: StoreHealth): ReturnType<StoreHealth['check']> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          createError('JT_STORE_UNREACHABLE', {
            url: 'its address',
            problem: `no answer within ${READY_TIMEOUT_MS} ms`,
          }),
        ),
      READY_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([findOut(store), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function findOut(store: StoreHealth): ReturnType<StoreHealth['check']> {
  const found = await store.check();
  await store.checkRoom();
  return found;
}

async function renderMetrics({ metrics, rules, now }: Services, { store }: Request): Promise<Answer> {
  const { counts } = await store.pageIncidents({ outcome: 'failing', isTop: true, limit: 1 });
  return {
    kind: 'text',
    contentType: metrics.contentType,
    text: await metrics.renderText({
      agents: await store.findAgentStatuses(),
      rules: rules().length,
      open: counts.cluster,
      nowMs: now(),
    }),
  };
}
