// Runs an agent in a separate process that a test kills. Paths, data folder, database and the number of workers come on
// the command line. It prints "started" when it runs, and ends on SIGTERM. The file is bundled, next to the worker
// thread.
import { Worker } from 'node:worker_threads';
import { createAgent } from '../agent/agent.js';
import { fillAgentSettings } from '../agent/settings.js';
import type { WorkerStart } from '../agent/workers/message.js';
import type { AgentWorkerData } from '../cli/service/agent-worker.js';
import { defaultSettings } from '../core/config/settings.js';
import { createLog } from '../core/log.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';

const [logs = '', dataDir = '', database = '', workers = '1'] = process.argv.slice(2);
const store = openSqliteStore({ path: database });
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
const openWorker = (start: WorkerStart): Worker => {
  const data: AgentWorkerData = { start, settings: defaultSettings() };
  return new Worker(new URL('agent-worker.mjs', import.meta.url), { workerData: data });
};
const agent = createAgent(
  fillAgentSettings({
    paths: [logs],
    dataDir,
    host: 'node-1',
    scanIntervalMs: 100,
    readIntervalMs: 50,
    idleFlushMs: 200,
    batchRecords: 200,
    workers: Number(workers),
  }),
  { store, log: createLog('silent'), openWorker },
);
process.stdout.write('started\n');
await agent.run(stop.signal);
await store.close();
