// Runs a stand-in for Elasticsearch that stores nothing and answers at once, as if everything were new. It is a
// separate process, so that its work is not counted as the shipper's. Arguments: bulk (unpacks a body and counts its
// documents before it answers) or discard (only answers if nobody asks for the items, and counts when nothing more
// comes); and a folder in which it keeps the raw bodies. Prints its port. GET /counts returns requests, documents, body
// and wire bytes, arrivals over time, ages of stamped lines, and uncounted requests.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const [kind = 'bulk', folder] = process.argv.slice(2);
const STAMP = Buffer.from('bench-stamp=');
const STAMP_DIGITS = 13;
const NEWLINE = 10;
/** Largest number of bytes that discard keeps for later counting. */
const MOST_KEPT_BYTES = 2 ** 31;
/** Quiet time, in milliseconds, after which kept bodies are counted, because this takes no core from a shipper then. */
const QUIET_MS = 400;
/** Answer of Elasticsearch for a document without a filter. */
const ITEM = {
  _index: 'bench',
  _id: '5f2c8e0d1b7a-00000000a3f0-1c291ca3',
  _version: 1,
  result: 'created',
  _shards: { total: 1, successful: 1, failed: 0 },
  _seq_no: 1000,
  _primary_term: 1,
  status: 201,
};

const counts = { requests: 0, documents: 0, bodyBytes: 0, wireBytes: 0, arrivals: [], lags: [] };
let kept = 0;
const uncounted = { bulks: [], bytes: 0, lastAt: 0 };

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const address = new URL(request.url, 'http://sink');
    const bulk = { raw: Buffer.concat(chunks), gzip: request.headers['content-encoding'] === 'gzip', at: Date.now() };
    const isBulk = address.pathname.endsWith('/_bulk');
    const text = isBulk ? answerBulk(bulk, readWanted(address)) : JSON.stringify(answerOther(address));
    if (isBulk && folder !== undefined) keep(address, bulk);
    response.writeHead(200, {
      'content-type': 'application/vnd.elasticsearch+json;compatible-with=8',
      'x-elastic-product': 'Elasticsearch',
      'content-length': Buffer.byteLength(text),
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  });
});

/** Returns the fields of an item that the request asks for; undefined: all. */
function readWanted(address) {
  const path = address.searchParams.get('filter_path');
  if (path === null) return undefined;
  return path.split(',').flatMap((field) => (field.startsWith('items.*.') ? [field.split('.')[2]] : []));
}

function answerBulk({ raw, gzip, at }, wanted) {
  const fields = Object.entries(ITEM).filter(([name]) => wanted === undefined || wanted.includes(name));
  if (kind === 'discard' && fields.length === 0) {
    uncounted.bulks.push({ raw, gzip, at });
    uncounted.bytes += raw.length;
    uncounted.lastAt = at;
    if (uncounted.bytes > MOST_KEPT_BYTES) countKept();
    return '{"errors":false}';
  }
  const { body, documents } = count({ raw, gzip, at });
  if (fields.length === 0) return '{"errors":false}';
  const action = body.subarray(0, 10).toString().startsWith('{"create') ? 'create' : 'index';
  const item = JSON.stringify({ [action]: Object.fromEntries(fields) });
  return `{"took":1,"errors":false,"items":[${`${item},`.repeat(documents).slice(0, -1)}]}`;
}

function countKept() {
  for (const bulk of uncounted.bulks) count(bulk);
  Object.assign(uncounted, { bulks: [], bytes: 0 });
}

/** Counts the documents of a body. Each document has an action line before it. Filebeat writes empty lines as well. */
function count({ raw, gzip, at }) {
  const body = gzip ? gunzipSync(raw) : raw;
  let lines = 0;
  for (let start = 0, end = body.indexOf(NEWLINE); end !== -1; start = end + 1, end = body.indexOf(NEWLINE, start))
    if (end > start) lines += 1;
  for (let from = body.indexOf(STAMP); from !== -1; from = body.indexOf(STAMP, from + 1)) {
    const digits = from + STAMP.length;
    counts.lags.push(at - Number(body.toString('latin1', digits, digits + STAMP_DIGITS)));
  }
  counts.requests += 1;
  counts.documents += lines / 2;
  counts.bodyBytes += body.length;
  counts.wireBytes += raw.length;
  counts.arrivals.push([at, counts.documents]);
  return { body, documents: lines / 2 };
}

/** Keeps a body for send.mjs: the address in the first line, followed by the raw body. */
function keep(address, { raw, gzip }) {
  kept += 1;
  const head = JSON.stringify({ path: `${address.pathname}${address.search}`, gzip });
  writeFileSync(join(folder, `${String(kept).padStart(6, '0')}.bulk`), Buffer.concat([Buffer.from(`${head}\n`), raw]));
}

function answerOther(address) {
  if (address.pathname === '/counts') {
    if (Date.now() - uncounted.lastAt > QUIET_MS) countKept();
    return { ...counts, waiting: uncounted.bulks.length };
  }
  if (address.pathname === '/')
    return {
      name: 'sink',
      cluster_name: 'sink',
      version: { number: '8.19.0', build_flavor: 'default' },
      tagline: 'You Know, for Search',
    };
  if (address.pathname === '/_license') return { license: { status: 'active', type: 'basic', uid: 'sink' } };
  if (address.pathname === '/_cluster/health') return { status: 'green', timed_out: false };
  if (address.pathname.startsWith('/_nodes')) return { nodes: { a: { version: '8.19.0' } } };
  // A normal distribution has an analyzer for the words, and no older index.
  if (address.pathname.startsWith('/_index_template/'))
    return { index_templates: [{ name: 'sink', index_template: { template: { analyzer: 'jobtrace_words' } } }] };
  if (address.pathname.includes('/_mapping')) return {};
  if (address.pathname.endsWith('/_source/store%2Fwords')) return { body: '{"by":"analyzer","except":[]}' };
  if (address.pathname.endsWith('/_search'))
    return {
      timed_out: false,
      _shards: { total: 0, successful: 0, failed: 0 },
      hits: { total: { value: 0 }, hits: [] },
    };
  return { acknowledged: true, found: false, result: 'created' };
}

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
