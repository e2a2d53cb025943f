// An agent in a process of its own, to be killed: paths, data folder and database come on the command line. It says
// "started" when it runs, and ends by itself on SIGTERM.
import { createAgent } from '../agent/agent.js';
import { fillAgentSettings } from '../agent/settings.js';
import { createLog } from '../core/log.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';

const [logs = '', dataDir = '', database = ''] = process.argv.slice(2);
const store = openSqliteStore({ path: database });
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
const agent = createAgent(
  fillAgentSettings({
    paths: [logs],
    dataDir,
    host: 'node-1',
    scanIntervalMs: 100,
    readIntervalMs: 50,
    idleFlushMs: 200,
    batchRecords: 200,
  }),
  { store, log: createLog('silent') },
);
process.stdout.write('started\n');
await agent.run(stop.signal);
await store.close();
