// Settings → the store they name, or what prepares it. The only place that knows both adapters, and loads the one that
// is asked for; cli.ts calls it.
import type { ElasticsearchSettings } from './elasticsearch/elasticsearch.js';
import type { Setup } from './elasticsearch/setup/setup.js';
import type { SqliteSettings } from './sqlite/sqlite.js';
import type { OpenThread } from './sqlite/thread/lane.js';
import type { Store } from './store.js';

export type { Setup, SetupPlan, SetupStep } from './elasticsearch/setup/setup.js';

export type StoreSettings =
  | ({
      readonly kind: 'sqlite';
      /** Given by services, whose own thread never waits for the file; left out: the file is opened here. */
      readonly openThread?: OpenThread;
    } & SqliteSettings)
  | ({ readonly kind: 'elasticsearch' } & ElasticsearchSettings);

/**
 * SQLite is opened at once, and throws when it cannot be; Elasticsearch need not be up yet: `check` and every call say
 * so.
 */
export async function openStore(settings: StoreSettings): Promise<Store> {
  if (settings.kind === 'sqlite') {
    const { openThread } = settings;
    if (openThread === undefined) return (await import('./sqlite/sqlite.js')).openSqliteStore(settings);
    return (await import('./sqlite/thread/relay.js')).openThreadedStore(settings, openThread);
  }
  return (await import('./elasticsearch/elasticsearch.js')).openElasticsearchStore(settings);
}

/** Of Elasticsearch alone: the embedded store needs nothing. Connects to nothing yet. */
export async function openSetup(settings: ElasticsearchSettings & { readonly indexPrefix: string }): Promise<Setup> {
  return (await import('./elasticsearch/setup/setup.js')).openElasticsearchSetup(settings);
}
