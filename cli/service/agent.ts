// Creates the agent from the settings and, if an address is given, the server for its metrics and health. The modules
// of that server are loaded only on demand, because most agents have none and must start quickly.
import { statSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { createAgent, type Agent } from '../../agent/agent.js';
import { pickAgentSettings, type AgentSettings } from '../../agent/settings.js';
import type { AgentParts } from '../../agent/state.js';
import { COUNTERS } from '../../agent/status.js';
import type { WorkerStart } from '../../agent/workers/message.js';
import { SETTINGS, type Settings } from '../../core/config/settings.js';
import { isReloadable } from '../../core/config/reloadable.js';
import { createError } from '../../core/errors.js';
import { describeFault } from '../../core/fault.js';
import type { Log } from '../../core/log.js';
import { pause } from '../../core/time/wait.js';
import { decodeWords, SIGNAL_VERSION_KEY, SIGNAL_WORDS_KEY } from '../../flink/bytes/words.js';
import type { Collections } from '../../store/store.js';
import { readAddress } from '../settings.js';
import type { AgentWorkerData } from './agent-worker.js';
import { readTls } from './open.js';
import { openThread } from './thread.js';
import { VERSION } from '../version.js';

/** Interval, in milliseconds, after which agents follow a change of the rules; each check reads a few bytes. */
const WORDS_EVERY_MS = 30_000;

export function createServiceAgent(
  settings: Settings,
  paths: readonly string[],
  store: AgentParts['store'],
  log: Log,
): Agent {
  return createAgent(pickChecked(settings, paths), {
    store,
    log: log.child({ stage: 'agent' }),
    openWorker: (start) => openAgentWorker(start, settings),
  });
}

export function openAgentWorker(start: WorkerStart, settings: Settings): Worker {
  const data: AgentWorkerData = { start, settings };
  return openThread('agent-worker', { workerData: data });
}

/** Reloads the settings of the agent. The agent reports problems of new settings and keeps the previous ones. */
export function reloadServiceAgent(
  agent: Pick<Agent, 'reload'>,
  before: Settings,
  read: () => { readonly settings: Settings; readonly paths: readonly string[] },
  log: Log,
): void {
  agent.reload(() => {
    const { settings, paths } = read();
    const picked = pickChecked(settings, paths);
    const waiting = SETTINGS.map(({ name }) => name).filter(
      (name) =>
        !name.startsWith('agent.') &&
        !isReloadable(name) &&
        JSON.stringify(settings[name]) !== JSON.stringify(before[name]),
    );
    if (waiting.length > 0) log.warn({ waitForRestart: waiting }, 'Some settings changed that need a restart.');
    return picked;
  });
}

/** Returns the settings of the agent. Throws JT_FILE_UNREADABLE. */
function pickChecked(settings: Settings, paths: readonly string[]): AgentSettings {
  checkPaths(paths);
  return { ...pickAgentSettings(settings), paths };
}

/** Checks that plain paths exist, because a missing one is a typing error; a pattern may match later. */
function checkPaths(paths: readonly string[]): void {
  for (const path of paths.filter((item) => !/[*{?]/.test(item))) {
    try {
      statSync(path);
    } catch (error) {
      throw createError('JT_FILE_UNREADABLE', { path, problem: 'it does not exist' }, error);
    }
  }
}

/**
 * Polls the signal words that the analyzer writes to the store and passes them to the agent. Before the first ones, or
 * if they are unreadable, the agent sets no signals, and the analyzer reads all of them.
 */
export async function runWords(
  agent: Pick<Agent, 'setWords'>,
  store: Pick<Collections, 'states'>,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  let version: string | undefined;
  let problem: string | undefined;
  while (!signal.aborted) {
    try {
      const stored = (await store.states.load(SIGNAL_VERSION_KEY))?.value;
      if (stored !== undefined && stored !== version) {
        const words = decodeWords((await store.states.load(SIGNAL_WORDS_KEY))?.value ?? '');
        if (words === undefined)
          log.warn({ version: stored }, 'The words of the analyzer cannot be read by this release.');
        else agent.setWords(words);
        version = stored;
      }
      problem = undefined;
    } catch (error) {
      const text = describeFault(error);
      if (text !== problem)
        log.warn({ problem: text }, 'The words of the analyzer cannot be read; the previous ones stay active.');
      problem = text;
    }
    await pause(WORDS_EVERY_MS, signal);
  }
}

/** Opens the server for metrics and health; undefined if no address is given. */
export async function openAgentProbe(
  settings: Settings,
  agent: Pick<Agent, 'status' | 'health'>,
  log: Log,
): Promise<{ close(): Promise<void> } | undefined> {
  const setting = 'agent.listen';
  if (settings[setting] === '') return undefined;
  const [{ openProbe }, { createAgentMetrics }] = await Promise.all([
    import('../../api/probe.js'),
    import('../../api/http/metrics.js'),
  ]);
  const { contentType, renderText } = createAgentMetrics(VERSION, COUNTERS);
  return openProbe(
    {
      setting,
      log: log.child({ stage: 'probe' }),
      tls: readTls(settings, 'agent'),
      readHealth: () => agent.health(),
      metrics: { contentType, renderText: () => renderText(agent.status()) },
    },
    readAddress(setting, settings[setting]),
  );
}
