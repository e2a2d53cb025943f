// The thread of a worker of the agent: it opens a connection of its own to the store, unless that is a file of this
// node, into which the main thread alone writes. Started by agent.ts; what it does stands in agent/workers/thread.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { runWorker } from '../../../agent/workers/thread.js';
import type { WorkerStart } from '../../../agent/workers/message.js';
import type { Settings } from '../../../core/config/settings.js';
import { openServiceStore } from '../open.js';

export interface AgentWorkerData {
  readonly start: WorkerStart;
  readonly settings: Settings;
}

// A rejection ends the thread, and its agent with the error.
void work(workerData);

async function work({ start, settings }: AgentWorkerData): Promise<void> {
  const own = settings['store.kind'] === 'sqlite' ? undefined : await openServiceStore(settings);
  // Orders that came meanwhile wait for somebody who listens.
  if (parentPort !== null) runWorker(parentPort, start, (relay) => own ?? relay);
}
