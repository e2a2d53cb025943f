// Installs, builds and runs a clean copy of the tree on other releases of Node: `npm run matrix [-- 22 24 26]`, without
// numbers on all of them; 20 is whatever runs this script. Each release comes from npm (its package holds the program
// and the headers that native modules compile against). The machine's own build is the measure of what `diagnose`
// must say. matrix.test.ts runs the newest release in CI; the times stand in docs/install.md.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, homedir, loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NODES = join(homedir(), '.cache', 'jobtrace', 'nodes');
const LOG = join('rules', 'network', 'insufficient-buffers', 'total', 'match.log');
const MACHINES_OWN = 20;
export const RELEASES = [MACHINES_OWN, 22, 24, 26] as const;

/** One command in the copy; its output is what `diagnose` said where that is asked for. */
export interface Step {
  readonly name: string;
  readonly seconds: number;
}

export interface MatrixRow {
  readonly version: string;
  readonly steps: readonly Step[];
  /** What went wrong, with what was printed; undefined when all went well. */
  readonly problem?: string;
}

interface Installed {
  readonly node: string;
  /** Where node-gyp finds `include/node`. */
  readonly home: string | undefined;
}

/** Never throws for what the copy does. */
export function checkRelease(release: number): MatrixRow {
  const installed = installNode(release);
  const version = execFileSync(installed.node, ['--version'], { encoding: 'utf8' }).trim();
  const folder = mkdtempSync(join(tmpdir(), `jobtrace-node-${release}-`));
  try {
    cpSync(ROOT, folder, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
    return { version, ...runSteps(folder, installed) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.jobtrace']);

function installNode(release: number): Installed {
  if (release === MACHINES_OWN) return { node: process.execPath, home: undefined };
  const name = `node-${process.platform}-${process.arch}`;
  const prefix = join(NODES, String(release));
  mkdirSync(prefix, { recursive: true });
  // Asked each time: a newer one of the release may be there.
  const args = ['install', '--prefix', prefix, '--no-save', '--no-audit', '--no-fund', `${name}@${release}`];
  execFileSync(process.execPath, [findNpm(), ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  const home = join(prefix, 'node_modules', name);
  return { node: join(home, 'bin', 'node'), home };
}

/** npm says which file runs it; outside of npm the machine's own is asked. */
function findNpm(): string {
  const own = process.env['npm_execpath'];
  if (own !== undefined && existsSync(own)) return own;
  const root = execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim();
  return join(root, 'npm', 'bin', 'npm-cli.js');
}

function runSteps(folder: string, { node, home }: Installed): Omit<MatrixRow, 'version'> {
  const npm = findNpm();
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  const diagnose = [join('dist', 'cli.js'), 'diagnose', '--format', 'json', LOG];
  const expected = execFileSync(process.execPath, diagnose, { cwd: ROOT, encoding: 'utf8' });
  const steps: Step[] = [];
  const commands: readonly (readonly [name: string, args: readonly string[], expected?: string])[] = [
    ['packages', [npm, 'ci', '--ignore-scripts', '--no-audit', '--no-fund']],
    ['native code', [npm, 'rebuild']],
    ['build', [npm, 'run', '--silent', 'build']],
    ['diagnose', diagnose, expected],
    ['up', [vitest, 'run', 'test/cli/up.test.ts', '-t', '^up ']],
    ['store, patterns and timers', [vitest, 'run', 'store/sqlite', 'core/regex.test.ts', 'agent/follow/alarm.test.ts']],
  ];
  for (const [name, args, said] of commands) {
    const began = performance.now();
    const { status, stdout, stderr } = spawnSync(node, args, {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: createEnvironment(node, home),
    });
    steps.push({ name, seconds: (performance.now() - began) / 1000 });
    if (status !== 0) return { steps, problem: `${name} ended with ${status}:\n${stdout}\n${stderr}` };
    if (said !== undefined && said !== stdout)
      return { steps, problem: `${name} says something else than on ${process.version}:\n${stdout}` };
    if (said !== undefined && stderr !== '') return { steps, problem: `${name} also says:\n${stderr}` };
  }
  return { steps };
}

/** That Node alone, without what npm and the test runner say of the one that runs this. */
function createEnvironment(node: string, home: string | undefined): NodeJS.ProcessEnv {
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

export function renderMatrix(rows: readonly MatrixRow[]): string {
  const names = rows.reduce<readonly Step[]>(
    (longest, { steps }) => (steps.length > longest.length ? steps : longest),
    [],
  );
  const table = [
    ['Node', ...names.map(({ name }) => name), ''],
    ['---', ...names.map(() => '---:'), '---'],
    ...rows.map(({ version, steps, problem }) => [
      version.slice(1),
      ...names
        .map((_, index) => steps[index])
        .map((step) => (step === undefined ? '–' : `${step.seconds.toFixed(0)} s`)),
      problem === undefined ? 'works' : 'fails',
    ]),
  ];
  return table.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

function main(args: readonly string[]): void {
  const wanted = args.length > 0 ? args.map(Number) : RELEASES;
  const load = loadavg()[0]?.toFixed(1);
  process.stdout.write(`${availableParallelism()} cores; load before: ${load}\n`);
  const rows = wanted.map((release) => {
    const row = checkRelease(release);
    process.stdout.write(`${row.version}: ${row.problem ?? 'works'}\n`);
    return row;
  });
  process.stdout.write(renderMatrix(rows));
  if (rows.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
