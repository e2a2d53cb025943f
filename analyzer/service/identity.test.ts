import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import { openSqliteStore } from '../../store/sqlite/sqlite.js';
import type { Store } from '../../store/store.js';
import { appendRecords } from '../../store/testing/samples.js';
import { JOB_A, makeCatalog, makeFolder, makeLog, TEST_RULES, toRecord } from '../testing/samples.js';
import { createAnalyzer } from './analyzer.js';

let store: Store | undefined;
afterEach(() => store?.close());

/** Returns the lines of a JobManager about a restart at each of these times. */
function renderRestarts(file: string, times: readonly string[]) {
  const tell = (time: string, change: string): string =>
    `${time} INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state ${change}.`;
  const lines = times.flatMap((time) => [
    tell(`${time}:00`, 'RUNNING to RESTARTING'),
    'java.io.IOException: No space left on device',
    tell(`${time}:10`, 'RESTARTING to RUNNING'),
  ]);
  return makeLog(file, lines).map((entry) => toRecord(entry));
}

describe('a card', () => {
  it('that turns out to be of an earlier failure leads to its card, also after a restart of the analyzer', async () => {
    const opened = openSqliteStore({ path: join(makeFolder(), 'data.db') });
    store = opened;
    const gone: string[] = [];
    const start = () =>
      createAnalyzer({
        store: opened,
        catalog: makeCatalog(TEST_RULES),
        log: createLog('silent'),
        now: () => Date.parse('2026-03-02T10:41:00Z'),
        onGone: (id) => void gone.push(id),
      });
    const analyzer = start();
    const list = async () =>
      [...(await opened.findIncidents({ limit: 10 }))].sort((a, b) =>
        (a.firstSeen ?? '') < (b.firstSeen ?? '') ? -1 : 1,
      );

    await appendRecords(opened, renderRestarts('flink-u-standalonesession-0-h.log', ['10:05', '10:40']));
    await analyzer.stepOnce();
    const [first, second, ...others] = await list();
    expect([first?.joined, second?.joined, others]).toEqual([undefined, undefined, []]);

    // The JobManager that led in between was on a machine whose lines arrive late.
    await appendRecords(
      opened,
      renderRestarts('flink-u-standalonesession-1-g.log', ['10:12', '10:20', '10:28', '10:35']),
    );
    await analyzer.stepOnce();
    const [left] = await list();
    expect(gone).toEqual([second?.id]);
    expect(left).toMatchObject({ id: first?.id, joined: [second?.id] });
    expect(await opened.findIncident(second?.id ?? '')).toEqual(left);

    await appendRecords(opened, renderRestarts('flink-u-standalonesession-2-h.log', ['10:41']));
    await start().stepOnce();
    expect(await list()).toMatchObject([
      { id: first?.id, joined: [second?.id], lastSeen: expect.stringContaining('10:41') as string },
    ]);
  });
});
