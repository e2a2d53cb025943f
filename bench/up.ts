// Runs the built `jobtrace up` over a folder of logs, with one webhook receiver. For bench/flood.ts and
// bench/backlog.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject } from '../core/json.js';
import { startProgram, startReceiver, waitUntil } from '../test/program.js';

export interface RunningUp {
  readonly url: string;
  readonly receiver: Awaited<ReturnType<typeof startReceiver>>;
  countIncidents(): Promise<number>;
  /** Returns the peak memory. */
  readPeakMib(): number;
  stop(): Promise<void>;
}

const START_MS = 120_000;

export async function startUp(folder: string, logs: string): Promise<RunningUp> {
  const receiver = await startReceiver();
  const config = join(folder, 'jobtrace.yaml');
  writeFileSync(config, `notify:\n  receivers:\n    - {name: hook, kind: webhook, url: "${receiver.url}"}\n`);
  const data = join(folder, 'data');
  const program = startProgram(['up', logs, '--config', config, '--data', data, '--listen', '127.0.0.1:0']);
  const url = await waitUntil('the page', () => /Page: (http\S+)/.exec(program.stdout())?.[1], {
    deadlineMs: START_MS,
    saw: () => program.stderr(),
  });
  const { pid } = program.process;
  return {
    url: url.replace(/\/$/, ''),
    receiver,
    countIncidents: async () => {
      const answer: unknown = await (await fetch(new URL('/api/v1/incidents/rows?limit=1', url))).json();
      return isObject(answer) ? Number(answer['total']) : 0;
    },
    readPeakMib: () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
    stop: async () => {
      program.process.kill('SIGTERM');
      await program.ended;
      await receiver.close();
    },
  };
}

const ASK_EVERY_MS = 100;

/** Polls the health until it is stopped; `stop` returns the longest response time in milliseconds. */
export function askHealth({ url }: Pick<RunningUp, 'url'>): { stop(): number } {
  let [max, isOver, asked] = [0, false, performance.now()];
  const ask = async (): Promise<void> => {
    while (!isOver) {
      asked = performance.now();
      await fetch(new URL('/health/live', url)).catch(() => undefined);
      max = Math.max(max, performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  };
  void ask();
  return {
    stop: () => {
      isOver = true;
      return max;
    },
  };
}
