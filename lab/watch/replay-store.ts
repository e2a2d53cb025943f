// Provides the stores over which a recording is played: an embedded one that is empty each time, or an Elasticsearch,
// in which each play has separate indices.
import { join } from 'node:path';
import { openStore } from '../../store/open.js';
import type { BenchOption } from '../options.js';
import { startElasticsearch, type Elasticsearch } from '../parts/services/elasticsearch.js';
import type { PlayPlace } from './replay.js';

export const STORE_OPTION = {
  kind: 'text',
  value: 'KIND',
  values: ['sqlite', 'elasticsearch'],
  default: 'sqlite',
  help: 'where the lines go; an Elasticsearch is started',
} as const satisfies BenchOption;

/**
 * Starts the Elasticsearch if `store`, a value of the option, asks for it. Returns undefined for the embedded store.
 */
export async function startNode(store: string, folder: string): Promise<Elasticsearch | undefined> {
  return store === 'elasticsearch' ? startElasticsearch({ version: 8, dir: join(folder, 'node') }) : undefined;
}

export function openMemory(): Pick<PlayPlace, 'openStore'> {
  return { openStore: () => openStore({ kind: 'sqlite', path: ':memory:' }) };
}

/** Provides the indices of the plays. Those of one play are removed before the next. */
export function openIndices(url: string): Pick<PlayPlace, 'openStore' | 'settle'> {
  let plays = 0;
  return {
    openStore: async () => {
      const names = await (await fetch(`${url}/_cat/indices/replay-*?h=index`)).text();
      for (const name of names.split('\n').filter((line) => line !== ''))
        await fetch(`${url}/${name}`, { method: 'DELETE' });
      plays += 1;
      return openStore({ kind: 'elasticsearch', nodes: [url], indexPrefix: `replay-${plays}` });
    },
    settle: async () => void (await fetch(`${url}/_refresh`, { method: 'POST' })),
  };
}
