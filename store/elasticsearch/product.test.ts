// Tests servers that are not Elasticsearch 8: replays the exact answers of OpenSearch 2.19 and of Elasticsearch 7.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openClient } from './client.js';

let server: Server | undefined;
afterEach(() => server?.close());

it.each([
  [
    'OpenSearch',
    406,
    {},
    {
      error: 'Content-Type header [application/vnd.elasticsearch+json; compatible-with=8] is not supported',
      status: 406,
    },
  ],
  [
    'OpenSearch behind a proxy that hides it',
    400,
    { 'x-elastic-product': 'Elasticsearch' },
    {
      error: {
        type: 'x_content_parse_exception',
        reason: '[1:2] [composable_index_template] unknown field [ignore_missing_component_templates]',
      },
      status: 400,
    },
  ],
  ['a product without a name', 200, {}, { name: 'node' }],
])('%s is refused as what it is, with what to do', async (_, status, headers, body) => {
  server = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  });
  await new Promise<void>((resume) => server?.listen(0, '127.0.0.1', resume));
  const client = openClient({ nodes: [`http://127.0.0.1:${(server.address() as AddressInfo).port}`] });

  await expect(client.send({ method: 'PUT', path: '/_index_template/x', body: {} })).rejects.toMatchObject({
    code: 'JT_STORE_UNUSABLE',
    fix: expect.stringContaining('OpenSearch (also of AWS) and Elasticsearch 7 are not supported'),
  });
  await client.close();
});
