// Creates the stages analyzer, notifier and retention, each with its settings. Other files create the agent and the
// API, because a process that runs one of them must not load the others.
import { toIso } from '../../core/time/iso.js';
import { createAnalyzer, type Analyzer, type AnalyzerOptions } from '../../analyzer/service/analyzer.js';
import { readRulePolicy } from '../../analyzer/catalog/rule.js';
import { createReadingGaps, type ReadingGaps } from '../../analyzer/service/reading-gaps.js';
import { joinPartitionStates } from '../../analyzer/service/state.js';
import { namePartitions, PLATFORM } from '../../analyzer/platform/decide.js';
import { namePartition } from '../../analyzer/platform/fence.js';
import { createLease, type Lease } from '../../analyzer/platform/lease.js';
import type { AnalyzerMetrics, Metrics } from '../../api/http/metrics.js';
import type { Settings } from '../../core/config/settings.js';
import type { Log } from '../../core/log.js';
import { createNotifier, type Notifier, type NotifierOptions } from '../../notify/notify.js';
import type { MessageShares, Outbox } from '../../notify/deliver/outbox.js';
import { createReloadableNotifier } from '../../notify/reload.js';
import { readPolicy, readRouting } from '../../notify/policy.js';
import type { RecordFeed, Retention, Store } from '../../store/store.js';
import type { RuleReloader } from './rule-reloader.js';
import type { SettingsReloader } from './settings-reloader.js';
import { readTls } from './open.js';
import { proxiesOf, readAddress, zoneOf } from '../settings.js';
import { VERSION } from '../version.js';
import { createStoreClock, type StoreClock } from '../../core/time/store-clock.js';
import { pause } from '../../core/time/wait.js';

const RETENTION_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
const FIRST_COMPARE_MS = 5000;

export function createServiceAnalyzer(
  settings: Settings,
  rules: RuleReloader,
  store: AnalyzerOptions['store'],
  log: Log,
  {
    clock,
    ...more
  }: Pick<AnalyzerOptions, 'onIncident' | 'onGone' | 'onErased' | 'lease' | 'readingGaps' | 'skipsBacklog'> & {
    readonly clock?: StoreClock;
  },
): Analyzer {
  const analyzer = createAnalyzer({
    store,
    catalog: rules.catalog,
    now: clock === undefined ? Date.now : clock.now,
    clockAheadMs: clock?.aheadMs,
    healthyMs: settings['analyzer.healthyAfterMs'],
    zone: zoneOf(settings),
    log: log.child({ stage: 'analyzer' }),
    ...more,
  });
  rules.onChange((catalog) => analyzer.setCatalog(catalog));
  return analyzer;
}

/**
 * Creates the clock of all stages that compute ages. It waits, for a limited time, for the first comparison with the
 * store.
 */
export async function createServiceClock(store: Store, log: Log): Promise<StoreClock> {
  const clock = createStoreClock({ readTime: () => store.readTime(), log: log.child({ stage: 'clock' }) });
  // A service that starts while the store is unavailable uses its own clock.
  const answered = new AbortController();
  await Promise.race([clock.compare(), pause(FIRST_COMPARE_MS, answered.signal)]);
  answered.abort();
  return clock;
}

/** Creates the record of reading gaps for the analyzer and the notifier in the same process. */
export function createServiceGaps(store: Store, { now }: Pick<StoreClock, 'now'>): ReadingGaps {
  return createReadingGaps({ store, now });
}

/** Creates the lease for the analyzer and the notifier in the same process, if other instances may use the store. */
export function createServiceLease(store: Store, log: Log): Lease {
  const onCountAnew = (from: number, to: number): Promise<void> => joinPartitionStates(store, from, to);
  return createLease({ store, log: log.child({ stage: 'analyzer' }), onCountChange: onCountAnew });
}

/** Pattern of the instance names of the previous release, in which each instance had a fixed partition. */
const BEFORE = /^analyzer-\d+-\d+$/;
const OF_CLUSTER = 'of ';

