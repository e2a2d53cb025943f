// The program behind the front door. Built, it is one file, opened with what V8 made of it when it was built
// (write-code-cache.ts): reading and compiling it anew would take a fifth of the time of a short answer. Another
// version of Node takes nothing of that and compiles it as usual. Beside the sources there is no such file, and the
// sources are opened.
import { existsSync, readFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

export type Program = typeof import('./main.js');

const BUNDLE = join(import.meta.dirname, 'main.cjs');
/** What V8 made of it. */
export const COMPILED_FILE = `${BUNDLE}.compiled`;

/**
 * Most commands run for a second or two: by default V8 would spend a fifth of it on optimizing what runs a few times
 * more. Fifteen times its own patience, in the words of Node 20's V8 and of those since.
 */
const PATIENCE =
  Number.parseInt(process.versions.v8, 10) < 12
    ? ['--interrupt-budget=1000000']
    : ['--invocation-count-for-maglev=6000', '--invocation-count-for-turbofan=45000'];

export async function openProgram(): Promise<Program> {
  if (!existsSync(BUNDLE)) return import('./main.js');
  return runBundle(compileBundle(existsSync(COMPILED_FILE) ? readFileSync(COMPILED_FILE) : undefined));
}

export function compileBundle(cachedData?: Buffer): Script {
  // Compiled code is taken only under the flags under which it was compiled.
  PATIENCE.forEach((flag) => setFlagsFromString(flag));
  return new Script(Module.wrap(readFileSync(BUNDLE, 'utf8')), {
    filename: BUNDLE,
    cachedData,
  });
}

type ModuleFunction = (
  exports: object,
  require: NodeJS.Require,
  module: { readonly exports: unknown },
  filename: string,
  dirname: string,
) => void;

export function runBundle(script: Script): Program {
  const module = { exports: {} };
  (script.runInThisContext() as ModuleFunction)(module.exports, createRequire(BUNDLE), module, BUNDLE, dirname(BUNDLE));
  return module.exports as Program;
}
