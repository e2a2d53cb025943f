// A step of the image's build: removes from node_modules of the current folder what no running program reads (types,
// source maps, texts, sources of binaries, binaries of other machines), which is four fifths of it.
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import process from 'node:process';

const NEEDLESS = /\.(?:map|md|markdown|[cm]?ts|tsx|flow)$/;
/** Of re2 only its binary and what loads it; the rest is what it is compiled from. */
const RE2 = /^(?:re2\.js|package\.json|LICENSE|lib|build)$/;
const RE2_BUILD = /^(?:Release|re2\.node)$/;
const HERE = `linux-${process.arch}`;

/** What no program is: whether the entry of that name in that folder goes. */
function isNeedless(folder, name) {
  const parts = folder.split(sep);
  if (parts.at(-1) === 're2' && parts.at(-2) === 'node_modules') return !RE2.test(name);
  if (parts.includes('re2') && parts.includes('build')) return !RE2_BUILD.test(name);
  if (parts.at(-1) === 'prebuilds') return !name.startsWith(HERE);
  return NEEDLESS.test(name);
}

function slim(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (isNeedless(folder, name)) rmSync(path, { recursive: true });
    else if (lstatSync(path).isDirectory()) slim(path);
  }
}

slim('node_modules');
