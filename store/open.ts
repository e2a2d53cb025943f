// Settings → the store they name. The only place that knows both adapters; cli.ts calls it.
import { openElasticsearchStore, type ElasticsearchSettings } from './elasticsearch.js';
import { openSqliteStore, type SqliteSettings } from './sqlite.js';
import type { Store } from './store.js';

export type StoreSettings = ({ readonly kind: 'sqlite' } & SqliteSettings) | ({ readonly kind: 'elasticsearch' } & ElasticsearchSettings);

/** SQLite is opened at once, and throws when it cannot be; Elasticsearch need not be up yet: `check` and every call say so. */
export async function openStore(settings: StoreSettings): Promise<Store> {
  return settings.kind === 'sqlite' ? openSqliteStore(settings) : openElasticsearchStore(settings);
}
