// An Elasticsearch that keeps nothing: answers each bulk request at once, as if everything were new, and counts what
// came. A process of its own, so that its work is not counted as the shipper's. Prints its port; GET /counts tells
// requests, documents, bytes of the bodies and on the wire, and when how many documents had come.
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';

const counts = { requests: 0, documents: 0, bodyBytes: 0, wireBytes: 0, firstAt: 0, arrivals: [] };
const keep = process.argv.includes('--keep');
let sample = '';

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const raw = Buffer.concat(chunks);
    const address = new URL(request.url, 'http://sink');
    const answer = address.pathname.endsWith('_bulk') ? answerBulk(request, raw, address) : answerOther(address);
    const text = JSON.stringify(answer);
    response.writeHead(200, {
      'content-type': 'application/vnd.elasticsearch+json;compatible-with=8',
      'x-elastic-product': 'Elasticsearch',
      'content-length': Buffer.byteLength(text),
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  });
});

function answerBulk(request, raw, address) {
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
  const lines = countLines(body);
  const documents = lines / 2;
  if (counts.firstAt === 0) counts.firstAt = Date.now();
  counts.requests += 1;
  counts.documents += documents;
  counts.bodyBytes += body.length;
  counts.wireBytes += raw.length;
  counts.arrivals.push([Date.now(), counts.documents]);
  if (keep && sample === '') sample = body.toString('utf8', 0, 20_000);
  // Who asks for errors only gets none.
  const wanted = address.searchParams.get('filter_path');
  if (wanted !== null && !wanted.includes('items')) return { errors: false };
  const item = body.subarray(0, 10).toString().startsWith('{"create') ? 'create' : 'index';
  return { took: 1, errors: false, items: new Array(documents).fill({ [item]: { status: 201 } }) };
}

function countLines(body) {
  let lines = 0;
  for (let at = body.indexOf(10); at !== -1; at = body.indexOf(10, at + 1)) lines += 1;
  return lines;
}

function answerOther(address) {
  if (address.pathname === '/counts') return { ...counts, sample };
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
  // A normal distribution has an analyzer for the words, and no index that was made before it.
  if (address.pathname.includes('/_mapping')) return {};
  if (address.pathname.endsWith('/_source/store%2Fwords')) return { body: '{"by":"analyzer","except":[]}' };
  return { acknowledged: true, found: false, hits: { total: { value: 0 }, hits: [] }, result: 'created' };
}

server.listen(0, '127.0.0.1', () => console.log(server.address().port));
