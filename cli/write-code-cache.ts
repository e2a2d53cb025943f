// Runs the built program as a short command or as a service and writes V8's code cache of it (program.ts); the last
// step of `npm run build`, once for each. A cache is valid only for the version of Node that made it.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { findBuiltInRules } from '../analyzer/catalog/files.js';
import { compileBundle, COMPILED_FILES, runBundle, tuneForShortRun, type Program, type RunKind } from './program.js';

/** Logs that use the most common code: several kinds of failures, and logs of healthy jobs. */
const LOGS = ['network', 'memory', 'healthy'].map((area) => join(findBuiltInRules(), area));
/** Time limit, in milliseconds, because a build must end. */
const GIVE_UP_MS = 60_000;
const NEWLINE = 10;
/** Answer to a search in an empty store. */
const NOTHING_FOUND = { timed_out: false, _shards: { total: 0, successful: 0, failed: 0 }, hits: { hits: [] } };

const run: RunKind = process.argv[2] === 'service' ? 'service' : 'short';
if (run === 'short') tuneForShortRun();
const bundle = compileBundle(run);
const program = runBundle(run, bundle);
await (run === 'short' ? diagnoseLogs(program) : shipLogs(program));
writeFileSync(COMPILED_FILES[run], bundle.createCachedData());

async function diagnoseLogs(built: Program): Promise<void> {
  const { signal } = new AbortController();
  for (const format of ['json', 'text']) await runMain(built, signal, ['diagnose', '--format', format, ...LOGS]);
}

/**
 * Runs the agent as on a node, with a settings file, until the records are stored. It copies the logs, because the
 * agent skips old ones.
 */
async function shipLogs(built: Program): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-compile-'));
  const logs = join(folder, 'logs');
  for (const [index, area] of LOGS.entries()) cpSync(area, join(logs, String(index)), { recursive: true });
  const stored = new AbortController();
  const server = createServer(createElasticsearch(() => stored.abort()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const store = `http://127.0.0.1:${address === null || typeof address === 'string' ? 0 : address.port}`;
  const late = setTimeout(() => {
    throw new Error(`the built agent stored nothing within ${GIVE_UP_MS / 1000} seconds`);
  }, GIVE_UP_MS);
  const settings = join(folder, 'jobtrace.yaml');
  writeFileSync(
    settings,
    [
      `dataDir: ${JSON.stringify(join(folder, 'data'))}`,
      'logLevel: silent',
      `store: { kind: elasticsearch, urls: [${JSON.stringify(store)}] }`,
      'agent:',
      `  paths: [${JSON.stringify(logs)}]`,
    ].join('\n'),
  );
  await runMain(built, stored.signal, ['agent', '--config', settings]);
  clearTimeout(late);
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
}

/** Creates a server that answers a bulk request as Elasticsearch does, but stores nothing. */
function createElasticsearch(onStored: () => void): RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      const isBulk = request.url?.includes('_bulk') ?? false;
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
      const lines = isBulk ? body.reduce((sum, byte) => sum + (byte === NEWLINE ? 1 : 0), 0) : 0;
      const items = new Array(lines / 2).fill({ create: { status: 201 } });
      response.setHeader('content-type', 'application/vnd.elasticsearch+json;compatible-with=8');
      response.setHeader('x-elastic-product', 'Elasticsearch');
      response.end(JSON.stringify({ errors: false, items, ...NOTHING_FOUND }), () => isBulk && onStored());
    });
  };
}

async function runMain({ main }: Program, signal: AbortSignal, args: readonly string[]): Promise<void> {
  const silence = (): Writable => new Writable({ write: (_, __, done) => done() });
  const code = await main(args, {
    stdout: silence(),
    stderr: silence(),
    stdin: process.stdin,
    environment: {},
    signal,
    onHangup: () => undefined,
  });
  if (code !== 0) throw new Error(`the built program ended with ${code}`);
}
