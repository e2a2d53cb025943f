// Opens the program. The built program is one file with V8's code cache (write-code-cache.ts), because compiling it
// again would take a fifth of the time of a short answer and of an agent's start. There is one file for short commands,
// and one for commands that open a store, which starts with V8's default flags. V8 accepts a cache only under the flags
// that made it; another version of Node ignores it and compiles as usual. Without built files the sources are opened.
import { existsSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

export type Program = typeof import('./main.js');
export type RunKind = 'short' | 'service';

const BUNDLES: Readonly<Record<RunKind, string>> = { short: nameFile('short.cjs'), service: nameFile('service.cjs') };

/** Code cache of each file. */
export const COMPILED_FILES: Readonly<Record<RunKind, string>> = {
  short: `${BUNDLES.short}.compiled`,
  service: `${BUNDLES.service}.compiled`,
};

function nameFile(name: string): string {
  return join(import.meta.dirname, name);
}

/** Commands that run until they are stopped. */
export const SERVICES: readonly string[] = ['up', 'agent', 'analyzer', 'api'];
/** First words of the commands that open a store. */
const STORE_COMMANDS: readonly string[] = [
  ...SERVICES,
  'search',
  'incidents',
  'feedback',
  'bundle',
  'dead-letters',
  'letters',
  'silences',
  'triage',
  'receivers',
  'mcp',
  'setup',
  'tokens',
  'users',
];

const OPTIMIZE_LATER = ['--invocation-count-for-maglev=6000', '--invocation-count-for-turbofan=45000'] as const;
const GROW_AT_ONCE = '--semi-space-growth-factor=32';
/**
 * V8 flags of short commands, by release of Node. Such a command runs for a second or two. By default V8 would spend a
 * fifth of that on optimizing code that runs only a few more times, and a tenth on copying a young generation that
 * grows in steps. The flags multiply the optimization thresholds by fifteen and let the young generation grow at once.
 * V8 reports an unknown flag on standard error, so a release that is not listed runs without flags.
 */
const SHORT_RUN_FLAGS: Readonly<Record<string, readonly string[]>> = {
  20: ['--interrupt-budget=1000000', GROW_AT_ONCE],
  22: [...OPTIMIZE_LATER, GROW_AT_ONCE],
  24: [...OPTIMIZE_LATER, GROW_AT_ONCE],
  26: OPTIMIZE_LATER,
};

/**
 * Size of the young generation, in MiB. A smaller one is collected so often that this takes a tenth of an agent's CPU
 * time.
 */
const YOUNG_MIB = 4;
/**
 * V8 flags of an agent, which runs for weeks on a node that is there for other programs. Most of its input becomes no
 * object, and the data that it keeps about files hardly change. V8 saves a tenth of the CPU time if garbage may grow to
 * half of the used memory. It saves hardly more if garbage may grow to a multiple of it, and little with a young
 * generation of 32 MiB. The young generation of a worker starts at its final size, because the growth factor applies to
 * all threads. The flags depend on the release, as above.
 */
const SMALL_HEAP = ['--heap-growing-percent=60', `--min-semi-space-size=${YOUNG_MIB}`] as const;
const AGENT_FLAGS: Readonly<Record<string, readonly string[]>> = { 20: SMALL_HEAP, 22: SMALL_HEAP, 24: SMALL_HEAP };
/** V8 flags of the other services: in a flood, garbage may grow to half of the used memory, not to all of it. */
const SERVICE_FLAGS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.keys(AGENT_FLAGS).map((release) => [release, ['--heap-growing-percent=50']]),
);
const MIB = 1_048_576;
/** Interval, in milliseconds, of checks of the young generation. V8 shrinks it when idle, and it may grow again. */
const YOUNG_POLL_MS = 200;

/** Opens the program for a command line, whose first word decides how V8 runs. */
export async function openProgram(args: readonly string[]): Promise<Program> {
  const run: RunKind = STORE_COMMANDS.includes(args[0] ?? '') ? 'service' : 'short';
  if (!existsSync(BUNDLES[run])) return import('./main.js');
  if (run === 'short') tuneForShortRun();
  const compiled = COMPILED_FILES[run];
  const bundle = compileBundle(run, existsSync(compiled) ? readFileSync(compiled) : undefined);
  // The flags are set after the compilation, so that all services share one code cache.
  if (args[0] === 'agent') tuneForAgent();
  else if (SERVICES.includes(args[0] ?? '')) setFlags(SERVICE_FLAGS, process.versions.node);
  return runBundle(run, bundle);
}

export function tuneForAgent(release = process.versions.node): void {
  if (!setFlags(AGENT_FLAGS, release)) return;
  limitYoungGeneration();
  setInterval(limitYoungGeneration, YOUNG_POLL_MS).unref();
}

/** Limits the young generation by its growth factor, because V8 reads no flag for its maximum size after the start. */
function limitYoungGeneration(): void {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  setFlagsFromString(
    `--semi-space-growth-factor=${young === undefined || young.space_size >= YOUNG_MIB * MIB ? 1 : 2}`,
  );
}

/**
 * Sets the flags of short commands. It must run before compileBundle, because V8 accepts compiled code only under the
 * flags under which it was compiled.
 */
export function tuneForShortRun(release = process.versions.node): void {
  setFlags(SHORT_RUN_FLAGS, release);
}

/** Sets the flags of a release. Returns false if none are known. */
function setFlags(flags: Readonly<Record<string, readonly string[]>>, release: string): boolean {
  const known = flags[Number.parseInt(release, 10)] ?? [];
  for (const flag of known) setFlagsFromString(flag);
  return known.length > 0;
}

export function compileBundle(run: RunKind, cachedData?: Buffer): Script {
  // The file is ASCII (write-bundles.ts).
  return new Script(Module.wrap(readFileSync(BUNDLES[run], 'latin1')), { filename: BUNDLES[run], cachedData });
}

type ModuleFunction = (
  exports: object,
  require: NodeJS.Require,
  module: { readonly exports: unknown },
  filename: string,
  dirname: string,
) => void;

export function runBundle(run: RunKind, script: Script): Program {
  const file = BUNDLES[run];
  const module = { exports: {} };
  const fill: ModuleFunction = script.runInThisContext();
  fill(module.exports, createRequire(file), module, file, dirname(file));
  // The build made the file of the module whose type this is.
  return module.exports as Program;
}
