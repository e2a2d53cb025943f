// Global setup of vitest: serves one Elasticsearch 8 for all test files, started by the first file that asks for it
// (through use-elasticsearch.ts). Starting one and compiling its code takes longer than most files need it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { errorText } from '../../../core/fault.js';
import { startElasticsearch, type Elasticsearch } from '../services/elasticsearch.js';

declare module 'vitest' {
  interface ProvidedContext {
    /**
     * Address of a server that answers with the address of the shared Elasticsearch as text, or with 500 and the reason
     * why there is none.
     */
    sharedElasticsearch: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<Elasticsearch> | undefined;
  const server = createServer((_request, response) => {
    starting ??= startElasticsearch({ version: 8 });
    starting.then(
      ({ url }) => response.end(url),
      (error: unknown) => response.writeHead(500).end(errorText(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  project.provide('sharedElasticsearch', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    server.closeAllConnections();
    await (await starting?.catch(() => undefined))?.stop();
  };
}
