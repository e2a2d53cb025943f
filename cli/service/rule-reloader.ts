// Keeps the rules of a running process in sync with the team's folders. It checks the files twice a second and reloads
// them when they are stable after a change. A rule with mistakes is rejected and its previous form stays in use; the
// log and the API (GET /api/v1/rules) report the reason.
import { existsSync, statSync } from 'node:fs';
import {
  loadCatalog,
  reloadCatalog,
  type Catalog,
  type CatalogSources,
  type Reload,
} from '../../analyzer/catalog/catalog.js';
import { findCatalogFiles } from '../../analyzer/catalog/files.js';
import type { Log } from '../../core/log.js';
import { errorText } from '../../core/fault.js';
import { pause } from '../../core/time/wait.js';

export interface RuleReloader {
  /** Folders with rules of the team. */
  readonly folders: readonly string[];
  readonly catalog: Catalog;
  /** Problems of rejected rules in the folders, as `file:line:column …`; empty if all are in use. */
  readonly problems: readonly string[];
  /** Calls the listener with each catalog that is loaded from now on. */
  onChange(listener: (catalog: Catalog) => void): void;
  /** Checks the files once. Returns true if the catalog was reloaded. */
  pollOnce(): boolean;
  /** Uses rules of other folders from the next check on. */
  setFolders(folders: readonly string[]): void;
  /** Runs until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const POLL_EVERY_MS = 500;

/**
 * Creates the reloader. `builtIn` replaces the catalog that comes with the program. Throws JT_RULE_INVALID, so that a
 * process does not start with broken rules.
 */
export function createRuleReloader(given: readonly string[], log: Log, builtIn?: string): RuleReloader {
  let folders = given;
  const listeners: ((catalog: Catalog) => void)[] = [];
  let catalog = loadCatalog({ builtIn, extra: folders });
  let problems: readonly string[] = [];
  let loaded = describeFolders(folders);
  let last = loaded;

  function pollOnce(): boolean {
    const seen = describeFolders(folders);
    const isMoving = seen !== last;
    last = seen;
    // A file that is being written is read when it was stable for one check.
    if (isMoving || seen === loaded) return false;
    loaded = seen;
    const reload = reloadSafely({ builtIn, extra: folders }, catalog);
    catalog = reload.catalog;
    problems = reload.problems;
    for (const listener of listeners) listener(catalog);
    if (problems.length === 0) log.info({ rules: catalog.size }, 'Rules were reloaded.');
    else
      log.warn(
        { problems, rules: catalog.size },
        'Rules with errors were rejected; their previous versions stay active.',
      );
    return true;
  }

  return {
    get folders() {
      return folders;
    },
    get catalog() {
      return catalog;
    },
    get problems() {
      return problems;
    },
    onChange: (listener) => void listeners.push(listener),
    pollOnce,
    setFolders: (next) => {
      folders = next;
    },
    run: async (signal) => {
      while (!signal.aborted) {
        await pause(POLL_EVERY_MS, signal);
        if (!signal.aborted) pollOnce();
      }
    },
  };
}

/** Reloads the catalog. The process keeps the previous rules, whatever the folders contain. */
function reloadSafely(sources: CatalogSources, previous: Catalog): Reload {
  try {
    return reloadCatalog(sources, previous);
  } catch (error) {
    const problem = errorText(error);
    return {
      catalog: previous,
      problems: (sources.extra ?? []).map((folder) => `${folder}:1:1 cannot be loaded: ${problem}`),
    };
  }
}

/** Returns names, sizes and times of the catalog's files; the text differs after each change. */
export function describeFolders(folders: readonly string[]): string {
  return folders
    .flatMap((folder) => (existsSync(folder) ? describeFiles(folder) : [`${folder} is missing`]))
    .join('\n');
}

function describeFiles(folder: string): readonly string[] {
  try {
    const { rules, tables, texts } = findCatalogFiles(folder);
    return [...rules, ...tables, ...texts].map((file) => {
      const { mtimeMs, size, ino } = statSync(file);
      return `${file} ${size} ${mtimeMs} ${ino}`;
    });
  } catch {
    // A file was removed between the two calls; the next check sees it.
    return [`${folder} is changing ${Date.now()}`];
  }
}
