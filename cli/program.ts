// The program behind the front door. Built, it is one file, opened with what V8 made of it when it was built (write-
// code-cache.ts): reading and compiling it anew would take a fifth of the time of a short answer, and of an agent's
// start. There is one for short commands, and one for what opens a store, which begins with V8 as it is; V8 takes only
// what it made under the same flags, and another version of Node takes nothing of it and compiles as usual. Beside the
// sources there are no such files, and the sources are opened.
import { existsSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

export type Program = typeof import('./main.js');
export type RunKind = 'short' | 'service';

const BUNDLES: Readonly<Record<RunKind, string>> = { short: nameFile('short.cjs'), service: nameFile('service.cjs') };

/** What V8 made of each. */
export const COMPILED_FILES: Readonly<Record<RunKind, string>> = {
  short: `${BUNDLES.short}.compiled`,
  service: `${BUNDLES.service}.compiled`,
};

function nameFile(name: string): string {
  return join(import.meta.dirname, name);
}

/** The commands that run until they are stopped. */
export const SERVICES: readonly string[] = ['up', 'agent', 'analyzer', 'api'];
/** First words of the commands that open a store. */
const STORE_COMMANDS: readonly string[] = [
  ...SERVICES,
  'search',
  'incidents',
  'feedback',
  'bundle',
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
 * The other commands run for a second or two: by default V8 would spend a fifth of it on optimizing what runs a few
 * times more, and a tenth on copying a young generation that grows by and by. Release of Node → fifteen times the
 * patience of its V8, in its own words, and room at once. A V8 that does not know a flag complains on standard error,
 * so a release that is not listed runs as it is.
 */
const PATIENCE: Readonly<Record<string, readonly string[]>> = {
  20: ['--interrupt-budget=1000000', GROW_AT_ONCE],
  22: [...OPTIMIZE_LATER, GROW_AT_ONCE],
  24: [...OPTIMIZE_LATER, GROW_AT_ONCE],
  26: OPTIMIZE_LATER,
};

/** A smaller young generation is looked through so often that it takes a tenth of an agent's time. */
const YOUNG_MIB = 4;
/**
 * An agent stands for weeks on a node that is there for others. Most of what it reads becomes no object, and what it
 * keeps of files hardly changes: V8 saves it a tenth of its time by letting garbage become half as much as what is
 * used, hardly more by several times as much, and little with a young generation of 32 MiB. That of a worker begins
 * with its size, for how V8 is to grow is said for all threads. Of each release, as above.
 */
const STAY_SMALL = ['--heap-growing-percent=60', `--min-semi-space-size=${YOUNG_MIB}`] as const;
const THRIFT: Readonly<Record<string, readonly string[]>> = { 20: STAY_SMALL, 22: STAY_SMALL, 24: STAY_SMALL };
const MIB = 1_048_576;
/** V8 makes it smaller where nothing happens; it may grow again. */
const YOUNG_LOOK_MS = 200;

/** With what the command line says; its first word decides how V8 is to run. */
export async function openProgram(args: readonly string[]): Promise<Program> {
  const run: RunKind = STORE_COMMANDS.includes(args[0] ?? '') ? 'service' : 'short';
  if (!existsSync(BUNDLES[run])) return import('./main.js');
  if (run === 'short') tuneForShortRun();
  const compiled = COMPILED_FILES[run];
  const bundle = compileBundle(run, existsSync(compiled) ? readFileSync(compiled) : undefined);
  // Behind it, so that all services take what was compiled once.
  if (args[0] === 'agent') tuneForAgent();
  return runBundle(run, bundle);
}

export function tuneForAgent(release = process.versions.node): void {
  if (!setFlags(THRIFT, release)) return;
  holdYoung();
  setInterval(holdYoung, YOUNG_LOOK_MS).unref();
}

/** No flag that V8 reads after its start says how large the young generation may become, only by how much it grows. */
function holdYoung(): void {
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  setFlagsFromString(
    `--semi-space-growth-factor=${young === undefined || young.space_size >= YOUNG_MIB * MIB ? 1 : 2}`,
  );
}

/** Comes before compileBundle: compiled code is taken only under the flags under which it was compiled. */
export function tuneForShortRun(release = process.versions.node): void {
  setFlags(PATIENCE, release);
}

/** False: of this release no flags are known. */
function setFlags(flags: Readonly<Record<string, readonly string[]>>, release: string): boolean {
  const known = flags[Number.parseInt(release, 10)] ?? [];
  for (const flag of known) setFlagsFromString(flag);
  return known.length > 0;
}

export function compileBundle(run: RunKind, cachedData?: Buffer): Script {
  // It is ASCII (write-bundles.ts).
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
  (script.runInThisContext() as ModuleFunction)(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports as Program;
}
