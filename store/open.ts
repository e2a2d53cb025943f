// Opens the store that the settings name, or its setup. This file alone knows both adapters, and loads only the one
// that is needed.
import type { ElasticsearchSettings } from './elasticsearch/elasticsearch.js';
import type { Setup } from './elasticsearch/setup.js';
import type { SqliteSettings } from './sqlite/sqlite.js';
import type { OpenThread } from './sqlite/lane.js';
import type { Store } from './store.js';

export type { Setup, SetupPlan, SetupStep } from './elasticsearch/setup.js';

export type StoreSettings =
  | ({
      readonly kind: 'sqlite';
      /**
       * Function that opens a thread, from services whose own thread must never wait for the file. Without it, the file
       * is opened in this thread.
       */
      readonly openThread?: OpenThread;
    } & SqliteSettings)
  | ({ readonly kind: 'elasticsearch' } & ElasticsearchSettings);

/**
 * Opens a store. SQLite is opened at once, and a failure is thrown. Elasticsearch may start later: `check` and every
 * call report if it cannot be reached.
 */
export async function openStore(settings: StoreSettings): Promise<Store> {
  if (settings.kind === 'sqlite') {
    const { openThread } = settings;
    if (openThread === undefined) return (await import('./sqlite/sqlite.js')).openSqliteStore(settings);
    return (await import('./sqlite/relay.js')).openThreadedStore(settings, openThread);
  }
  return (await import('./elasticsearch/elasticsearch.js')).openElasticsearchStore(settings);
}

/** Opens the setup of Elasticsearch and does not connect yet. The embedded store needs no setup. */
export async function openSetup(settings: ElasticsearchSettings & { readonly indexPrefix: string }): Promise<Setup> {
  return (await import('./elasticsearch/setup.js')).openElasticsearchSetup(settings);
}
