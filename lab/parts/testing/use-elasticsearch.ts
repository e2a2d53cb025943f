// For tests: the Elasticsearch 8 that all files share. A test has names of its own there, and takes nothing away from
// the others: whoever kills it, or changes the settings of the cluster, starts one instead.
import { beforeAll, inject } from 'vitest';

/** In a describe block: its address. What begins with `prefix` is removed after the block. */
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

/** The indices and templates whose names begin so. */
export async function removeAll(url: string, prefix: string): Promise<void> {
  const found = await fetch(`${url}/_cat/indices/${prefix}*?expand_wildcards=all&format=json&h=index`);
  const names = ((await found.json()) as { readonly index: string }[]).map(({ index }) => index);
  const paths = [...(names.length === 0 ? [] : [names.join()]), `_index_template/${prefix}*`];
  for (const path of paths) await (await fetch(`${url}/${path}`, { method: 'DELETE' })).text();
}
