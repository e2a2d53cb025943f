// Tests outcomes that depend on lines that the feed leaves out, or on their absence. The store is asked for them.
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createLog } from '../../core/log.js';
import { openSqliteStore } from '../../store/sqlite/sqlite.js';
import type { Store } from '../../store/store.js';
import { appendRecords } from '../../store/testing/samples.js';
import { JOB_A, makeCatalog, makeFolder, makeLog, TEST_RULES, toRecord } from '../testing/samples.js';
import { createAnalyzer } from './analyzer.js';

const LEFT_OUT = 'com.example.Progress';
const START = Date.parse('2026-03-02T10:00:00Z');
const MINUTE = 60_000;

let store: Store | undefined;
afterEach(() => store?.close());

/**
 * Returns the outcomes that are reported while the clock goes on minute by minute, after a restart of the job at 10:05.
 */
async function watch(minutes: number, lastLines: readonly string[]): Promise<readonly string[]> {
  const opened = openSqliteStore({ path: join(makeFolder(), 'data.db') });
  store = opened;
  const lines = makeLog('flink-u-standalonesession-0-h.log', [
    `10:00:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state CREATED to RUNNING.`,
    `10:05:00 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RUNNING to RESTARTING.`,
    'java.io.IOException: No space left on device',
    `10:05:10 INFO org.apache.flink.runtime.executiongraph.ExecutionGraph - Job orders (${JOB_A}) switched from state RESTARTING to RUNNING.`,
    ...lastLines.map((time) => `${time} INFO ${LEFT_OUT} - 4711 orders read`),
  ]).map((entry) => toRecord(entry));
  const published: string[] = [];
  let now = START;
  const analyzer = createAnalyzer({
    store: {
      ...opened,
      readRecords: async (cursor, options) => {
        const page = await opened.readRecords(cursor, options);
        return { ...page, records: page.records.filter((record) => !record['event.original'].includes(LEFT_OUT)) };
      },
    },
    catalog: makeCatalog(TEST_RULES),
    log: createLog('silent'),
    now: () => now,
    onIncident: ({ outcome }) => void published.push(outcome),
  });
  for (let minute = 0; minute <= minutes; minute += 1) {
    now = START + minute * MINUTE;
    await appendRecords(
      opened,
      lines.filter((record) => Date.parse(record['@timestamp']) <= now),
    );
    await analyzer.stepOnce();
  }
  return published.filter((outcome, index) => outcome !== published[index - 1]);
}

describe('the analyzer', () => {
  it('tells that a job recovered when its JobManager still writes ten minutes later', async () => {
    expect(await watch(20, ['10:06:00', '10:16:00'])).toEqual(['failing', 'recovered']);
  });

  it('never tells so of a job of which nothing more is written', async () => {
    expect(await watch(120, ['10:06:00'])).toEqual(['failing', 'silent']);
  });

  it('tells so an hour later, when lines come at last', async () => {
    expect(await watch(120, ['10:06:00', '11:10:00'])).toEqual(['failing', 'silent', 'recovered']);
  });
});
