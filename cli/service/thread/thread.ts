// Starts a thread of this process with one of the files beside this one: for pasted logs, for the workers of an agent,
// and for the embedded store.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

export function openThread(name: 'agent-worker' | 'paste-worker' | 'store-worker', options: WorkerOptions): Worker {
  // Built, this code is part of the one file cli/service.cjs, and each thread is one file beside it.
  const built = join(import.meta.dirname, `${name}.cjs`);
  return existsSync(built) ? new Worker(built, options) : openSource(name, options);
}

/** Beside the sources a thread is TypeScript as well. */
function openSource(name: string, options: WorkerOptions): Worker {
  const tsx = dirname(createRequire(import.meta.filename).resolve('tsx/package.json'));
  const loader = pathToFileURL(join(tsx, 'dist', 'esm', 'api', 'index.mjs'));
  const source = pathToFileURL(join(import.meta.dirname, `${name}.ts`));
  const code = `import('${loader}').then(({ register }) => { register(); return import('${source}'); })`;
  return new Worker(code, { ...options, eval: true });
}
