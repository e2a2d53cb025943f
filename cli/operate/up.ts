// Implements "jobtrace up": agent, analyzer, API and page in one process on SQLite. It watches folders, prints each new
// diagnosis, and stops cleanly on SIGTERM and Ctrl-C.
import type { Agent } from '../../agent/agent.js';
import type { Catalog } from '../../analyzer/catalog/catalog.js';
import { listSignalWords } from '../../analyzer/catalog/signal-words.js';
import { createError } from '../../core/errors.js';
import type { Settings } from '../../core/config/settings.js';
import type { Log } from '../../core/log.js';
import { createKeyWatch } from '../../core/time/key-watch.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Language } from '../../core/types.js';
import {
  CONFIG_OPTION,
  DATA_OPTION,
  LANG_OPTION,
  LOG_LEVEL_OPTION,
  RULES_OPTION,
  type Command,
  type Invocation,
} from '../command.js';
import { renderIncident, renderIncidentLine } from '../terminal/incident.js';
import { countStoreErrors, openServiceStore } from '../service/open.js';
import { paint, styleOf } from '../terminal/print.js';
import { createRuleReloader, type RuleReloader } from '../service/rule-reloader.js';
import { runStages } from '../service/stages.js';
import {
  extraFolders,
  findSettingsFile,
  languageOf,
  readAddress,
  readSettings,
  type ReadSettings,
} from '../settings.js';
import { findClearText } from '../service/transport.js';
import { VERSION } from '../version.js';
import { write } from '../terminal/write.js';

/** Number of incidents of earlier runs that are not printed again. */
const KNOWN_INCIDENTS = 1000;

export const UP: Command = {
  name: 'up',
  operands: '[DIR…]',
  summary: 'Watch log folders: agent, analyzer, API and page in one process.',
  options: [
    DATA_OPTION,
    {
      name: 'listen',
      value: 'HOST:PORT',
      help: 'Address of the page and the API (default 127.0.0.1:8321; port 0 takes a free one).',
    },
    {
      ...RULES_OPTION,
      help: 'Folder with your own rules, reloaded within seconds; may be repeated.',
    },
    { name: 'cards', help: 'Print every incident as a card (default: the first one; further ones take one line).' },
    CONFIG_OPTION,
    LANG_OPTION,
    LOG_LEVEL_OPTION,
  ],
  examples: ['jobtrace up /opt/flink/log', "jobtrace up '/var/log/flink/{cluster}/**' --listen 127.0.0.1:9000"],
  run: runUp,
};

async function runUp(invocation: Invocation): Promise<number> {
  const read = (): ReadSettings => {
    const loaded = readSettings(invocation);
    // Default log level "warn", so that only problems that need attention are logged: people watch this terminal.
    const logLevel = loaded.origins['logLevel'] === 'default' ? 'warn' : loaded.settings.logLevel;
    return { ...loaded, settings: { ...loaded.settings, logLevel } };
  };
  const { settings } = read();
  const paths = invocation.operands.length > 0 ? invocation.operands : settings['agent.paths'];
  if (paths.length === 0)
    throw createError('JT_USAGE', {
      problem: 'up needs a folder to watch, as an argument or as agent.paths in the settings.',
      command: 'up',
    });
  const { runWithLog } = await import('../service/run-with-log.js');
  await runWithLog(settings, (log) => openStages(invocation, { settings, paths, log, read }));
  return 0;
}

interface UpParts {
  readonly settings: Settings;
  readonly paths: readonly string[];
  readonly log: Log;
  readonly read: () => ReadSettings;
}

