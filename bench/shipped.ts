// Lists the logs whose diagnosis differs between shipped lines and files: npx tsx bench/shipped.ts [FILE…] (--help).
// Each file is a separate cluster; the default is all recordings of the lab. A text that would be read from its file as
// an excerpt is compared as a whole log, because the service has all lines.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { startElasticsearch } from '../lab/parts/services/elasticsearch.js';
import { listRecordings, loadManifest, RECORDINGS_DIR } from '../lab/play/manifest.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/store.js';
import { readCommandLine, type BenchScript } from '../lab/options.js';
import { judgeClusters, judgeWholeFiles, shipAll, type Shipment } from '../test/shipped.js';

const SCRIPT = {
  name: 'bench/shipped.ts',
  summary: 'Which logs are diagnosed otherwise when agents have shipped them than from their files.',
  operands: '[FILE…]',
  options: {
    store: {
      kind: 'text',
      value: 'KIND',
      values: ['sqlite', 'elasticsearch'],
      default: 'elasticsearch',
      help: 'where they are shipped to; an Elasticsearch is started',
    },
  },
} as const satisfies BenchScript;

const { values, operands } = readCommandLine(SCRIPT);

function listShipments(): readonly Shipment[] {
  if (operands.length > 0) return operands.map((path) => ({ cluster: basename(path), paths: [path] }));
  return listRecordings().map((cluster) => {
    const dir = join(RECORDINGS_DIR, cluster);
    return { cluster, paths: loadManifest(dir).processes.flatMap(({ files }) => files.map((file) => join(dir, file))) };
  });
}

async function compare(store: Store, shipments: readonly Shipment[]): Promise<void> {
  const begun = performance.now();
  const tellTime = (what: string): void =>
    console.log(`${what}: ${((performance.now() - begun) / 1000).toFixed(1)} s after the start`);
  await shipAll(store, shipments);
  tellTime('shipped');
  const found = await judgeClusters(
    store,
    shipments.map(({ cluster }) => cluster),
  );
  tellTime('diagnosed');
  const differences = shipments.flatMap(({ cluster, paths }) => {
    const [shipped, filed] = [found.get(cluster), judgeWholeFiles(paths)];
    if (isDeepStrictEqual(shipped, filed)) return [];
    console.log(`\n${cluster}\n  shipped ${JSON.stringify(shipped)}\n  file    ${JSON.stringify(filed)}`);
    return [isDeepStrictEqual({ ...shipped, incidents: filed.incidents }, filed) ? 'incidents' : 'diagnoses'];
  });
  tellTime('compared');
  const others = differences.filter((what) => what === 'diagnoses').length;
  console.log(
    `${others} of ${shipments.length} clusters are diagnosed otherwise, ${differences.length - others} alike but in another number of incidents.`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'jobtrace-shipped-'));
const node =
  values.store === 'elasticsearch' ? await startElasticsearch({ version: 8, dir: join(folder, 'node') }) : undefined;
const store = await openStore(
  node === undefined
    ? { kind: 'sqlite', path: join(folder, 'data.db') }
    : { kind: 'elasticsearch', nodes: [node.url], indexPrefix: 'shipped' },
);
try {
  await compare(store, listShipments());
} finally {
  await store.close();
  await node?.stop();
  rmSync(folder, { recursive: true, force: true });
}
