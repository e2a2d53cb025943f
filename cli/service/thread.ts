// Starts a thread of this process from a file beside this one: for pasted logs, for the workers of an agent, and for
// the embedded store.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

export function openThread(name: 'agent-worker' | 'paste-worker' | 'store-worker', options: WorkerOptions): Worker {
  // The built code is part of cli/service.cjs, and each thread is one file beside it.
  const built = join(import.meta.dirname, `${name}.cjs`);
  return existsSync(built) ? new Worker(built, options) : openSource(name, options);
}

/** Starts a thread from its TypeScript source. */
function openSource(name: string, options: WorkerOptions): Worker {
  const tsx = dirname(createRequire(import.meta.filename).resolve('tsx/package.json'));
  const loader = pathToFileURL(join(tsx, 'dist', 'esm', 'api', 'index.mjs'));
  const source = pathToFileURL(join(import.meta.dirname, `${name}.ts`));
  const code = `import('${loader}').then(({ register }) => { register(); return import('${source}'); })`;
  return new Worker(code, { ...options, eval: true });
}
