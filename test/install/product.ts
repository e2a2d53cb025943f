// Makes the product as users have it: the tree's build as `npm pack` makes it, unpacked outside of the tree, next to
// the packages that an installation gets, so that a package which only developers have is not found. It is made once
// for each build and kept for the next run.
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
  /** Tarball that `npm pack` makes. */
  readonly tarball: string;
  /** Folder of the unpacked package. */
  readonly folder: string;
  readonly frontDoor: string;
}

const MODULES = join(PACKAGE_ROOT, 'node_modules');
/** Time, in milliseconds, for which older products are kept; a run of all tests takes less. */
const KEPT_MS = 2 * 3_600_000;
/** Built files and their sources. */
const BUILT: readonly (readonly [built: string, sources: readonly string[]])[] = [
  ['dist/cli.js', ['cli.ts', 'cli', 'core', 'flink', 'agent', 'store', 'analyzer', 'notify', 'api']],
  ['dist/web/index.html', ['api/web']],
];
const PAGE = join(PACKAGE_ROOT, 'api', 'web');
const PREFIX = 'jobtrace-product-';

/**
 * Environment variable with the address of shared.ts, which answers with the product as JSON, or with 500 and the
 * reason why there is none.
 */
export const PRODUCT_VARIABLE = 'TESTED_PRODUCT';

/** Returns the product of this test run; undefined outside of one. */
export async function findProduct(): Promise<Product | undefined> {
  const address = process.env[PRODUCT_VARIABLE];
  if (address === undefined) return undefined;
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(await answer.text());
  return (await answer.json()) as Product;
}

/**
 * Makes the product for the Node that runs this, or for another one with its binary of re2.
 * @throws an error that says what to do if the build is missing or older than the sources.
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

/** Checks that no built file is older than its sources, because otherwise an old build would be tested. */
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

/** Creates a folder so that it exists complete or not at all, even if two runs make it at once. */
async function appear(folder: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const made = mkdtempSync(`${folder}.`);
  try {
    // Some tests run the product as the user nobody.
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
  // The build exists already, and packing would build again, so its scripts are skipped. The other steps of these
  // scripts are done here.
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

/** Lists the packages at the top level of node_modules; what is nested in them comes along. */
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

/** Removes the products of earlier builds, of any tree. */
function removeOlder(current: string): void {
  for (const name of readdirSync(tmpdir()).filter((item) => item.startsWith(PREFIX))) {
    const folder = join(tmpdir(), name);
    if (folder !== current && statSync(folder).mtimeMs < Date.now() - KEPT_MS)
      rmSync(folder, { recursive: true, force: true });
  }
}