async function openStages(invocation: Invocation, { settings, paths, log, read }: UpParts): Promise<void> {
  const { terminal } = invocation;
  // These modules are loaded for a service only, so that other commands answer sooner.
  const [services, { createEmergency }, { createServiceAgent, reloadServiceAgent }, web, { createSettingsReloader }] =
    await Promise.all([
      import('../service/services.js'),
      import('../service/emergency.js'),
      import('../service/agent.js'),
      import('../service/server.js'),
      import('../service/settings-reloader.js'),
    ]);
  for (const risk of findClearText(settings, 'up')) log.warn(risk);
  const settingsReloader = createSettingsReloader(read(), read, log.child({ stage: 'settings' }));
  terminal.onHangup(settingsReloader.reload);
  const rules = createRuleReloader(extraFolders(invocation), log.child({ stage: 'rules' }));
  settingsReloader.onChange((next) =>
    rules.setFolders([...next['analyzer.rulesDirs'], ...invocation.options('rules')]),
  );
  const metrics = web.createServiceMetrics();
  metrics.showSettings(() => settingsReloader.problem);
  metrics.showRules(() => rules.problems);
  const store = countStoreErrors(await openServiceStore(settings), metrics.countStoreError);
  const key = createKeyWatch({ readEnd: () => store.readKeyEnd(), log });
  metrics.showKeyEnd(key.endsAt);
  try {
    await store.check();
    // A SQLite store has no other instances, so it needs no lease.
    const lease = settings['store.kind'] === 'sqlite' ? undefined : services.createServiceLease(store, log);
    const clock = await services.createServiceClock(store, log);
    const readingGaps = services.createServiceGaps(store, clock);
    // The record of reading gaps must begin before the agent stores anything.
    await readingGaps.begin();
    const notifier = services.createServiceNotifier(settingsReloader, rules, store, log, {
      readingGaps,
      clock,
      instance: 'up',
      shares: lease === undefined ? undefined : services.shareMessages(store, lease),
      metrics,
    });
    const announce = createAnnouncer(
      invocation,
      languageOf(settings),
      await store.findIncidents({ limit: KNOWN_INCIDENTS }),
    );
    const agent = createServiceAgent(settings, paths, store, log);
    if (findSettingsFile(invocation) !== undefined)
      terminal.onHangup(() => reloadServiceAgent(agent, settings, () => ({ settings: read().settings, paths }), log));
    shareWords(agent, rules);
    const analyzer = services.createServiceAnalyzer(settings, rules, store, log, {
      readingGaps,
      clock,
      lease,
      onIncident: async (incident) => {
        await notifier.incidentChanged(incident);
        await announce(incident);
      },
      onGone: (id) => notifier.incidentGone(id),
      onErased: () => notifier.forget(),
    });
    metrics.showAnalyzer(() => analyzer.status());
    const server = web.createServiceServer(settingsReloader, rules, store, log, notifier, metrics);
    const { url, isOpen } = await server.listen(readAddress('api.listen', settings['api.listen']));
    await write(terminal, renderGreeting({ url, isOpen }, paths, rules.catalog.size, invocation));
    await runStages(terminal.signal, server, [
      agent.run,
      ...(lease === undefined ? [] : [lease.run, key.run]),
      analyzer.run,
      clock.run,
      notifier.run,
      rules.run,
      settingsReloader.run,
      createEmergency(settingsReloader, store, 'service', log, { checksAnalyzer: false }),
      (signal) => services.runRetention(settingsReloader, store, log, signal),
    ]);
  } finally {
    await store.close();
  }
}

/** Passes the analyzer's signal words and scanner to the agent in the same process. */
function shareWords(agent: Agent, rules: RuleReloader): void {
  const share = (catalog: Catalog): void => agent.setWords(listSignalWords(catalog), catalog.scanner);
  share(rules.catalog);
  rules.onChange(share);
}

/** Notice for the person who starts the service, because every user of the machine has full access. */
const OPEN = 'Warning: no access control; anyone on this machine has full access (docs/access.md).\n';

function renderGreeting(
  { url, isOpen }: { readonly url: string; readonly isOpen: boolean },
  paths: readonly string[],
  rules: number,
  invocation: Invocation,
): string {
  const style = styleOf(invocation.terminal.stdout, invocation.terminal.environment);
  return `Jobtrace ${VERSION} watches ${paths.join(', ')} with ${rules} rules.\nPage: ${paint(url, 'cyan', style)}\n${isOpen ? OPEN : ''}\n`;
}

const MORE: Readonly<Record<Language, string>> = {
  en: 'Further incidents take one line each; --cards prints full cards.',
  zh: '其余故障各占一行；--cards 输出完整诊断。',
};

/**
 * Prints an incident when it is new and when its cause changes, unless it belongs to a platform incident. It does not
 * print restarts and incidents of earlier runs, which the page shows.
 */
function createAnnouncer(
  invocation: Invocation,
  lang: Language,
  known: readonly Incident[],
): (incident: Incident) => Promise<void> {
  const { terminal } = invocation;
  const announced = new Map(known.map((incident) => [incident.id, causeOf(incident)]));
  const numbers = new Map<string, number>();
  return async (incident) => {
    const cause = causeOf(incident);
    if (cause === undefined || incident.parent !== undefined || announced.get(incident.id) === cause) return;
    const instead = announced.has(incident.id);
    announced.set(incident.id, cause);
    const number = numbers.get(incident.id) ?? numbers.size + 1;
    numbers.set(incident.id, number);
    if (invocation.has('cards')) await write(terminal, `${renderIncident(incident, lang, terminal)}\n`);
    else if (number > 1 || instead)
      await write(terminal, renderIncidentLine(incident, { number, instead }, lang, terminal));
    else await write(terminal, `${renderIncident(incident, lang, terminal)}\n${MORE[lang]}\n\n`);
  };
}

function causeOf(incident: Incident): string | undefined {
  return incident.diagnoses.en[0]?.rule ?? incident.unknown[0]?.fingerprint;
}
