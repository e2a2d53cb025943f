// Settings → the stages, each with the part it needs. "jobtrace up" runs all of them in one process; agent, analyzer
// and api run one each.
import { statSync } from 'node:fs';
import { createAgent, type Agent, type AgentParts } from '../../agent/agent.js';
import { pickAgentSettings } from '../../agent/settings.js';
import { createAnalyzer, type Analyzer, type AnalyzerOptions } from '../../analyzer/service/analyzer.js';
import type { Catalog } from '../../analyzer/catalog/catalog.js';
import { RECORD_READER } from '../../analyzer/entry/record.js';
import { createMetrics, type Metrics } from '../../api/metrics.js';
import { createServer, type ApiServer, type ServerOptions } from '../../api/server.js';
import type { Settings } from '../../core/config.js';
import { createError } from '../../core/errors.js';
import { createLog, flushLog, type Log, type LogLevel } from '../../core/log.js';
import { createSink } from '../../core/sink.js';
import { parseGlob } from '../../core/text/glob.js';
import { createNotifier, type Notifier, type NotifierOptions } from '../../notify/notify.js';
import type { Retention } from '../../store/store.js';
import { createPasteDiagnoser } from './paste.js';
import type { RuleKeeper } from './keeper.js';
import { languageOf, zoneOf } from '../settings.js';
import { PAGE_DIR, VERSION } from '../version.js';
import { pause } from '../../core/time/wait.js';

const RETENTION_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** Runs with a log on standard error, whose reader cannot hold up the service; ends when all of it is written. */
export async function runLogged(settings: Settings, run: (log: Log) => Promise<void>): Promise<void> {
  const sink = createSink(2, (lines) => log.warn({ lines }, 'Lines of this log were lost: nobody read them in time.'));
  const log: Log = createLog(LOG_LEVELS.find((level) => level === settings.logLevel) ?? 'info', sink);
  try {
    await run(log);
  } finally {
    await flushLog(log);
  }
}

export function createServiceAgent(
  settings: Settings,
  paths: readonly string[],
  store: AgentParts['store'],
  log: Log,
): Agent {
  checkPaths(paths);
  return createAgent({ ...pickAgentSettings(settings), paths }, { store, log: log.child({ stage: 'agent' }) });
}

/** A plain path that does not exist is a typing error; a pattern may match later. */
function checkPaths(paths: readonly string[]): void {
  for (const path of paths.filter((item) => !/[*{?]/.test(item))) {
    try {
      statSync(path);
    } catch (error) {
      throw createError('JT_FILE_UNREADABLE', { path, problem: 'it does not exist' }, error);
    }
  }
}

export function createServiceAnalyzer(
  settings: Settings,
  rules: RuleKeeper,
  store: AnalyzerOptions['store'],
  log: Log,
  hears: Pick<AnalyzerOptions, 'onIncident' | 'onGone'>,
): Analyzer {
  const analyzer = createAnalyzer({
    store,
    reader: RECORD_READER,
    catalog: rules.catalog,
    now: Date.now,
    shard: readShard(settings['analyzer.shard']),
    healthyMs: settings['analyzer.healthyAfterMs'],
    forgetMs: settings['store.retentionDays'] * DAY_MS,
    zone: zoneOf(settings),
    log: log.child({ stage: 'analyzer' }),
    ...hears,
  });
  rules.onChange((catalog) => analyzer.setCatalog(catalog));
  return analyzer;
}

function readShard(text: string): { index: number; of: number } {
  const [, index, of] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index), of: Number(of) };
  if (index === undefined || shard.of < 1 || shard.index >= shard.of)
    throw createError('JT_CONFIG_INVALID', {
      problems: `  analyzer.shard is "${text}", but must be "i/n" with i from 0 to n-1`,
    });
  return shard;
}

export function createServiceNotifier(
  settings: Settings,
  rules: RuleKeeper,
  store: NotifierOptions['store'],
  log: Log,
  instance: string,
  metrics?: Metrics,
): Notifier {
  return createNotifier({
    store,
    instance,
    receivers: settings['notify.receivers'],
    publicUrl: settings['api.publicUrl'],
    log: log.child({ stage: 'notify' }),
    onDelivery: metrics === undefined ? undefined : (kind, result) => metrics.countDelivery(kind, result),
    policy: {
      symptomWaitMs: settings['notify.symptomWaitMs'],
      attachWaitMs: settings['notify.attachWaitMs'],
      backlogAfterMs: settings['notify.backlogAfterMs'],
      stillFailingAfterMs: settings['notify.stillFailingAfterMs'],
      mutes: settings['notify.mutes'].map(parseGlob),
      jobLabels: settings['notify.jobLabels'],
      isSymptom: (id) => rules.catalog.findRule(id)?.role === 'symptom',
    },
  });
}

export function createServiceMetrics(): Metrics {
  return createMetrics(VERSION);
}

export function createServiceServer(
  settings: Settings,
  rules: RuleKeeper,
  store: ServerOptions['store'],
  log: Log,
  notifier: Notifier,
  metrics: Metrics,
): ApiServer {
  const pasted = createPasteDiagnoser({ folders: rules.folders, zone: zoneOf(settings) });
  rules.onChange(() => pasted.reload());
  const server = createServer({
    store,
    log: log.child({ stage: 'api' }),
    metrics,
    settings: {
      version: VERSION,
      language: languageOf(settings),
      tokens: settings['api.tokens'],
      allowedHosts: settings['api.allowedHosts'],
      webDir: PAGE_DIR,
    },
    catalogInfo: () => describeCatalog(rules.catalog),
    ruleProblems: () => rules.problems,
    analyzerHooks: { diagnosePaste: pasted.diagnose },
    notifyHooks: { receiveAlerts: (message) => notifier.receiveAlerts(message) },
  });
  return {
    listen: server.listen,
    close: async () => {
      await Promise.all([pasted.close(), server.close()]);
    },
  };
}

function describeCatalog(catalog: Catalog): ReturnType<Parameters<typeof createServer>[0]['catalogInfo']> {
  return catalog.rules.map((rule) => ({
    id: rule.id,
    cause: rule.cause,
    status: rule.status,
    severity: rule.severity,
    owner: rule.owner,
    role: rule.role,
    title: { en: rule.title.en.source, zh: rule.title.zh.source },
    references: rule.references,
  }));
}

export function readListen(settings: Settings): { host: string; port: number } {
  const [, host, port] = /^\[?([^\]]*?)\]?:(\d+)$/.exec(settings['api.listen']) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535) {
    throw createError('JT_CONFIG_INVALID', {
      problems: `  api.listen (--listen) is "${settings['api.listen']}", but must be HOST:PORT`,
    });
  }
  return { host, port: Number(port) };
}

/** Deletes what is older than the retention, now and every hour, until the signal aborts. */
export async function runRetention(settings: Settings, store: Retention, log: Log, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const removed = await store.deleteBefore(
        new Date(Date.now() - settings['store.retentionDays'] * DAY_MS).toISOString(),
      );
      if (removed > 0) log.info({ removed }, 'Old records were deleted.');
    } catch (error) {
      log.warn({ err: error }, 'Old records could not be deleted; will try again.');
    }
    await pause(RETENTION_EVERY_MS, signal);
  }
}
