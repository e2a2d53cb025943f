// Measures what alerts cost the analyzer while many jobs fail at once: npx tsx bench/alerts.ts (--help). The lines of
// all jobs are in a store. An analyzer reads them to their end, alone and in turn with a notifier whose receivers
// accept, hang, or ask for a pause. Each round begins with a new store on disk, as a service has it. The measured time
// is that of the analyzer, from its first step to its last.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { readRulePolicy } from '../analyzer/catalog/rule.js';
import { createAnalyzer } from '../analyzer/service/analyzer.js';
import { createSignalSetter } from '../analyzer/testing/set-signal.js';
import { copyRecords, OWN_FAULT, readStorm } from '../analyzer/testing/storm.js';
import type { ReceiverSettings } from '../core/config/receiver.js';
import { defaultSettings } from '../core/config/settings.js';
import { createLog } from '../core/log.js';
import type { LogRecord } from '../core/types.js';
import { JSON_OPTION, readCommandLine, type BenchScript } from '../lab/options.js';
import { createNotifier } from '../notify/notify.js';
import { readPolicy } from '../notify/policy.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import type { Store } from '../store/store.js';
import { appendRecords } from '../store/testing/samples.js';
import { appendResult, describeSession, findMedian } from './report/results.js';

const SCRIPT = {
  name: 'bench/alerts.ts',
  summary: 'What alerts cost the analyzer while many jobs fail at once.',
  options: {
    jobs: { kind: 'number', default: '1000', least: 1, help: 'Jobs that fail within a minute.' },
    rounds: { kind: 'number', default: '5', least: 1, help: 'Alone and with alerts, in turn.' },
    json: JSON_OPTION,
  },
} as const satisfies BenchScript;

const { values } = readCommandLine(SCRIPT);
const START = Date.parse('2026-03-02T00:00:00Z');
const STORM_MS = 60_000;
/** Returns a time that begins shortly after the storm and advances. */
const now = (): number => Math.floor(START + 2 * STORM_MS + performance.now());
/** Number of records that are appended to the store at once. */
const AT_ONCE = 5000;

const catalog = loadCatalog();
const log = createLog('silent');

interface Read {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly incidents: number;
  readonly kept: number;
}

/** Returns the records in the order of time, as agents of many machines bring them. */
function makeStorm(): readonly LogRecord[] {
  const source = readStorm(OWN_FAULT);
  return Array.from({ length: values.jobs }, (_, number) =>
    copyRecords(source, OWN_FAULT, {
      cluster: `cluster-${number}`,
      number,
      begin: START + Math.floor((STORM_MS * number) / values.jobs),
    }),
  )
    .flat()
    .sort((a, b) => Date.parse(a['@timestamp']) - Date.parse(b['@timestamp']))
    .map(createSignalSetter(catalog));
}

const MANNERS = ['takes', 'hangs', 'pauses'] as const;
type Manner = (typeof MANNERS)[number];

async function openReceiver(manner: Manner): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    request.resume();
    if (manner === 'hangs') return;
    request.on('end', () => {
      if (manner === 'pauses') response.setHeader('retry-after', '60');
      response.writeHead(manner === 'takes' ? 200 : 429).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
}

async function read(storm: readonly LogRecord[], manners: readonly Manner[]): Promise<Read> {
  const opened = await Promise.all(manners.map(openReceiver));
  const receivers = opened.map(({ url }, at) => ({
    name: manners[at] ?? '',
    kind: 'webhook' as const,
    url,
    language: 'en' as const,
    perMinute: 600,
  }));
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-alerts-'));
  const store = openSqliteStore({ path: join(folder, 'jobtrace.db') });
  for (let at = 0; at < storm.length; at += AT_ONCE) await appendRecords(store, storm.slice(at, at + AT_ONCE));
  const stop = new AbortController();
  const notifier = receivers.length === 0 ? undefined : openNotifier(store, receivers);
  const analyzer = createAnalyzer({
    store,
    catalog,
    log,
    now,
    onIncident: (incident) => notifier?.incidentChanged(incident) ?? Promise.resolve(),
    onGone: (id) => notifier?.incidentGone(id) ?? Promise.resolve(),
  });
  const delivering = notifier?.run(stop.signal);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  while (!(await analyzer.stepOnce()).drained);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - began) / 1000;
  stop.abort();
  for (const { server } of opened) {
    server.closeAllConnections();
    server.close();
  }
  await delivering;
  const incidents = await store.findIncidents({ limit: 10_000 });
  const kept = await store.alerts.find({ limit: 10_000 });
  await store.close();
  rmSync(folder, { recursive: true, force: true });
  return { seconds, cpuSeconds: (user + system) / 1e6, incidents: incidents.length, kept: kept.length };
}

function openNotifier(store: Store, receivers: readonly ReceiverSettings[]): ReturnType<typeof createNotifier> {
  const policy = readPolicy(defaultSettings(), readRulePolicy({ catalog }));
  return createNotifier({ store, receivers, policy, log, now });
}

const storm = makeStorm();
const [alone, alerting]: [Read[], Read[]] = [[], []];
// This run is not counted, because code is still being compiled.
await read(storm, MANNERS);
for (let round = 0; round < values.rounds; round += 1) {
  alone.push(await read(storm, []));
  alerting.push(await read(storm, MANNERS));
}
const medianOf = (reads: readonly Read[], figure: 'seconds' | 'cpuSeconds'): number =>
  findMedian(reads.map((one) => one[figure]));
const [without, with_] = [medianOf(alone, 'seconds'), medianOf(alerting, 'seconds')];
const figures = {
  jobs: values.jobs,
  records: storm.length,
  incidents: alerting[0]?.incidents ?? 0,
  messages: alerting[0]?.kept ?? 0,
  secondsAlone: without,
  secondsAlerting: with_,
  cpuSecondsAlone: medianOf(alone, 'cpuSeconds'),
  cpuSecondsAlerting: medianOf(alerting, 'cpuSeconds'),
  share: without / with_,
};
console.log(
  `${figures.incidents} incidents of ${figures.records} records; ${figures.messages} messages kept for ${MANNERS.length} receivers\n` +
    `alone ${without.toFixed(2)} s, with alerts ${with_.toFixed(2)} s: ${(100 * figures.share).toFixed(1)} % of the throughput (bar 95 %)\n` +
    `processor time of all ${figures.cpuSecondsAlone.toFixed(2)} and ${figures.cpuSecondsAlerting.toFixed(2)} s`,
);
appendResult(values.json, describeSession(SCRIPT.name, []));
appendResult(values.json, { kind: 'alerts', ...figures });
