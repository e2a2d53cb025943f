// Settings → the agent, and the small server with its numbers and its health when an address is given. What only that
// server needs is loaded when it is wanted: most agents are alone with their files, and should begin at once. Called by
// up.ts and parts.ts.
import { statSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { createAgent, type Agent } from '../../agent/agent.js';
import { pickAgentSettings, type AgentSettings } from '../../agent/settings.js';
import type { AgentParts } from '../../agent/state.js';
import { COUNTERS } from '../../agent/status.js';
import type { WorkerStart } from '../../agent/workers/message.js';
import { SETTINGS, type Settings } from '../../core/config/settings.js';
import { isTakenAtOnce } from '../../core/config/taken.js';
import { createError } from '../../core/errors.js';
import { describeFault } from '../../core/fault.js';
import type { Log } from '../../core/log.js';
import { pause } from '../../core/time/wait.js';
import { decodeWords, SIGNAL_VERSION_KEY, SIGNAL_WORDS_KEY } from '../../flink/words/words.js';
import type { StateStore } from '../../store/store.js';
import { readAddress } from '../settings.js';
import type { AgentWorkerData } from './thread/agent-worker.js';
import { readTls } from './open.js';
import { openThread } from './thread/thread.js';
import { VERSION } from '../version.js';

/** How soon agents follow a change of the rules; each asks for a few bytes. */
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

/** What is wrong with the new settings is for the agent to say; it goes on with those of before. */
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
        !isTakenAtOnce(name) &&
        JSON.stringify(settings[name]) !== JSON.stringify(before[name]),
    );
    if (waiting.length > 0) log.warn({ waitForRestart: waiting }, 'Some settings changed that need a restart.');
    return picked;
  });
}

/** Throws JT_FILE_UNREADABLE. */
function pickChecked(settings: Settings, paths: readonly string[]): AgentSettings {
  checkPaths(paths);
  return { ...pickAgentSettings(settings), paths };
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

/**
 * What the analyzer has written into the store is what the agent looks for, and what it changes there. Until then, and
 * where it cannot be read, nothing is said of entries, and the analyzer reads them all.
 */
export async function runWords(
  agent: Pick<Agent, 'setWords'>,
  store: Pick<StateStore, 'loadState'>,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  let version: string | undefined;
  let problem: string | undefined;
  while (!signal.aborted) {
    try {
      const told = await store.loadState(SIGNAL_VERSION_KEY);
      if (told !== undefined && told !== version) {
        const words = decodeWords((await store.loadState(SIGNAL_WORDS_KEY)) ?? '');
        if (words === undefined)
          log.warn({ version: told }, 'The words of the analyzer cannot be read by this release.');
        else agent.setWords(words);
        version = told;
      }
      problem = undefined;
    } catch (error) {
      const text = describeFault(error);
      if (text !== problem)
        log.warn({ problem: text }, 'The words of the analyzer cannot be read; those of before stay in use.');
      problem = text;
    }
    await pause(WORDS_EVERY_MS, signal);
  }
}

/** Undefined when no address is given. */
export async function openAgentProbe(
  settings: Settings,
  agent: Pick<Agent, 'status' | 'health'>,
  log: Log,
): Promise<{ close(): Promise<void> } | undefined> {
  const setting = 'agent.listen';
  if (settings[setting] === '') return undefined;
  const [{ openProbe }, { createAgentMetrics }] = await Promise.all([
    import('../../api/probe.js'),
    import('../../api/metrics.js'),
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
