// A step of the build: what tsc compiled becomes one file for each way to run (program.ts) and for each thread. Called
// by `npm run build`; write-code-cache.ts comes behind it. What esbuild leaves as it is in patterns and raw templates
// (letters that are no ASCII) becomes an escape, which means the same in a pattern: V8 keeps a text of two and a half
// megabytes for as long as the program runs, and one letter beyond a byte makes each of its letters take two.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';

const HERE = import.meta.dirname;

/** Binaries, and what only a server or a single command needs. */
const BESIDE = [
  're2',
  '@photostructure/sqlite',
  'fastify',
  '@fastify/*',
  'prom-client',
  'openid-client',
  '@modelcontextprotocol/*',
  'tar',
  'nodemailer',
];
/** What only those need that open a store: V8 reads every byte of a bundle before a short answer. */
const SERVICE_ONLY = [
  '@elastic/*',
  'undici',
  'pino',
  'chokidar',
  join(HERE, 'service', 'desk', 'assistant.js'),
  join(HERE, '..', 'api', 'mcp', 'serve.js'),
];

interface Bundle {
  readonly name: string;
  readonly source: string;
  readonly beside: readonly string[];
}

const BUNDLES: readonly Bundle[] = [
  { name: 'short', source: 'main.js', beside: [...BESIDE, ...SERVICE_ONLY] },
  { name: 'service', source: 'main.js', beside: BESIDE },
  { name: 'agent-worker', source: 'service/thread/agent-worker.js', beside: BESIDE },
  { name: 'paste-worker', source: 'service/thread/paste-worker.js', beside: BESIDE },
  { name: 'store-worker', source: 'service/thread/store-worker.js', beside: BESIDE },
];

const OPTIONS: BuildOptions = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // The script that program.ts makes of it has no loader for `import()`; `require` loads ES modules too (Node 20.19).
  supported: { 'dynamic-import': false },
  define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  alias: { 'apache-arrow/Arrow.node': join(HERE, 'arrow.js') },
  // Names stay: they are what a trace is read by.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: true,
  logLevel: 'warning',
};

await Promise.all(BUNDLES.map(writeBundle));
// Whoever unpacks the package links to it (docs/install.md); only `npm install` would make it executable.
chmodSync(join(HERE, '..', 'cli.js'), 0o755);

async function writeBundle({ name, source, beside }: Bundle): Promise<void> {
  const outfile = join(HERE, `${name}.cjs`);
  await build({ ...OPTIONS, entryPoints: [join(HERE, source)], external: [...beside], outfile });
  writeFileSync(outfile, readFileSync(outfile, 'utf8').replace(/[^\0-\x7f]/g, escapeUnit));
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
