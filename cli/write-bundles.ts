// Bundles the output of tsc to one file for each way to run (program.ts) and for each thread; a step of `npm run build`
// before write-code-cache.ts. It escapes the non-ASCII characters that esbuild leaves in patterns and raw templates,
// which have the same meaning in a pattern. The reason is memory: V8 keeps the text of 2.5 MB while the program runs,
// and one character beyond a byte makes each character take two bytes.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';

const HERE = import.meta.dirname;

/** Modules outside the bundles: binaries, and modules that only a server or a single command needs. */
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
/**
 * Modules that only commands with a store need. The short bundle excludes them, because V8 reads every byte of a bundle
 * before a short answer.
 */
const SERVICE_ONLY = [
  '@elastic/*',
  'undici',
  'pino',
  'chokidar',
  join(HERE, 'service', 'assistant.js'),
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
  { name: 'agent-worker', source: 'service/agent-worker.js', beside: BESIDE },
  { name: 'paste-worker', source: 'service/paste-worker.js', beside: BESIDE },
  { name: 'store-worker', source: 'service/store-worker.js', beside: BESIDE },
];

const OPTIONS: BuildOptions = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // The script that program.ts makes of the bundle has no loader for `import()`. `require` loads ES modules too (Node
  // 20.19).
  supported: { 'dynamic-import': false },
  define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  alias: { 'apache-arrow/Arrow.node': join(HERE, 'no-arrow.js') },
  // Names are not minified, so that stack traces stay readable.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: true,
  logLevel: 'warning',
};

await Promise.all(BUNDLES.map(writeBundle));
// The user links to the file in the unpacked package (docs/install.md); only `npm install` would make it executable.
chmodSync(join(HERE, '..', 'cli.js'), 0o755);

async function writeBundle({ name, source, beside }: Bundle): Promise<void> {
  const outfile = join(HERE, `${name}.cjs`);
  await build({ ...OPTIONS, entryPoints: [join(HERE, source)], external: [...beside], outfile });
  writeFileSync(outfile, readFileSync(outfile, 'utf8').replace(/[^\0-\x7f]/g, escapeUnit));
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
