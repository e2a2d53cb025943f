// For tests: the Elasticsearch 8 that all files share. A test has names of its own there, and takes nothing away from
// the others: whoever kills it, or changes the settings of the cluster, starts one instead.
import { beforeAll, inject } from 'vitest';
import { removeIndices, removeTemplates } from '../../../store/testing/cluster.js';

/** In a describe block: its address. What begins with `prefix-` is removed after the block. */
export function useElasticsearch(prefix: string): { readonly url: string } {
  const place = { url: '' };
  beforeAll(async () => {
    place.url = await findElasticsearch();
    return () => removeAll(place.url, prefix);
  });
  return place;
}

/** @throws why it does not start. */
export async function findElasticsearch(): Promise<string> {
  const answer = await fetch(inject('sharedElasticsearch'));
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}

/** The indices and templates of this prefix. */
export async function removeAll(url: string, prefix: string): Promise<void> {
  await removeIndices(url, prefix);
  await removeTemplates(url, prefix);
}
