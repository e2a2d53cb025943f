// Installs, builds and runs a clean copy of the tree on other releases of Node: `npm run matrix [-- 22 24 26]`, without
// numbers on all of them; 20 is the one that runs this script. Each release comes from npm (its package holds the
// program and the headers for native modules). The machine's own build defines what `diagnose` must print.
// packed.test.ts starts the packed product on the releases that are here; docs/install.md lists the times.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createEnvironment,
  findNpm,
  prepareNode,
  RELEASES,
  type InstalledNode,
  type PreparedNode,
} from './install/nodes.js';
import { mirrorRe2 } from './install/packed.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LOG = join('rules', 'recordings', 'network.insufficient-buffers.total.log');

/** Command that was run in the copy. */
export interface Step {
  readonly name: string;
  readonly seconds: number;
}

export interface MatrixRow {
  readonly version: string;
  readonly steps: readonly Step[];
  /** Problem, with the output; undefined if all went well. */
  readonly problem?: string;
}

/** Checks one release. Failures in the copy are returned, not thrown. */
export function checkRelease(release: number, prepared: PreparedNode): MatrixRow {
  const version = execFileSync(prepared.node, ['--version'], { encoding: 'utf8' }).trim();
  const folder = mkdtempSync(join(tmpdir(), `jobtrace-node-${release}-`));
  try {
    cpSync(ROOT, folder, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
    const mirror = mirrorRe2(join(folder, '.re2'), prepared);
    return { version, ...runSteps(folder, prepared, mirror) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const LEFT_OUT = new Set(['node_modules', 'dist', '.git', '.jobtrace']);

function runSteps(
  folder: string,
  installed: InstalledNode,
  mirror: Readonly<Record<string, string>>,
): Omit<MatrixRow, 'version'> {
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
    ['store, patterns and timers', [vitest, 'run', 'store/sqlite', 'core/regex.test.ts', 'agent/alarm.test.ts']],
  ];
  for (const [name, args, said] of commands) {
    const began = performance.now();
    const { status, stdout, stderr } = spawnSync(installed.node, args, {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: { ...createEnvironment(installed), ...mirror },
    });
    steps.push({ name, seconds: (performance.now() - began) / 1000 });
    if (status !== 0) return { steps, problem: `${name} ended with ${status}:\n${stdout}\n${stderr}` };
    if (said !== undefined && said !== stdout)
      return { steps, problem: `${name} says something else than on ${process.version}:\n${stdout}` };
    if (said !== undefined && stderr !== '') return { steps, problem: `${name} also says:\n${stderr}` };
  }
  return { steps };
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

async function main(args: readonly string[]): Promise<void> {
  const wanted = args.length > 0 ? args.map(Number) : RELEASES;
  const load = loadavg()[0]?.toFixed(1);
  process.stdout.write(`${availableParallelism()} cores; load before: ${load}\n`);
  const rows: MatrixRow[] = [];
  for (const release of wanted) {
    const row = checkRelease(release, await prepareNode(release));
    process.stdout.write(`${row.version}: ${row.problem ?? 'works'}\n`);
    rows.push(row);
  }
  process.stdout.write(renderMatrix(rows));
  if (rows.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
