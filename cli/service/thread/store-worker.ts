// A thread in which the embedded store works: it opens the file that it is given and answers what it is asked
// (store/sqlite/thread/serve.ts). Started by open.ts for services.
import { parentPort, workerData } from 'node:worker_threads';
import { serveStore } from '../../../store/sqlite/thread/serve.js';

// A rejection ends the thread, and whoever waits for it hears so.
if (parentPort !== null) void serveStore(parentPort, workerData);
