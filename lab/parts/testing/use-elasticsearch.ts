// Provides the Elasticsearch 8 that all test files share. Each test uses its own names there and does not disturb the
// others: a test that kills it, or changes the settings of the cluster, starts its own.
import { beforeAll, inject } from 'vitest';
import { removeIndices, removeTemplates } from '../../../store/testing/cluster.js';

/**
 * Returns the address, for use in a describe block. Everything whose name begins with `prefix-` is removed after the
 * block.
 */
export function useElasticsearch(prefix: string): { readonly url: string } {
  const place = { url: '' };
  beforeAll(async () => {
    place.url = await findElasticsearch();
    return () => removeAll(place.url, prefix);
  });
  return place;
}

/**
 * Returns the address of the shared Elasticsearch.
 * @throws an error with the reason if it does not start.
 */
export async function findElasticsearch(): Promise<string> {
  const answer = await fetch(inject('sharedElasticsearch'));
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}

/** Removes the indices and templates of this prefix. */
export async function removeAll(url: string, prefix: string): Promise<void> {
  await removeIndices(url, prefix);
  await removeTemplates(url, prefix);
}
