// A step of the image's build: removes from node_modules of the current folder what no running program reads (types,
// source maps, texts, sources and builders of binaries, binaries of other machines, what the build has bundled), which
// is five sixths of it.
import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import process from 'node:process';

const NEEDLESS = /\.(?:map|md|markdown|[cm]?ts|tsx|flow|cc|h)$/;
/** What builds binaries, and what stands whole in dist/cli/service.cjs (cli/write-bundles.ts). */
const PACKAGES = [
  '@opentelemetry/semantic-conventions',
  'apache-arrow',
  'flatbuffers',
  'install-artifact-from-github',
  'nan',
  'node-addon-api',
  'node-gyp',
];
/** Of a package with a binary only that and what loads it; the rest is what it is compiled from. */
const KEPT = {
  re2: /^(?:re2\.js|package\.json|LICENSE|lib|build)$/,
  're2/build': /^Release$/,
  're2/build/Release': /^re2\.node$/,
  '@photostructure/sqlite': /^(?:dist|prebuilds|package\.json|LICENSE)$/,
};
const HERE = `linux-${process.arch}`;

/** Whether the entry of that name in that folder goes. */
function isNeedless(folder, name) {
  const kept = KEPT[folder.split(`node_modules${sep}`).at(-1)];
  if (kept !== undefined) return !kept.test(name);
  if (folder.endsWith(`${sep}prebuilds`)) return !name.startsWith(HERE);
  return NEEDLESS.test(name);
}

function slim(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (isNeedless(folder, name)) rmSync(path, { recursive: true });
    else if (lstatSync(path).isDirectory()) slim(path);
  }
}

for (const name of PACKAGES)
  if (existsSync(join('node_modules', name))) rmSync(join('node_modules', name), { recursive: true });
// Node.js 22 and newer have SQLite.
if (Number.parseInt(process.versions.node, 10) >= 22) rmSync('node_modules/@photostructure', { recursive: true });
slim('node_modules');
