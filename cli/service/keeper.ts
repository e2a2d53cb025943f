// Keeps the rules of a running process as they are in the team's folders: looks at the files twice a second, and when
// they have come to rest after a change, loads them anew. A rule with mistakes is refused, the one before it stays; the
// log says why, and the API (GET /api/v1/rules). Called by up, analyzer and api.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  loadCatalog,
  reloadCatalog,
  type Catalog,
  type CatalogSources,
  type Reload,
} from '../../analyzer/catalog/catalog.js';
import { findCatalogFiles } from '../../analyzer/catalog/read/files.js';
import type { Log } from '../../core/log.js';
import { errorText } from '../../core/fault.js';
import { pause } from '../../core/time/wait.js';

export interface RuleKeeper {
  /** With rules of the team. */
  readonly folders: readonly string[];
  readonly catalog: Catalog;
  /** Why rules of the folders are refused, as `file:line:column …`; empty when all are in use. */
  readonly problems: readonly string[];
  /** Called with each catalog that is loaded from now on. */
  onChange(listener: (catalog: Catalog) => void): void;
  /** One look at the files; true when the catalog was loaded anew. */
  lookOnce(): boolean;
  /** Takes rules of other folders from the next look on. */
  setFolders(folders: readonly string[]): void;
  /** Until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

const LOOK_EVERY_MS = 500;

/**
 * `builtIn`: another catalog than the one beside the program. Throws JT_RULE_INVALID: a process does not start with
 * broken rules.
 */
export function createRuleKeeper(given: readonly string[], log: Log, builtIn?: string): RuleKeeper {
  let folders = given;
  const listeners: ((catalog: Catalog) => void)[] = [];
  let catalog = loadCatalog({ builtIn, extra: folders });
  let problems: readonly string[] = [];
  let loaded = describeFolders(folders);
  let last = loaded;

  function lookOnce(): boolean {
    const seen = describeFolders(folders);
    const isMoving = seen !== last;
    last = seen;
    // A file that is being written is read when it has stayed the same for one look.
    if (isMoving || seen === loaded) return false;
    loaded = seen;
    const reload = reloadSafely({ builtIn, extra: folders }, catalog);
    catalog = reload.catalog;
    problems = reload.problems;
    for (const listener of listeners) listener(catalog);
    if (problems.length === 0) log.info({ rules: catalog.size }, 'Rules were loaded anew.');
    else log.warn({ problems, rules: catalog.size }, 'Rules with mistakes were refused; those before them stay.');
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
    lookOnce,
    setFolders: (next) => {
      folders = next;
    },
    run: async (signal) => {
      while (!signal.aborted) {
        await pause(LOOK_EVERY_MS, signal);
        if (!signal.aborted) lookOnce();
      }
    },
  };
}

/** Whatever stands in the folders, the process goes on with the rules before. */
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

/** Names, sizes and times of what the catalog reads: another text after each change. */
function describeFolders(folders: readonly string[]): string {
  return folders
    .flatMap((folder) => (existsSync(folder) ? describeFiles(folder) : [`${folder} is missing`]))
    .join('\n');
}

function describeFiles(folder: string): readonly string[] {
  try {
    const causes = join(folder, 'causes.yaml');
    const { rules, tables } = findCatalogFiles(folder);
    return [...rules, ...tables, ...(existsSync(causes) ? [causes] : [])].map((file) => {
      const { mtimeMs, size, ino } = statSync(file);
      return `${file} ${size} ${mtimeMs} ${ino}`;
    });
  } catch {
    // A file went away between the two calls: the next look sees it.
    return [`${folder} is changing ${Date.now()}`];
  }
}
