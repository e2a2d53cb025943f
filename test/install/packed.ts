// What the tests of installations share: the package as `npm pack` makes it of the tree as it was built, and re2's
// binary of this machine as its maker publishes it, for where only the package registry is reached.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { PACKAGE_ROOT } from '../../cli/version.js';

/** Path of `jobtrace.tgz` in the folder. */
export async function packTarball(folder: string): Promise<string> {
  if (!existsSync(join(PACKAGE_ROOT, 'dist', 'cli.js'))) throw new Error('There is no build: run "npm run build".');
  // The tree was built before the tests; packing builds it anew otherwise.
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await promisify(execFile)('npm', args, { cwd: PACKAGE_ROOT, maxBuffer: 64 * 1_048_576 });
  const [made] = JSON.parse(stdout) as { readonly filename: string }[];
  const tarball = join(folder, 'jobtrace.tgz');
  renameSync(join(folder, made?.filename ?? ''), tarball);
  return tarball;
}

/** Variables with which re2 is installed from the folder, without a compiler (docs/install.md). */
export function mirrorRe2(folder: string): Readonly<Record<string, string>> {
  mkdirSync(folder, { recursive: true });
  const binary = readFileSync(join(PACKAGE_ROOT, 'node_modules', 're2', 'build', 'Release', 're2.node'));
  const name = `linux-${process.arch}-${process.versions.modules}.gz`;
  writeFileSync(join(folder, name), gzipSync(binary, { level: 1 }));
  return { RE2_DOWNLOAD_MIRROR: folder, RE2_DOWNLOAD_SKIP_PATH: '1', RE2_DOWNLOAD_SKIP_VER: '1' };
}
