// Settings → the store they name. The only place that knows both adapters; cli.ts calls it.

import { openSqliteStore, type SqliteSettings } from './sqlite.js';
import type { Store } from './store.js';

export type StoreSettings = { readonly kind: 'sqlite' } & SqliteSettings;

/** Opens SQLite at once (it throws when it cannot); Elasticsearch need not be up yet: `check` and every call say so. */
export async function openStore(settings: StoreSettings): Promise<Store> {
  return openSqliteStore(settings);
}
