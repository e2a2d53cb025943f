// Settings that change while the agent runs: what can hold at once does, what cannot waits for a restart and is named,
// and what cannot be used changes nothing. No file loses its place. The loop in agent.ts scans and watches the new
// paths at its next turn.
import { JobtraceError } from '../core/errors.js';
import { openWatcher } from './files/discover.js';
import { compareSettings, type AgentSettings } from './settings.js';
import type { AgentState } from './state.js';

/** `read` throws when the settings cannot be used. */
export function reloadSettings(agent: AgentState, read: () => AgentSettings): void {
  const { settings, board, log } = agent;
  try {
    const change = compareSettings(settings, read());
    agent.follower.reload(change.settings);
    Object.assign(settings, change.settings);
    board.clear('JT_SETTINGS_KEPT');
    log.info({ changed: change.changed, waitForRestart: change.waiting }, 'The settings were read again.');
  } catch (error) {
    if (!(error instanceof JobtraceError)) throw error;
    const { code, message, fix } = error;
    board.raise('JT_SETTINGS_KEPT', { problem: message });
    log.error({ code, problem: message, advice: fix }, 'The settings cannot be used; those of before stay in use.');
    return;
  }
  agent.isScanDue = true;
  agent.isWatchDue = true;
  agent.alarm.wake();
}

/** Changes of files wake the loop, where that is wanted. */
export async function watchFolders(agent: AgentState): Promise<void> {
  const { settings, log, excluded, alarm } = agent;
  agent.isWatchDue = false;
  await agent.watcher?.close();
  agent.watcher = settings.watch ? openWatcher(settings.paths, excluded, wakeFor, noteLost) : undefined;
  function wakeFor(what: 'change' | 'list'): void {
    if (what === 'list') agent.isScanDue = true;
    alarm.wake();
  }
  function noteLost(problem: string): void {
    log.info({ problem }, 'Folders cannot be watched; the periodic scan goes on.');
  }
}
