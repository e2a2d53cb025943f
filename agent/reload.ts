// Changes settings while the agent runs. Settings that can take effect at once do so, those that cannot wait for a
// restart and are reported, and unusable settings change nothing. No file loses its offset. The loop in agent.ts scans
// and watches the new paths in its next cycle.
import { JobtraceError } from '../core/errors.js';
import { isLogName, parsePattern } from './discovery/pattern.js';
import { openWatcher } from './discovery/watch.js';
import { compareSettings, type AgentSettings } from './settings.js';
import type { AgentState } from './state.js';

/** Takes over new settings. `read` throws if they cannot be used, and then nothing changes. */
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

/**
 * Opens a watch, if the settings want one, so that changes of files wake the loop. The next scan gives it the places.
 */
export function openWatch(agent: AgentState): void {
  const { settings, log, alarm } = agent;
  agent.isWatchDue = false;
  agent.watcher?.close();
  agent.watcher = undefined;
  if (!settings.watch) return;
  const isPlain = settings.paths.every((path) => parsePattern(path).segments.length === 0);
  agent.isScanDue = true;
  agent.watcher = openWatcher({
    isWanted: (name) => !isPlain || isLogName(name),
    onChange: (path) => {
      if (path === undefined) agent.isQuiet = false;
      else agent.changedPaths.add(path);
      alarm.wake();
    },
    onList: () => {
      agent.isScanDue = true;
      alarm.wake();
    },
    onLost: (problem) => {
      agent.watcher = undefined;
      log.info({ problem }, 'Folders cannot be watched; the periodic scan goes on.');
    },
  });
}
