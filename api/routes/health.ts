// Routes for whoever operates Jobtrace: liveness, readiness, and metrics for Prometheus. Readiness checks the store; a
// store that does not answer in time counts as unreachable.
import { createError, JobtraceError } from '../../core/errors.js';
import type { StoreHealth } from '../../store/store.js';
import { route, type Answer, type AnswerTo, type Request, type Route, type Services } from '../http/route.js';

const READY_TIMEOUT_MS = 5000;

export function createHealthRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: 'GET /health/live',
      role: undefined,
      tag: 'health',
      summary: 'The process answers',
      handle: async () => ({ kind: 'json', body: { status: 'ok' as const, version: services.version } }),
    }),
    route({
      at: 'GET /health/ready',
      role: undefined,
      tag: 'health',
      summary: 'The store can be used',
      handle: (request) => checkReady(services, request),
    }),
    route({
      at: 'GET /metrics',
      role: 'reader',
      isOfAll: true,
      tag: 'health',
      summary: 'Numbers for Prometheus',
      handle: (request) => renderMetrics(services, request),
    }),
  ];
}

async function checkReady({ ruleProblems }: Services, { store }: Request): Promise<AnswerTo<'GET /health/ready'>> {
  try {
    return {
      kind: 'json',
      body: { status: 'ok', store: await checkStore(store), refusedRules: ruleProblems().length },
    };
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
  await store.checkDiskSpace();
  return found;
}

async function renderMetrics({ metrics, rules, now }: Services, { store }: Request): Promise<Answer<never>> {
  const { counts } = await store.pageIncidents({ outcome: 'failing', isTop: true, limit: 1 });
  return {
    kind: 'text',
    contentType: metrics.contentType,
    text: await metrics.renderText({
      agents: await store.agents.find(),
      rules: rules().length,
      open: counts.cluster,
      nowMs: now(),
    }),
  };
}
