// Requests to the Elasticsearch of the tests, apart from those of the store. Only tests import it.

export async function ask(url: string, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(url + path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: body === undefined ? undefined : { 'content-type': 'application/json' },
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** Removes the indices, so that the only node of the tests does not fill up with shards. */
export async function removeIndices(url: string, prefix: string): Promise<void> {
  const found = await ask(url, 'GET', `/_cat/indices/${prefix}-*?format=json&h=index`);
  const names = (found as { index: string }[]).map((row) => row.index);
  if (names.length > 0) await ask(url, 'DELETE', `/${names.join(',')}`);
}

export async function removeTemplates(url: string, prefix: string): Promise<void> {
  await ask(url, 'DELETE', `/_index_template/${prefix}-*`).catch(() => undefined); // a refused test created none
}
