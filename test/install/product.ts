// The product as users have it: the tree's build as `npm pack` makes it, unpacked outside of the tree, beside the
// packages that an installation gets, so that a package which only developers have is not found. It is made once for
// each build and kept for the next run.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../cli/version.js';

export interface Product {
  /** As `npm pack` makes it. */
  readonly tarball: string;
  /** The unpacked package. */
  readonly folder: string;
  readonly frontDoor: string;
}

const MODULES = join(PACKAGE_ROOT, 'node_modules');
/** A run of all tests takes less than that. */
const KEPT_MS = 2 * 3_600_000;
/** What is built, from which sources. */
const BUILT: readonly (readonly [built: string, sources: readonly string[]])[] = [
  ['dist/cli.js', ['cli.ts', 'cli', 'core', 'flink', 'agent', 'store', 'analyzer', 'notify', 'api']],
  ['dist/web/index.html', ['api/web']],
];
const PAGE = join(PACKAGE_ROOT, 'api', 'web');
const PREFIX = 'jobtrace-product-';

/** Variable with the address of shared.ts, which answers with the product as JSON, or 500 and why there is none. */
export const PRODUCT_VARIABLE = 'TESTED_PRODUCT';

/** That of this run of tests; undefined outside of one. */
export async function findProduct(): Promise<Product | undefined> {
  const address = process.env[PRODUCT_VARIABLE];
  if (address === undefined) return undefined;
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Product;
}

/**
 * For the Node that runs this, or for another one with its binary of re2.
 * @throws what to do when the build is missing or older than the sources.
 */
export async function makeProduct(other?: { readonly release: number; readonly re2: string }): Promise<Product> {
  checkBuild();
  const home = join(tmpdir(), PREFIX + hashContent());
  const tarball = join(home, 'jobtrace.tgz');
  const place = join(home, other === undefined ? 'installed' : `installed-${other.release}`);
  if (!existsSync(tarball)) await appear(home, (folder) => pack(folder));
  if (!existsSync(place)) await appear(place, (folder) => install(tarball, folder, other?.re2));
  utimesSync(home, new Date(), new Date());
  removeOlder(home);
  const folder = join(place, 'package');
  return { tarball, folder, frontDoor: join(folder, 'dist', 'cli.js') };
}

/** What is older than its sources would be tested in their place. */
function checkBuild(): void {
  for (const [built, sources] of BUILT) {
    const file = join(PACKAGE_ROOT, built);
    if (!existsSync(file)) throw new Error(`There is no ${built}: run "npm run build".`);
    const { mtimeMs } = statSync(file);
    const newer = sources
      .flatMap((source) => listSources(join(PACKAGE_ROOT, source)))
      .find((path) => statSync(path).mtimeMs > mtimeMs);
    if (newer !== undefined)
      throw new Error(`${newer.slice(PACKAGE_ROOT.length + 1)} is newer than ${built}: run "npm run build".`);
  }
}

function listSources(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile() && !item.name.endsWith('.test.ts'))
    .map((item) => join(item.parentPath, item.name))
    .filter((file) => !/\/(?:testing|docs|fixtures)\//.test(file))
    .filter((file) => path.startsWith(PAGE) || !file.startsWith(PAGE));
}

function hashContent(): string {
  const { files } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    files: readonly string[];
  };
  const hash = createHash('sha256');
  for (const name of [...files, 'package.json', 'package-lock.json', 'README.md', 'LICENSE']) {
    const path = join(PACKAGE_ROOT, name);
    if (!existsSync(path)) continue;
    for (const file of listFiles(path)) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex').slice(0, 12);
}

function listFiles(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name))
    .sort();
}

/** The folder is there whole or not at all, also where two runs make it at once. */
async function appear(folder: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const made = mkdtempSync(`${folder}.`);
  try {
    // Tests run the product as nobody as well.
    chmodSync(made, 0o755);
    await fill(made);
    renameSync(made, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

async function pack(folder: string): Promise<void> {
  // It is built already; packing builds it anew otherwise. What else the scripts around packing do is done here.
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const lock = join(PACKAGE_ROOT, 'npm-shrinkwrap.json');
  copyFileSync(join(PACKAGE_ROOT, 'package-lock.json'), lock);
  const { stdout } = await promisify(execFile)('npm', args, { cwd: PACKAGE_ROOT, maxBuffer: 64 * 1_048_576 }).finally(
    () => rmSync(lock, { force: true }),
  );
  const [made] = JSON.parse(stdout) as { readonly filename: string }[];
  renameSync(join(folder, made?.filename ?? ''), join(folder, 'jobtrace.tgz'));
}

async function install(tarball: string, folder: string, re2: string | undefined): Promise<void> {
  await promisify(execFile)('tar', ['xzf', tarball, '-C', folder]);
  for (const name of listProductionPackages()) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    if (name === 're2' && re2 !== undefined) copyRe2(link, re2);
    else symlinkSync(join(MODULES, name), link);
  }
}

/** Those of the first floor of node_modules; what stands in one of them comes with it. */
function listProductionPackages(): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<
      Record<string, { readonly dev?: boolean; readonly devOptional?: boolean; readonly optional?: boolean }>
    >;
  };
  return Object.entries(packages)
    .filter(
      ([path, { dev, devOptional }]) =>
        /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) && dev !== true && devOptional !== true,
    )
    .map(([path]) => path.slice('node_modules/'.length));
}

function copyRe2(folder: string, binary: string): void {
  const original = join(MODULES, 're2');
  cpSync(original, folder, { recursive: true, filter: (path) => !['vendor', 'build'].includes(basename(path)) });
  mkdirSync(join(folder, 'build', 'Release'), { recursive: true });
  cpSync(binary, join(folder, 'build', 'Release', 're2.node'));
}

/** From builds before, of any tree. */
function removeOlder(current: string): void {
  for (const name of readdirSync(tmpdir()).filter((item) => item.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    if (folder !== current && statSync(folder).mtimeMs < Date.now() - KEPT_MS)
      rmSync(folder, { recursive: true, force: true });
  }
}
