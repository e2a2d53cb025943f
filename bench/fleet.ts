// Measures the service while one ZooKeeper takes down many jobs of a fleet and some fail on their own: npx tsx
// bench/fleet.ts (--help). Each job is a copy of a recording, on its own cluster, and is played by a clock that follows
// the times of its lines, through the feed of a store in memory, the analyzer and the notifier to a receiver. Measures
// when the incident and its message appear, the number of messages, and the processor time of analyzer and notifier.
// The needs of a larger fleet are computed from that and marked as computed.
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { readRulePolicy } from '../analyzer/catalog/rule.js';
import { createAnalyzer } from '../analyzer/service/analyzer.js';
import { createSignalSetter } from '../analyzer/testing/set-signal.js';
import { copyRecords, OWN_FAULT, readStorm, ZOOKEEPER_OUTAGE } from '../analyzer/testing/storm.js';
import { defaultSettings } from '../core/config/settings.js';
import { createLog } from '../core/log.js';
import type { Incident } from '../core/documents/incident.js';
import { ALL_CLUSTERS, type LogRecord } from '../core/types.js';
import { JSON_OPTION, readCommandLine, type BenchScript } from '../lab/options.js';
import { createNotifier } from '../notify/notify.js';
import { readPolicy } from '../notify/policy.js';
import { openSqliteStore } from '../store/sqlite/sqlite.js';
import { appendRecords } from '../store/testing/samples.js';
import { startReceiver } from '../test/program.js';
import { appendResult, describeSession } from './report/results.js';

const SCRIPT = {
  name: 'bench/fleet.ts',
  summary: 'One outage over many jobs: time to the card, messages, throughput.',
  options: {
    jobs: { kind: 'number', default: '300', least: 3, help: 'Jobs that are played.' },
    outage: { kind: 'number', default: '118', least: 3, help: 'Of them lose their ZooKeeper within a minute.' },
    failing: { kind: 'number', default: '1', help: 'Per cent of them that fail of their own at that time.' },
    nodes: { kind: 'number', default: '5000', help: 'Nodes of the fleet that is computed.' },
    fleet: { kind: 'number', default: '3000', help: 'Jobs of the fleet that is computed.' },
    mib: { kind: 'number', default: '20', value: 'MIB', help: 'What that fleet writes in a second.' },
    json: JSON_OPTION,
  },
} as const satisfies BenchScript;

const { values } = readCommandLine(SCRIPT);
const START = Date.parse('2026-03-02T00:00:00Z');
const OUTAGE_MS = 60_000;
const TICK_MS = 1000;
/** Time, in milliseconds, that is played after the last record; later messages would only be about the end. */
const AFTER_MS = 60_000;
const MIB = 2 ** 20;

const catalog = loadCatalog();
const mark = createSignalSetter(catalog);
const outage = readStorm(ZOOKEEPER_OUTAGE);
const ownFault = readStorm(OWN_FAULT);
const lost = outage.findIndex((record) => record.message.includes('State change: SUSPENDED'));
/** Time, in milliseconds, from the start of the fleet until a job that starts with it loses ZooKeeper. */
const lostAfterMs = lengthOf(outage.slice(0, lost));
const failing = Math.round((values.jobs * values.failing) / 100);

/**
 * Returns the records of the fleet in the order of time. Healthy jobs write what the others write before the outage.
 */
function makeFleet(): readonly LogRecord[] {
  const fleet = Array.from({ length: values.jobs }, (_, number) => {
    const cluster = `cluster-${number}`;
    const begin = START + Math.floor((OUTAGE_MS * number) / values.outage);
    if (number < values.outage) return copyRecords(outage, ZOOKEEPER_OUTAGE, { cluster, number, begin });
    const share = START + OUTAGE_MS * Math.random();
    if (number < values.outage + failing)
      return copyRecords(ownFault, OWN_FAULT, { cluster, number, begin: share + lostAfterMs - lengthOf(ownFault) });
    return copyRecords(outage.slice(0, lost), ZOOKEEPER_OUTAGE, { cluster, number, begin: share });
  });
  return fleet.flat().sort((a, b) => timeOf(a) - timeOf(b));
}

function timeOf(record: LogRecord | undefined): number {
  return Date.parse(record?.['@timestamp'] ?? '');
}

function lengthOf(records: readonly LogRecord[]): number {
  return timeOf(records.at(-1)) - timeOf(records[0]);
}

interface Played {
  /** Processor seconds before something fails, and after that. */
  readonly quietSeconds: number;
  readonly stormSeconds: number;
  readonly quietBytes: number;
  readonly longestStepMs: number;
  readonly shownAt: number | undefined;
  readonly toldAt: number | undefined;
  readonly messages: readonly string[];
  readonly incidents: readonly Incident[];
}

