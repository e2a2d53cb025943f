// Keeps the settings of a running service in sync with the disk: the settings file, its included files, and the files
// of secrets. It checks them every two seconds and at SIGHUP. It applies the settings that need no restart and logs the
// names of the other ones. Settings with mistakes are rejected and the previous ones stay in use; the log, the metrics
// and the health of the service report it.
import { statSync } from 'node:fs';
import { createError, JobtraceError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import { SETTINGS, type Settings } from '../../core/config/settings.js';
import { isReloadable } from '../../core/config/reloadable.js';
import { pause } from '../../core/time/wait.js';
import type { ReadSettings } from '../settings.js';
import { findServiceProblems } from './check.js';

type Listener = (settings: Settings) => void | Promise<void>;

export interface SettingsReloader {
  readonly settings: Settings;
  /** Problem of the settings on disk; undefined if they are in use. */
  readonly problem: string | undefined;
  /** Calls the listener with settings that come into use from now on. A listener that throws is called again. */
  onChange(listener: Listener): void;
  /** Checks the files once. Returns true if they were read again. */
  pollOnce(): Promise<boolean>;
  /** Reads the files at the next check, even if they seem unchanged. */
  reload(): void;
  /** Runs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const POLL_EVERY_MS = 2000;

export function createSettingsReloader(first: ReadSettings, read: () => ReadSettings, log: Log): SettingsReloader {
  const listeners: Listener[] = [];
  let { settings, sources } = first;
  let seen = describeSources(sources);
  let used = seen;
  let problem: string | undefined;
  /** Listeners that have not applied the settings yet. */
  let waiting: Listener[] = [];

  async function callListeners(): Promise<void> {
    for (const listener of [...waiting]) {
      try {
        await listener(settings);
        waiting = waiting.filter((other) => other !== listener);
      } catch (error) {
        const problem = readProblem(error);
        log.warn({ problem: problem.message }, 'New settings cannot be applied yet; retrying.');
        return;
      }
    }
  }

  function take(next: ReadSettings): void {
    const changed = SETTINGS.map(({ name }) => name).filter((name) => !isEqual(settings[name], next.settings[name]));
    const applied = changed.filter(isReloadable);
    sources = next.sources;
    problem = undefined;
    settings = Object.freeze({ ...settings, ...pickSettings(next.settings, applied) });
    const waitForRestart = changed.filter((name) => !applied.includes(name));
    log.info({ changed: applied, waitForRestart }, 'Settings were reloaded.');
    if (applied.length > 0) waiting = [...listeners];
  }

  function readAnew(): void {
    try {
      take(checked(read()));
      // The new settings may include other files than the previous ones.
      used = seen = describeSources(sources);
    } catch (error) {
      const { code, message, fix } = readProblem(error);
      problem = message;
      log.error({ code, problem, advice: fix }, 'The settings are not valid; the previous ones stay active.');
    }
  }

  async function pollOnce(): Promise<boolean> {
    const now = describeSources(sources);
    const isMoving = now !== seen;
    seen = now;
    // A file that is being written is read when it was stable for one check.
    const isDue = !isMoving && seen !== used;
    if (isDue) {
      used = seen;
      readAnew();
    }
    await callListeners();
    return isDue;
  }

  return {
    get settings() {
      return settings;
    },
    get problem() {
      return problem;
    },
    onChange: (listener) => void listeners.push(listener),
    reload: () => {
      used = '';
    },
    pollOnce,
    async run(signal) {
      while (!signal.aborted) {
        await pause(POLL_EVERY_MS, signal);
        if (!signal.aborted) await pollOnce();
      }
    },
  };
}

/** Returns a mistake in the settings; throws any other error. */
function readProblem(error: unknown): JobtraceError {
  if (error instanceof JobtraceError) return error;
  throw error;
}

function pickSettings(settings: Settings, names: readonly (keyof Settings)[]): Partial<Settings> {
  return Object.fromEntries(names.map((name) => [name, settings[name]]));
}

function isEqual(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** Checks the settings and returns them. Throws JT_CONFIG_INVALID. */
function checked(read: ReadSettings): ReadSettings {
  const problems = findServiceProblems(read.settings).map((problem) => `  ${problem}`);
  if (problems.length > 0) throw createError('JT_CONFIG_INVALID', { problems: problems.join('\n') });
  return read;
}

/** Returns a text that differs after each change of a file, of a folder's content, or of a symbolic link's target. */
function describeSources(sources: readonly string[]): string {
  return sources
    .map((path) => {
      const { mtimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? { mtimeMs: 0, size: 0, ino: 0 };
      return `${path} ${size} ${mtimeMs} ${ino}`;
    })
    .join('\n');
}
