// Tests every recording of the lab, each as a separate cluster, in one Elasticsearch: agents ship them side by side,
// one analyzer reads them all and reports about each the same as about its files. recordings.test.ts does the same on
// SQLite.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { useElasticsearch } from '../lab/parts/testing/use-elasticsearch.js';
import { listRecordings, loadManifest, RECORDINGS_DIR } from '../lab/play/manifest.js';
import { openElasticsearchStore } from '../store/elasticsearch/elasticsearch.js';
import { judgeClusters, judgeFiles, shipAll } from './shipped.js';

const TIMEOUT_MS = 600_000;

const shipments = listRecordings().map((cluster) => {
  const dir = join(RECORDINGS_DIR, cluster);
  return { cluster, paths: loadManifest(dir).processes.flatMap(({ files }) => files.map((file) => join(dir, file))) };
});

describeWithParts(['elasticsearch-8'], 'one Elasticsearch', () => {
  const node = useElasticsearch('shared');

  it(
    'gives the diagnoses of the files for all recordings, shipped and read side by side',
    async () => {
      const store = openElasticsearchStore({ nodes: [node.url], indexPrefix: 'shared' });
      await shipAll(store, shipments);

      const found = await judgeClusters(
        store,
        shipments.map(({ cluster }) => cluster),
      );
      await store.close();

      expect(shipments.length).toBeGreaterThan(300);
      for (const { cluster, paths } of shipments) expect(found.get(cluster), cluster).toEqual(judgeFiles(paths));
    },
    TIMEOUT_MS,
  );
});
