// Provides the releases of Node that Jobtrace runs on as programs on this machine: 20 is the one that runs this; the
// others come from npm, whose package holds the program and the headers for native modules. re2's binary is compiled
// once for each release and kept next to it, because its maker's binaries are not in the package registry.
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from '../../cli/version.js';
import { withLock } from '../../lab/parts/cache.js';

const NODES = join(homedir(), '.cache', 'jobtrace', 'nodes');
const MODULES = join(PACKAGE_ROOT, 'node_modules');
const NPM_NAME = `node-${process.platform}-${process.arch}`;
export const MACHINES_OWN = 20;
export const RELEASES = [MACHINES_OWN, 22, 24, 26] as const;

export interface InstalledNode {
  /** Path of the program. */
  readonly node: string;
  /** Folder in which node-gyp finds `include/node`; undefined for the machine's own, whose headers node-gyp knows. */
  readonly home: string | undefined;
}

/** Node with a binary of re2 that loads in it. */
export interface PreparedNode extends InstalledNode {
  readonly re2: string;
  /** Version of its interface to native modules, as in `process.versions.modules`. */
  readonly modules: string;
}

/** Finds a prepared Node; undefined if it is not on this machine yet. */
export function findNode(release: number): PreparedNode | undefined {
  const installed = locateNode(release);
  if (!existsSync(installed.node)) return undefined;
  const prepared = describeNode(release, installed);
  return existsSync(prepared.re2) ? prepared : undefined;
}

/** Finds a prepared Node, or gets it from npm and compiles re2, which takes a minute on both cores. */
export async function prepareNode(release: number): Promise<PreparedNode> {
  const work = async (): Promise<PreparedNode> => {
    const here = findNode(release);
    if (here !== undefined) return here;
    const prepared = describeNode(
      release,
      existsSync(locateNode(release).node) ? locateNode(release) : installNode(release),
    );
    await compileRe2(prepared);
    return prepared;
  };
  return withLock(`re2-of-node-${release}`, () => undefined, work);
}

/** Installs the release. npm is asked each time, because there may be a newer version of it. */
export function installNode(release: number): InstalledNode {
  if (release === MACHINES_OWN) return locateNode(release);
  const prefix = join(NODES, String(release));
  mkdirSync(prefix, { recursive: true });
  const args = ['install', '--prefix', prefix, '--no-save', '--no-audit', '--no-fund', `${NPM_NAME}@${release}`];
  execFileSync(process.execPath, [findNpm(), ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  return locateNode(release);
}

function locateNode(release: number): InstalledNode {
  if (release === MACHINES_OWN) return { node: process.execPath, home: undefined };
  const home = join(NODES, String(release), 'node_modules', NPM_NAME);
  return { node: join(home, 'bin', 'node'), home };
}

function describeNode(release: number, installed: InstalledNode): PreparedNode {
  const modules = execFileSync(installed.node, ['-p', 'process.versions.modules'], { encoding: 'utf8' }).trim();
  if (release === MACHINES_OWN)
    return { ...installed, modules, re2: join(MODULES, 're2', 'build', 'Release', 're2.node') };
  const { version } = JSON.parse(readFileSync(join(MODULES, 're2', 'package.json'), 'utf8')) as { version: string };
  return { ...installed, modules, re2: join(NODES, String(release), `re2-${version}-${modules}.node`) };
}

/** Compiles re2 without optimization, which takes half the time; the result loads in the same Node. */
async function compileRe2(prepared: PreparedNode): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-re2-'));
  const re2 = join(folder, 'node_modules', 're2');
  try {
    cpSync(join(MODULES, 're2'), re2, { recursive: true, filter: (path) => path !== join(MODULES, 're2', 'build') });
    symlinkSync(join(MODULES, 'nan'), join(folder, 'node_modules', 'nan'));
    const gyp = join(MODULES, 'node-gyp', 'bin', 'node-gyp.js');
    const env = { ...createEnvironment(prepared), CXXFLAGS: '-O0' };
    await promisify(execFile)(prepared.node, [gyp, 'rebuild'], { cwd: re2, env, maxBuffer: 64 * 1_048_576 });
    cpSync(join(re2, 'build', 'Release', 're2.node'), `${prepared.re2}.part`);
    renameSync(`${prepared.re2}.part`, prepared.re2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Creates an environment with that Node only, without the variables that npm and the test runner set for the Node that
 * runs this.
 */
export function createEnvironment({ node, home }: InstalledNode): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|VITEST|NODE_ENV|NODE_OPTIONS|CI$)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    PATH: `${join(node, '..')}:${process.env['PATH'] ?? ''}`,
    JOBS: 'max',
    npm_config_nodedir: home,
  };
}

/** Finds npm. npm sets the path of its own file; outside of npm the machine's own is used. */
export function findNpm(): string {
  const own = process.env['npm_execpath'];
  if (own !== undefined && existsSync(own)) return own;
  const root = execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim();
  return join(root, 'npm', 'bin', 'npm-cli.js');
}
