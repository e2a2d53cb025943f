// Implements "jobtrace agent", "analyzer" and "api": the processes of a cluster installation, connected by the store.
// Each runs until SIGTERM or Ctrl-C, and loads only the modules that it runs.
import { createError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import type { Settings } from '../../core/config/settings.js';
import { createKeyWatch, type KeyWatch } from '../../core/time/key-watch.js';
import type { Store } from '../../store/store.js';
import {
  CONFIG_OPTION,
  DATA_OPTION,
  LOG_LEVEL_OPTION,
  STORE_OPTION,
  type Command,
  type Invocation,
} from '../command.js';
import { countStoreErrors, openServiceStore } from '../service/open.js';
import { runStages } from '../service/stages.js';
import { createRuleReloader, type RuleReloader } from '../service/rule-reloader.js';
import type { SettingsReloader } from '../service/settings-reloader.js';
import {
  findSettingsFile,
  hostOf,
  readAddress,
  readSettings,
  type ReadSettings,
  type ServicePart,
} from '../settings.js';
import { findClearText } from '../service/transport.js';

const SHARED = [CONFIG_OPTION, DATA_OPTION, STORE_OPTION, LOG_LEVEL_OPTION];

export const AGENT: Command = {
  name: 'agent',
  operands: '[DIR…]',
  summary: 'Ship the logs of this node to the store.',
  options: SHARED,
  examples: ['jobtrace agent --config /etc/jobtrace/jobtrace.yaml'],
  run: (invocation) =>
    runPart(invocation, 'agent', async ({ settings, store, log }) => {
      const paths = findPaths(invocation, settings);
      const { createServiceAgent, openAgentProbe, reloadServiceAgent, runWords } = await import('../service/agent.js');
      const agent = createServiceAgent(settings, paths, store, log);
      const probe = await openAgentProbe(settings, agent, log).catch((error: unknown) => {
        agent.close();
        throw error;
      });
      if (findSettingsFile(invocation) !== undefined)
        invocation.terminal.onHangup(() => reloadServiceAgent(agent, settings, () => readAgain(invocation), log));
      log.info({ paths }, 'Agent started.');
      await runStages(invocation.terminal.signal, probe, [agent.run, (signal) => runWords(agent, store, log, signal)]);
    }),
};

function findPaths(invocation: Invocation, settings: Settings): readonly string[] {
  const paths = invocation.operands.length > 0 ? invocation.operands : settings['agent.paths'];
  if (paths.length > 0) return paths;
  throw createError('JT_USAGE', {
    problem: 'agent needs a folder to watch, as an argument or as agent.paths in the settings.',
    command: 'agent',
  });
}

function readAgain(invocation: Invocation): { readonly settings: Settings; readonly paths: readonly string[] } {
  const { settings } = readSettings(invocation, { part: 'agent' });
  return { settings, paths: findPaths(invocation, settings) };
}

export const ANALYZER: Command = {
  name: 'analyzer',
  operands: '',
  summary: 'Detect incidents and send alerts.',
  options: [
    ...SHARED,
    {
      name: 'skip-backlog',
      help: 'Skip the stored records that are not analyzed yet; they stay searchable, without diagnoses or alerts.',
    },
  ],
  run: (invocation) =>
    runPart(invocation, 'analyzer', async ({ settings, store: opened, log, read, key }) => {
      const { signal } = invocation.terminal;
      const services = await import('../service/services.js');
      const settingsReloader = await openReloader(invocation, read, log);
      const rules = openRules(settingsReloader, log);
      const metrics = await services.createServiceNumbers(settings);
      metrics?.showSettings(() => settingsReloader.problem);
      metrics?.showRules(() => rules.problems);
      metrics?.showKeyEnd(key.endsAt);
      const store = metrics === undefined ? opened : countStoreErrors(opened, metrics.countStoreError);
      const lease = services.createServiceLease(store, log);
      const clock = await services.createServiceClock(store, log);
      const readingGaps = services.createServiceGaps(store, clock);
      const notifier = services.createServiceNotifier(settingsReloader, rules, store, log, {
        readingGaps,
        clock,
        instance: 'analyzer',
        shares: services.shareMessages(store, lease),
        metrics,
      });
      const analyzer = services.createServiceAnalyzer(settings, rules, store, log, {
        readingGaps,
        clock,
        lease,
        skipsBacklog: invocation.has('skip-backlog'),
        onIncident: (incident) => notifier.incidentChanged(incident),
        onGone: (id) => notifier.incidentGone(id),
        onErased: () => notifier.forget(),
      });
      const probe = metrics && (await services.openAnalyzerProbe(settings, analyzer, rules, metrics, log));
      log.info({ rules: rules.catalog.size }, 'Analyzer started.');
      const { createEmergency } = await import('../service/emergency.js');
      await runStages(signal, probe, [
        createEmergency(settingsReloader, store, 'analyzer', log, { checksAnalyzer: false }),
        lease.run,
        analyzer.run,
        clock.run,
        notifier.run,
        rules.run,
        settingsReloader.run,
        (stop) => services.runRetention(settingsReloader, store, log, stop),
      ]);
    }),
};

export const API: Command = {
  name: 'api',
  operands: '',
  summary: 'Serve the API and the page.',
  options: [...SHARED, { name: 'listen', value: 'HOST:PORT', help: 'Address to listen on (default 127.0.0.1:8321).' }],
  run: (invocation) =>
    runPart(invocation, 'api', async ({ settings, store: opened, log, read, key }) => {
      const { signal } = invocation.terminal;
      const [services, web] = await Promise.all([import('../service/services.js'), import('../service/server.js')]);
      const settingsReloader = await openReloader(invocation, read, log);
      const rules = openRules(settingsReloader, log);
      const metrics = web.createServiceMetrics();
      metrics.showSettings(() => settingsReloader.problem);
      metrics.showRules(() => rules.problems);
      metrics.showKeyEnd(key.endsAt);
      const store = countStoreErrors(opened, metrics.countStoreError);
      const notifier = services.createServiceNotifier(settingsReloader, rules, store, log, {
        instance: `api-${hostOf(settings)}`,
        metrics,
      });
      const server = web.createServiceServer(settingsReloader, rules, store, log, notifier, metrics);
      const { url, isOpen } = await server.listen(readAddress('api.listen', settings['api.listen']));
      log.info({ url, isOpen }, isOpen ? 'API started, open to everybody on this machine.' : 'API started.');
      const { createEmergency } = await import('../service/emergency.js');
      const emergency = createEmergency(settingsReloader, store, 'API', log, { checksAnalyzer: true });
      await runStages(signal, server, [notifier.run, rules.run, settingsReloader.run, emergency]);
    }),
};

interface Part {
  readonly settings: Settings;
  readonly store: Store;
  readonly log: Log;
  /** Reads the settings of this process again. */
  readonly read: () => ReadSettings;
  readonly key: KeyWatch;
}

/**
 * Opens the store and runs a service. An unavailable store is not an error of a service, which waits and reports it.
 */
async function runPart(invocation: Invocation, part: ServicePart, run: (part: Part) => Promise<void>): Promise<number> {
  const read = (): ReadSettings => readSettings(invocation, { part });
  const { settings } = read();
  const { runWithLog } = await import('../service/run-with-log.js');
  await runWithLog(settings, async (log) => {
    for (const risk of findClearText(settings, part)) log.warn(risk);
    const store = await openServiceStore(settings);
    const key = createKeyWatch({ readEnd: () => store.readKeyEnd(), log });
    const ending = new AbortController();
    const watching = key.run(ending.signal);
    try {
      await run({ settings, store, log, read, key });
      log.info('Stopped.');
    } finally {
      ending.abort();
      await store.close();
      await watching;
    }
  });
  return 0;
}

async function openReloader(invocation: Invocation, read: Part['read'], log: Log): Promise<SettingsReloader> {
  const { createSettingsReloader } = await import('../service/settings-reloader.js');
  const settingsReloader = createSettingsReloader(read(), read, log.child({ stage: 'settings' }));
  invocation.terminal.onHangup(settingsReloader.reload);
  return settingsReloader;
}

function openRules(settingsReloader: SettingsReloader, log: Log): RuleReloader {
  const rules = createRuleReloader(settingsReloader.settings['analyzer.rulesDirs'], log.child({ stage: 'rules' }));
  settingsReloader.onChange((settings) => rules.setFolders(settings['analyzer.rulesDirs']));
  return rules;
}
