// Tests that the service reports the same about recorded clusters in whatever order their lines arrive: every sixth
// recording and some difficult ones, line by line through agent, store, analyzer and notifier. lab/replay.ts does the
// same with all of them, and on Elasticsearch; shared-store.test.ts with a few.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { judgePlayed, listLasting, type Judged } from '../lab/watch/judge.js';
import { ORDERS, type ReplayOrder } from '../lab/watch/order.js';
import { openMemory } from '../lab/watch/replay-store.js';
import { playRecording } from '../lab/watch/replay.js';
import { listRecordings } from '../lab/play/manifest.js';

const folder = mkdtempSync(join(tmpdir(), 'jobtrace-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function replay(recording: string, orders: readonly ReplayOrder[] = ORDERS): Promise<readonly Judged[]> {
  const place = { folder: join(folder, 'play'), ...openMemory() };
  const rows: Judged[] = [];
  for (const order of orders) rows.push(judgePlayed(await playRecording(recording, order, place)));
  return rows;
}

const HARD = [
  ['a healthy run that was canceled', 'healthy/cancelled/1.20.5'],
  ['a cause that only a TaskManager tells at first', 'checkpoint.async-failed/serializer-throws/1.20.5'],
  ['a pool of the job before, which was canceled', 'classpath.closed-loader/pool-in-lib/1.20.5'],
  ['a TaskManager that died', 'cluster.taskmanager-lost/killed/1.20.5'],
  ['a cause in the .out file alone', 'memory.heap-oom/out-file-only/1.20.5'],
  ['an exception of user code', 'code.user-exception/null-pointer/1.17.2'],
  ['a TaskManager whose job before had left it', 'state.incompatible/key-type/1.20.5'],
  ['a line without a job beside a failure', 'kafka.offset-out-of-range/records-deleted/1.20.5'],
  ['a client whose errors have no time', 'sql.runtime-mode/unbounded-batch/1.13.6'],
  ['a client that was refused', 'deploy.submission/wrong-entry-class/1.13.6'],
] as const;
const EVERY = 6;
const SAMPLE = listRecordings().filter(
  (name, index) => index % EVERY === 0 && HARD.every(([, recording]) => recording !== name),
);

describe('a recorded cluster, in every order of arrival', () => {
  it.each([
    ...HARD.map(([what, recording]) => [what, recording, ORDERS] as const),
    // Half of the orders each: those that the neighbours in the sample leave out.
    ...SAMPLE.map((name, index) => [name, name, ORDERS.filter((_, place) => (place + index) % 2 === 0)] as const),
  ])('is one true card, told once: %s', async (_, recording, orders) => {
    expect(listLasting(await replay(recording, orders))).toEqual(
      Object.fromEntries(orders.map((order) => [order, []])),
    );
  });

  it('is told when no line can take it back any more: a JobManager that stood still, and not its ZooKeeper', async () => {
    const rows = await replay('cluster.leadership-lost/frozen-leader/1.20.5');

    expect(rows.map(({ messages }) => messages)).toEqual(
      ORDERS.map(() => ['new-incident cluster.leadership-lost/revoked', 'silent cluster.leadership-lost/revoked']),
    );
  });

  it('is one of at least 60', () => {
    expect(HARD.length + SAMPLE.length).toBeGreaterThanOrEqual(60);
  });
});
