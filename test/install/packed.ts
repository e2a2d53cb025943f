// Provides what the tests of installations share: the tarball of the packed product, and the binary of re2 for a Node,
// in the form in which its maker publishes it, for environments that reach only the package registry.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { findNode, MACHINES_OWN, type PreparedNode } from './nodes.js';
import { findProduct, makeProduct } from './product.js';

/** Copies the tarball into the folder as `jobtrace.tgz` and returns its path. */
export async function packTarball(folder: string): Promise<string> {
  const { tarball } = (await findProduct()) ?? (await makeProduct());
  const copy = join(folder, 'jobtrace.tgz');
  cpSync(tarball, copy);
  return copy;
}

/** Returns the variables with which re2 is installed from the folder, without a compiler (docs/install.md). */
export function mirrorRe2(
  folder: string,
  prepared: PreparedNode | undefined = findNode(MACHINES_OWN),
): Readonly<Record<string, string>> {
  if (prepared === undefined) throw new Error('re2 has no binary: run "npm rebuild re2"');
  mkdirSync(folder, { recursive: true });
  const name = `linux-${process.arch}-${prepared.modules}.gz`;
  writeFileSync(join(folder, name), gzipSync(readFileSync(prepared.re2), { level: 1 }));
  return { RE2_DOWNLOAD_MIRROR: folder, RE2_DOWNLOAD_SKIP_PATH: '1', RE2_DOWNLOAD_SKIP_VER: '1' };
}