async function play(records: readonly LogRecord[]): Promise<Played> {
  const store = openSqliteStore({ path: ':memory:' });
  const receiver = await startReceiver();
  const settings = defaultSettings();
  let present = timeOf(records[0]);
  const now = (): number => present;
  const log = createLog('silent');
  const notifier = createNotifier({
    store,
    receivers: [{ name: 'bench', kind: 'webhook', url: receiver.url, language: 'en', perMinute: 600 }],
    policy: readPolicy(settings, readRulePolicy({ catalog })),
    log,
    now,
  });
  const analyzer = createAnalyzer({
    store,
    catalog,
    log,
    now,
    onIncident: async (incident) => {
      if (incident.platform !== undefined) shownAt ??= present;
      await notifier.incidentChanged(incident);
    },
    onGone: (id) => notifier.incidentGone(id),
  });
  let shownAt: number | undefined;
  let toldAt: number | undefined;
  const cpuMicros = { quiet: 0, storm: 0 };
  let quietBytes = 0;
  let longestStepMs = 0;
  let at = 0;
  for (const end = timeOf(records.at(-1)) + AFTER_MS; present <= end; present += TICK_MS) {
    const due: LogRecord[] = [];
    for (let record = records[at]; record !== undefined && timeOf(record) <= present; record = records[++at])
      due.push(mark(record));
    if (due.length > 0) await appendRecords(store, due);
    const [cpu, started] = [process.cpuUsage(), performance.now()];
    while (!(await analyzer.stepOnce()).drained);
    await notifier.stepOnce();
    longestStepMs = Math.max(longestStepMs, performance.now() - started);
    const { user, system } = process.cpuUsage(cpu);
    const phase = present < START + lostAfterMs ? 'quiet' : 'storm';
    cpuMicros[phase] += user + system;
    if (phase === 'quiet') quietBytes += sumBytes(due);
    if (receiver.received.some(({ body }) => JSON.stringify(body).includes('"id":"platform-'))) toldAt ??= present;
  }
  const messages = receiver.received.map(({ body }) => String((body as { readonly type?: unknown }).type));
  const incidents = await store.findIncidents({ limit: 10_000 });
  await receiver.close();
  await store.close();
  const [quietSeconds, stormSeconds] = [cpuMicros.quiet / 1e6, cpuMicros.storm / 1e6];
  return { quietSeconds, stormSeconds, quietBytes, longestStepMs, shownAt, toldAt, messages, incidents };
}

function sumBytes(of: readonly LogRecord[]): number {
  return of.reduce((sum, record) => sum + record['jobtrace.length'], 0);
}

function findThird(incidents: readonly Incident[]): number {
  const [platform] = incidents.filter(({ cluster }) => cluster === ALL_CLUSTERS);
  return Date.parse(platform?.platform?.children[2]?.firstSeen ?? '');
}

const records = makeFleet();
const played = await play(records);
const { incidents, messages } = played;
const third = findThird(incidents);
const perKind = (kind: string): number => messages.filter((type) => type.endsWith(kind)).length;
const quietMib = played.quietBytes / MIB / played.quietSeconds;
const secondsPerFailure = played.stormSeconds / (values.outage + failing);
/** Cores needed in the minute of the outage. */
const fleetCores =
  values.mib / quietMib + (secondsPerFailure * (values.outage + (values.fleet * values.failing) / 100)) / 60;
const figures = {
  jobs: values.jobs,
  outage: values.outage,
  platformIncidents: incidents.filter(({ platform }) => platform !== undefined).length,
  jobsBelow: incidents.find(({ platform }) => platform !== undefined)?.platform?.jobs ?? 0,
  incidents: incidents.length,
  secondsToCard: ((played.shownAt ?? NaN) - third) / 1000,
  secondsToMessage: ((played.toldAt ?? NaN) - third) / 1000,
  messages: messages.length,
  longestStepMs: Math.round(played.longestStepMs),
  quietMibPerSecond: Number(quietMib.toFixed(1)),
  msPerFailure: Math.round(1000 * secondsPerFailure),
  analyzersNeeded: Math.ceil(fleetCores),
};

console.log(
  `${figures.platformIncidents} platform incident over ${figures.jobsBelow} of ${values.jobs} jobs; ${figures.incidents} incidents\n` +
    `card ${figures.secondsToCard.toFixed(1)} s, message ${figures.secondsToMessage.toFixed(1)} s after the third job's cause, by the clock of the lines (a tick is ${TICK_MS / 1000} s; the longest step took ${figures.longestStepMs} ms)\n` +
    `${figures.messages} messages: ${perKind('opened')} opened, ${perKind('joined')} joined, ${perKind('grown')} grown, ${perKind('resolved')} resolved\n` +
    `one core (analyzer and notifier, over a store in memory): ${figures.quietMibPerSecond} MiB a second of clusters that start and do not fail (running ones say less), ${figures.msPerFailure} ms for each job that fails\n` +
    `computed, not measured: ${values.nodes.toLocaleString('en')} nodes with ${values.fleet.toLocaleString('en')} jobs that write ${values.mib} MiB a second, the same outage and ${values.failing} % that fail in the same minute: ${figures.analyzersNeeded} analyzers of one core (${fleetCores.toFixed(2)} cores)`,
);
appendResult(values.json, describeSession(SCRIPT.name, []));
appendResult(values.json, { kind: 'fleet', ...figures });
