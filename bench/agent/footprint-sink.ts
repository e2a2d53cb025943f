// Simulates an Elasticsearch in this process that stores nothing and answers at once, as if its templates existed. It
// records when the first bulk request came, after how many other requests, how many documents came, and the age of each
// document of a live file (its time is that of the writing).
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { buildTemplates, TEMPLATE_AGE } from '../../store/elasticsearch/mapping.js';

const unpack = promisify(gunzip);
const NEWLINE = 10;
const TIME = Buffer.from('"@timestamp":');
const TIME_DIGITS = '1700000000000'.length;

const TEMPLATES = Object.keys(buildTemplates('jobtrace', {}, 'analyzer'));
const TEMPLATE = { version: TEMPLATE_AGE.version, _meta: { digest: TEMPLATE_AGE.digest } };

export interface BulkSink {
  readonly port: number;
  readonly seen: Seen;
  close(): Promise<void>;
}

export interface Seen {
  documents: number;
  firstAt: number | undefined;
  /** Number of requests before the first with documents. */
  requestsBefore: number;
  /** Milliseconds from the time of each document to its arrival; recorded only if it is a list. */
  lags: number[] | undefined;
}

export async function openSink(): Promise<BulkSink> {
  const seen: Seen = { documents: 0, firstAt: undefined, requestsBefore: 0, lags: undefined };
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const text = JSON.stringify(answer(seen, new URL(request.url ?? '/', 'http://sink'), body));
      response.writeHead(200, {
        'content-type': 'application/vnd.elasticsearch+json;compatible-with=8',
        'x-elastic-product': 'Elasticsearch',
        'content-length': Buffer.byteLength(text),
      });
      response.end(text);
    });
  });
  // This prevents a busy machine from closing a connection that is in use.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, seen, close: () => closeServer(server) };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? unpack(raw) : raw;
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

function answer(seen: Seen, { pathname, searchParams }: URL, body: Buffer): unknown {
  if (pathname.endsWith('_bulk')) return takeBulk(seen, body, searchParams.get('filter_path') ?? 'items');
  if (seen.firstAt === undefined) seen.requestsBefore += 1;
  if (pathname.startsWith('/_index_template/'))
    return { index_templates: TEMPLATES.map((name) => ({ name, index_template: TEMPLATE })) };
  const state = pathname.endsWith('words') ? '{"by":"analyzer","except":[]}' : String(TEMPLATE_AGE.version);
  if (pathname.includes('/_source/')) return { body: state };
  return { found: true, _source: { body: state }, result: 'updated' };
}

/** Handles a bulk request, in which every second line is a document. */
function takeBulk(seen: Seen, body: Buffer, wanted: string): unknown {
  const now = Date.now();
  seen.firstAt ??= now;
  let documents = 0;
  for (let at = 0; at < body.length;) {
    const start = body.indexOf(NEWLINE, at) + 1;
    const end = body.indexOf(NEWLINE, start);
    if (start === 0 || end < 0) break;
    documents += 1;
    if (seen.lags !== undefined) seen.lags.push(now - readTime(body, start));
    at = end + 1;
  }
  seen.documents += documents;
  if (!wanted.includes('items')) return { errors: false };
  return { took: 1, errors: false, items: new Array(documents).fill({ create: { status: 201 } }) };
}

/** Reads the time in milliseconds since 1970, as the agent sends it. */
function readTime(body: Buffer, from: number): number {
  const at = body.indexOf(TIME, from) + TIME.length;
  return Number(body.toString('latin1', at, at + TIME_DIGITS));
}
