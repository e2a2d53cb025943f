// Implements "npm start". With a folder it watches that folder; without one it replays the recorded real failures:
// their logs are written into a folder in their own rhythm, but faster, with the present time, and "jobtrace up" runs
// over that folder as over any other. Needs nothing but Node.
import { spawn } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findRecordings, replayRecording } from './play/rewrite.js';

const FRONT_DOOR = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const RECORDINGS = fileURLToPath(new URL('recordings', import.meta.url));
/** Duration of the replay of one recording, and delay between the starts of two, in milliseconds. */
const REPLAY_MS = 12_000;
const STAGGER_MS = 3_000;

async function start(args: readonly string[]): Promise<number> {
  if (args.length > 0) return runUp(args, () => Promise.resolve());
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-demo-'));
  const recordings = findRecordings(RECORDINGS);
  process.stdout.write(
    `Replaying ${recordings.filter((item) => !item.healthy).length} recorded failures (${recordings.length} runs) into ${join(folder, 'logs')}.\n` +
      'Incidents appear here and on the page. Ctrl-C stops.\n\n',
  );
  return runUp([join(folder, 'logs', '{cluster}'), '--data', join(folder, 'data')], async (signal) => {
    await Promise.all(
      recordings.map((item, index) =>
        replayRecording(item, join(folder, 'logs'), { delayMs: index * STAGGER_MS, durationMs: REPLAY_MS, signal }),
      ),
    );
    if (!signal.aborted) process.stdout.write('\nReplay finished. The page stays up until Ctrl-C.\n');
  });
}

/** Runs the command line as a separate process, and `feed` next to it; ends with it. */
function runUp(args: readonly string[], feed: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // every recording adds a listener
  const child = spawn(process.execPath, [FRONT_DOOR, 'up', ...args], { stdio: 'inherit' });
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => child.kill(name));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => {
      stop.abort();
      resolve(code ?? 0);
    });
    feed(stop.signal).catch(reject);
  });
}

process.exitCode = await start(process.argv.slice(2));