/** Assigns the messages about a cluster to the instance that holds its partition, whichever process created them. */
export function shareMessages(store: Pick<RecordFeed, 'findPartition'>, lease: Lease): MessageShares {
  const shareOf = (instance: string, isOfPlatform: boolean): string | undefined => {
    if (isOfPlatform) return PLATFORM;
    if (instance.startsWith(OF_CLUSTER)) return namePartition(store, lease, instance.slice(OF_CLUSTER.length));
    return BEFORE.test(instance) ? namePartition(store, lease, '') : undefined;
  };
  return {
    nameOf: ({ cluster }) => `${OF_CLUSTER}${cluster}`,
    isOurs: (instance, isOfPlatform) => {
      const partition = shareOf(instance, isOfPlatform);
      return partition !== undefined && lease.epoch(partition) !== undefined;
    },
    holding: () =>
      [PLATFORM, ...namePartitions(lease.count())]
        .flatMap((partition) => {
          const epoch = lease.epoch(partition);
          return epoch === undefined ? [] : [`${partition}:${epoch}`];
        })
        .join(),
  };
}

/** Creates the notifier. It uses new receivers, routes and teams without a restart. */
export function createServiceNotifier(
  ruleReloader: SettingsReloader,
  rules: RuleReloader,
  store: NotifierOptions['store'],
  log: Log,
  {
    metrics,
    readingGaps,
    clock,
    ...more
  }: Pick<NotifierOptions, 'instance' | 'shares'> & {
    readonly clock?: Pick<StoreClock, 'now'>;
    readonly metrics?: Pick<Metrics, 'countDelivery' | 'observeMessage' | 'showMessages'>;
    readonly readingGaps?: Pick<ReadingGaps, 'isLate'>;
  },
): Notifier {
  const make = (settings: Settings, outbox?: Outbox): Notifier =>
    createNotifier({
      store,
      ...more,
      now: clock?.now,
      outbox,
      receivers: settings['notify.receivers'],
      routing: readRouting(settings),
      emergency: settings['notify.emergency'],
      proxies: proxiesOf(settings),
      publicUrl: settings['api.publicUrl'],
      log: log.child({ stage: 'notify' }),
      onDelivery: metrics === undefined ? undefined : (kind, result) => metrics.countDelivery(kind, result),
      onNotified: (ms) => metrics?.observeMessage(ms / 1000),
      policy: { ...readPolicy(settings, readRulePolicy(rules)), isLate: readingGaps?.isLate },
    });
  const notifier = createReloadableNotifier(make(ruleReloader.settings));
  ruleReloader.onChange((settings) =>
    notifier.replace(async (outbox) => {
      await outbox.setReceivers(settings['notify.receivers']);
      return make(settings, outbox);
    }),
  );
  metrics?.showMessages(() => notifier.waiting());
  return notifier;
}

/** Creates the metrics of an analyzer; undefined if it serves none. The module is loaded only on demand. */
export async function createServiceNumbers(settings: Settings): Promise<AnalyzerMetrics | undefined> {
  if (settings['analyzer.listen'] === '') return undefined;
  const { createAnalyzerMetrics } = await import('../../api/http/metrics.js');
  return createAnalyzerMetrics(VERSION);
}

/** Serves metrics and health of the analyzer at their own address. */
export async function openAnalyzerProbe(
  settings: Settings,
  analyzer: Pick<Analyzer, 'status' | 'health'>,
  rules: Pick<RuleReloader, 'catalog' | 'problems'>,
  metrics: AnalyzerMetrics,
  log: Log,
): Promise<{ close(): Promise<void> }> {
  const setting = 'analyzer.listen';
  const { openProbe } = await import('../../api/probe.js');
  const { contentType, renderText } = metrics;
  return openProbe(
    {
      setting,
      log: log.child({ stage: 'probe' }),
      tls: readTls(settings, 'analyzer'),
      readHealth: () => analyzer.health(),
      readRefusedRules: () => rules.problems.length,
      metrics: { contentType, renderText: () => renderText(analyzer.status(), rules.catalog.size) },
    },
    readAddress(setting, settings[setting]),
  );
}

/** Deletes records older than the retention, now and every hour, until the signal aborts. */
export async function runRetention(
  ruleReloader: Pick<SettingsReloader, 'settings'>,
  store: Retention,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const removed = await removeOld(ruleReloader.settings, store);
      if (removed > 0) log.info({ removed }, 'Old records were deleted.');
    } catch (error) {
      log.warn({ err: error }, 'Old records could not be deleted; will try again.');
    }
    await pause(RETENTION_EVERY_MS, signal);
  }
}

/** Returns the number of deleted records. */
async function removeOld(settings: Settings, store: Retention): Promise<number> {
  const before = (days: number): string => toIso(Date.now() - days * DAY_MS);
  const { 'store.retentionDays': days, 'store.infoRetentionDays': infoDays } = settings;
  const removed = await store.deleteBefore(before(days));
  return infoDays === 0 || infoDays >= days ? removed : removed + (await store.deleteInfoBefore(before(infoDays)));
}
