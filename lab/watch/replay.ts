// Replays a recorded cluster, line by line, through the agent, a store, the analyzer and the notifier to a receiver,
// with a clock that follows the lines' own times, so that an hour of silence takes no time. Returns what was shown and
// sent meanwhile, and the content of the store at the end. judge.ts judges that.
import { appendFileSync, mkdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { createAgent, type Agent } from '../../agent/agent.js';
import { fillAgentSettings } from '../../agent/settings.js';
import { listSignalWords } from '../../analyzer/catalog/signal-words.js';
import { readRulePolicy } from '../../analyzer/catalog/rule.js';
import { createAnalyzer, type Analyzer } from '../../analyzer/service/analyzer.js';
import { defaultSettings } from '../../core/config/settings.js';
import { createLog } from '../../core/log.js';
import type { Incident } from '../../core/documents/incident.js';
import { createNotifier, type Notifier } from '../../notify/notify.js';
import { readPolicy } from '../../notify/policy.js';
import type { Store } from '../../store/store.js';
import { startReceiver, type Received } from '../../test/program.js';
import { loadOnce } from '../play/name.js';
import { RECORDINGS_DIR, loadManifest } from '../play/manifest.js';
import { readBlocks } from '../play/rewrite.js';
import { orderBlocks, type Arrival, type ReplayOrder } from './order.js';

export interface Message {
  /** Time of the message, by the clock of the replay. */
  readonly at: number;
  readonly reason: string;
  readonly incident: Incident;
  /** Diagnosis that it is about; undefined for a failure that no rule names. */
  readonly diagnosis: Incident['diagnoses']['en'][number] | undefined;
  readonly unknown: Incident['unknown'][number] | undefined;
}

export interface ReplayRun {
  readonly recording: string;
  /** Folder that contains the recordings. */
  readonly root: string;
  readonly order: ReplayOrder;
  readonly arrivals: readonly Arrival[];
  /** Every state in which an incident was shown. */
  readonly shown: readonly Incident[];
  readonly messages: readonly Message[];
  /** Incidents in the store at the end, oldest first; paths begin at the recording's folder. */
  readonly incidents: readonly Incident[];
}

export interface PlayPlace {
  /** Folder of the recordings; default: lab/recordings. */
  readonly root?: string | undefined;
  /** Working folder, which is emptied before and after. */
  readonly folder: string;
  readonly openStore: () => Promise<Store>;
  /** Makes what was stored readable from now on. */
  readonly settle?: () => Promise<void>;
}

interface Stage {
  readonly clock: { now: number };
  readonly logs: string;
  readonly store: Store;
  readonly agent: Agent;
  readonly analyzer: Analyzer;
  readonly notifier: Notifier;
  readonly shown: Incident[];
  readonly receiver: { readonly received: Received[]; close(): Promise<void> };
}

const catalog = loadOnce();
const words = listSignalWords(catalog);
const ZONE = 'UTC';

export async function playRecording(recording: string, order: ReplayOrder, place: PlayPlace): Promise<ReplayRun> {
  const { root = RECORDINGS_DIR } = place;
  const dir = join(root, recording);
  const { processes, recordedAt } = loadManifest(dir);
  const names = new Map(processes.flatMap(({ name, files }) => files.map((file) => [file, name] as const)));
  const blocks = readBlocks(dir)
    .filter(({ file }) => names.has(file))
    // A process that died in its start script printed no time.
    .map((block) => (Number.isFinite(block.time) ? block : { ...block, time: Date.parse(recordedAt) }));
  const arrivals = orderBlocks(blocks, order, (file) => names.get(file) ?? '');
  const stage = await openStage(place, arrivals[0]?.at ?? 0);
  try {
    const messages = await run(stage, arrivals, place);
    await place.settle?.();
    const incidents = await stage.store.findIncidents({ limit: 1000 });
    return { recording, root, order, arrivals, shown: stage.shown, messages, incidents: sortIncidents(incidents) };
  } finally {
    stage.agent.close();
    await stage.receiver.close();
    await stage.store.close();
    rmSync(place.folder, { recursive: true, force: true });
  }
}

async function openStage({ folder, openStore }: PlayPlace, begin: number): Promise<Stage> {
  rmSync(folder, { recursive: true, force: true });
  const logs = join(folder, 'log');
  mkdirSync(logs, { recursive: true });
  const clock = { now: begin };
  const now = (): number => clock.now;
  const log = createLog('silent');
  const [store, receiver] = await Promise.all([openStore(), startReceiver()]);
  const agent = createAgent(
    fillAgentSettings({ paths: [logs], dataDir: join(folder, 'data'), host: 'node-1', watch: false, zone: ZONE }),
    // The processes of this machine have nothing to do with the recording.
    { store, log, now, wallClock: now, random: () => 0.5, procDir: folder },
  );
  agent.setWords(words);
  const settings = defaultSettings();
  const shown: Incident[] = [];
  const notifier = createNotifier({
    store,
    receivers: [{ name: 'replay', kind: 'webhook', url: receiver.url, language: 'en', perMinute: 600 }],
    policy: readPolicy(settings, readRulePolicy({ catalog })),
    log,
    now,
    random: () => 0.5,
  });
  const analyzer = createAnalyzer({
    store,
    catalog,
    log,
    now,
    zone: ZONE,
    onIncident: async (incident) => {
      shown.push(incident);
      await notifier.incidentChanged(incident);
    },
    onGone: (id) => notifier.incidentGone(id),
  });
  return { clock, logs, store, agent, analyzer, notifier, shown, receiver };
}

async function run(stage: Stage, arrivals: readonly Arrival[], place: PlayPlace): Promise<readonly Message[]> {
  const messages: Message[] = [];
  let next = 0;
  for (const tick of listTicks(arrivals)) {
    stage.clock.now = tick;
    for (let arrival = arrivals[next]; arrival !== undefined && arrival.at <= tick; arrival = arrivals[++next])
      write(stage, arrival);
    await stage.agent.pollOnce();
    await place.settle?.();
    while (!(await stage.analyzer.stepOnce()).drained);
    await stage.notifier.stepOnce();
    for (const { body } of stage.receiver.received.splice(0)) messages.push(readMessage(body, tick));
  }
  return messages;
}

function write({ logs }: Stage, { file, lines, time }: Arrival): void {
  const path = join(logs, file);
  appendFileSync(path, lines.map((line) => `${line}\n`).join(''));
  // The line is late only on its way to the agent: the file was written at the time of its line.
  utimesSync(path, time / 1000, time / 1000);
}

const TICK_MS = 500;
/**
 * Time, in milliseconds, after a line during which every tick is played, so that delayed messages are observed; later
 * only a few ticks are.
 */
const AWAKE_MS = 12_000;
const QUIET_STEP_MS = 5000;
const END_STEP_MS = 20_000;
/** Time, in milliseconds, that is longer than a job must run to be healthy. */
const END_MS = 13 * 60_000;

/** Lists the times at which the clock stops to poll: after each line, and from time to time when there are no lines. */
function listTicks(arrivals: readonly Arrival[]): readonly number[] {
  const busy = [...new Set(arrivals.map(({ at }) => Math.ceil(at / TICK_MS) * TICK_MS))];
  const last = busy.at(-1) ?? 0;
  const between = busy.flatMap((tick, index) => [
    tick,
    ...listQuiet(tick, busy[index + 1] ?? tick + 60_000, QUIET_STEP_MS),
  ]);
  return [...between, ...listQuiet(last + 60_000, last + END_MS, END_STEP_MS)];
}

function listQuiet(from: number, until: number, stepMs: number): readonly number[] {
  const ticks: number[] = [];
  for (let tick = from + TICK_MS; tick < until; tick += tick < from + AWAKE_MS ? TICK_MS : stepMs) ticks.push(tick);
  return ticks;
}

interface Body {
  readonly data: Pick<Message, 'reason'> & {
    readonly incident: Incident;
    readonly diagnosis: Message['diagnosis'] | null;
    readonly unknown: Message['unknown'] | null;
  };
}

/** Reads a message in the format of docs/alerts.md. */
export function readMessage(body: Record<string, unknown>, at: number): Message {
  const { reason, incident, diagnosis, unknown } = (body as unknown as Body).data;
  return { at, reason, incident, diagnosis: diagnosis ?? undefined, unknown: unknown ?? undefined };
}

function sortIncidents(incidents: readonly Incident[]): readonly Incident[] {
  const keyOf = ({ firstSeen = '', id }: Incident): string => `${firstSeen} ${id}`;
  return [...incidents].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
