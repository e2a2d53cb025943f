// Settings → the stages that think: analyzer, notifier and retention, each with the part it needs. The agent and the
// API are made beside this file, since a process that runs one of them should not load the others. Called by up.ts and
// parts.ts.
import { createAnalyzer, type Analyzer, type AnalyzerOptions } from '../../analyzer/service/analyzer.js';
import { isNewsAlone } from '../../analyzer/catalog/rule/rule.js';
import { RECORD_READER } from '../../analyzer/entry/record.js';
import { createLease, type Lease, type LeaseOptions } from '../../analyzer/platform/lease.js';
import type { Settings } from '../../core/config/settings.js';
import { createError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import { createNotifier, type Notifier, type NotifierOptions } from '../../notify/notify.js';
import { readPolicy, readRouting } from '../../notify/policy.js';
import type { Retention } from '../../store/store.js';
import type { Metrics } from '../../api/metrics.js';
import type { RuleKeeper } from './keeper.js';
import { zoneOf } from '../settings.js';
import { pause } from '../../core/time/wait.js';

const RETENTION_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

export function createServiceAnalyzer(
  settings: Settings,
  rules: RuleKeeper,
  store: AnalyzerOptions['store'],
  log: Log,
  more: Pick<AnalyzerOptions, 'onIncident' | 'onGone' | 'lease'>,
): Analyzer {
  const analyzer = createAnalyzer({
    store,
    reader: RECORD_READER,
    catalog: rules.catalog,
    now: Date.now,
    shard: readShard(settings['analyzer.shard']),
    healthyMs: settings['analyzer.healthyAfterMs'],
    zone: zoneOf(settings),
    log: log.child({ stage: 'analyzer' }),
    ...more,
  });
  rules.onChange((catalog) => analyzer.setCatalog(catalog));
  return analyzer;
}

/** For the analyzer and the notifier beside it. */
export function createServiceLease(settings: Settings, store: LeaseOptions['store']): Lease {
  return createLease({ store, shard: readShard(settings['analyzer.shard']) });
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
  { metrics, ...more }: Pick<NotifierOptions, 'instance' | 'platformTurn'> & { readonly metrics?: Metrics },
): Notifier {
  return createNotifier({
    store,
    ...more,
    receivers: settings['notify.receivers'],
    routing: readRouting(settings),
    publicUrl: settings['api.publicUrl'],
    log: log.child({ stage: 'notify' }),
    onDelivery: metrics === undefined ? undefined : (kind, result) => metrics.countDelivery(kind, result),
    policy: readPolicy(settings, {
      isSymptom: (id) => rules.catalog.findRule(id)?.role === 'symptom',
      isNews: (id) => isNewsAlone(rules.catalog.findRule(id)),
    }),
  });
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
