// Runs the thread of the embedded store: opens the given file and answers requests (store/sqlite/serve.ts).
// Services start it through open.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { serveStore } from '../../store/sqlite/serve.js';

// A rejection ends the thread, and its callers get the error.
if (parentPort !== null) void serveStore(parentPort, workerData);
