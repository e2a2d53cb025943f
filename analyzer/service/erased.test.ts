// Tests that a running analyzer does not write again what is deleted on request.
import { expect, it } from 'vitest';
import { erase } from '../../store/erase.js';
import { drain, openStore, records, startAnalyzer } from './testing/service.js';
import { appendRecords } from '../../store/testing/samples.js';

const CLUSTER = records[0]?.['flink.cluster'] ?? '';

it('forgets what was deleted, and judges what is left and what comes', async () => {
  const store = openStore();
  const analyzer = startAnalyzer(store);
  await appendRecords(store, records);
  await drain(analyzer);
  const before = await store.findIncidents({ limit: 9 });
  expect(before).toHaveLength(1);

  await erase(store, { cluster: CLUSTER }, { settleMs: 0 });
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  // A line of the same cluster. An analyzer that still remembered the failure would write its incident again.
  await appendRecords(store, records.slice(-1));
  await drain(analyzer);
  await drain(analyzer);

  expect(await store.findIncidents({ limit: 9 })).toEqual([]);
  expect(analyzer.status()).toMatchObject({ incidents: 0 });

  await appendRecords(store, records);
  await drain(analyzer);
  expect((await store.findIncidents({ limit: 9 })).map(({ id }) => id)).toEqual(before.map(({ id }) => id));
  await store.close();
});
