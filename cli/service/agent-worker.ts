// Runs a worker thread of the agent. The thread opens its own connection to the store, except for a store in a file of
// this node, to which only the main thread writes. agent/workers/thread.ts does the work.
import { parentPort, workerData } from 'node:worker_threads';
import { runWorker } from '../../agent/workers/thread.js';
import type { WorkerStart } from '../../agent/workers/message.js';
import type { Settings } from '../../core/config/settings.js';
import { openServiceStore } from './open.js';

export interface AgentWorkerData {
  readonly start: WorkerStart;
  readonly settings: Settings;
}

// A rejection ends the thread, and the agent ends with the error.
void work(workerData);

async function work({ start, settings }: AgentWorkerData): Promise<void> {
  const own = settings['store.kind'] === 'sqlite' ? undefined : await openServiceStore(settings);
  // Messages that arrived earlier stay queued until a listener is added.
  if (parentPort !== null) runWorker(parentPort, start, (relay) => own ?? relay);
}
