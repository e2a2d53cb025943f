// Build step of the image: removes from node_modules of the current folder all files that no running program reads
// (types, source maps, texts, sources and builders of binaries, binaries of other machines, packages that the build has
// bundled). These files are five sixths of node_modules.
import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import process from 'node:process';

const NEEDLESS = /\.(?:map|md|markdown|[cm]?ts|tsx|flow|cc|h)$/;
/** Packages that build binaries, and packages that dist/cli/service.cjs contains completely (cli/write-bundles.ts). */
const PACKAGES = [
  '@opentelemetry/semantic-conventions',
  'apache-arrow',
  'flatbuffers',
  'install-artifact-from-github',
  'nan',
  'node-addon-api',
  'node-gyp',
];
/** Entries to keep of a package with a binary: the binary and the code that loads it. The others are its sources. */
const KEPT = {
  re2: /^(?:re2\.js|package\.json|LICENSE|lib|build)$/,
  're2/build': /^Release$/,
  're2/build/Release': /^re2\.node$/,
  '@photostructure/sqlite': /^(?:dist|prebuilds|package\.json|LICENSE)$/,
};
const HERE = `linux-${process.arch}`;

/** True if the entry `name` of `folder` is to be removed. */
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
