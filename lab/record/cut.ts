// Cuts a run's logs to what matters: whole entries that tell nothing new are left out until the recording is small
// enough, the least telling first. Text in, text out with a count of what was left out; record.ts writes it.
import type { LogFile } from '../play/run.js';

export interface CutFile extends LogFile {
  readonly cut: readonly { readonly entries: number; readonly kind: string }[];
}

/** Entries that are the same in every log and tell nothing about it: dropped wherever they stand. */
const NOISE: readonly { kind: string; pattern: RegExp }[] = [
  { kind: 'plugin loader lines', pattern: /^\S+ \S+ INFO +\S*\.DefaultPluginManager +.* - Plugin loader with ID/ },
  { kind: 'JVM options that open modules', pattern: /^\S+ \S+ INFO .* - {5}--add-(exports|opens)=/ },
  {
    kind: "Flink's own env.java.opts.all",
    pattern: /^\S+ \S+ INFO +\S*GlobalConfiguration .* property: env\.java\.opts\.all, --add-exports/,
  },
  { kind: 'environment of ZooKeeper clients and servers', pattern: /^\S+ \S+ INFO .* (Client|Server) environment:/ },
  {
    kind: "the client's environment, which it gives to Python",
    pattern: /^\S+ \S+ INFO +\S*\.PythonEnvUtils .* - Starting Python process with environment variables: /,
  },
  { kind: 'class paths', pattern: /^\S+ \S+ INFO .* - {2}Classpath: / },
  {
    kind: 'delegation token providers',
    pattern: /^\S+ \S+ INFO +\S*\.DefaultDelegationToken\S* .* - Delegation token (provider|receiver) \S+ (loaded|and)/,
  },
  { kind: 'warnings about tokens that nobody uses', pattern: /^\S+ \S+ WARN +\S*\.DefaultDelegationTokenManager / },
  { kind: "the client's search for types", pattern: /^\S+ \S+ INFO +\S*\.TypeExtractor / },
];
/** What a manifest tells: left out by no level. */
const STATED = / Job .* switched from state |Loading configuration property: |with ResourceID/;
/** What a reader of the failure needs: stays in a brief recording. */
const KEPT = /Starting \S+ \(Version: |Program Arguments|^\S+ \S+ (WARN|ERROR|FATAL) |\n\tat |^(?!\d{4}-\d\d-\d\d)/;
/** An INFO entry of the tasks' and the job's way, which stays in a brief recording. */
const LIFE =
  / (switched from|to) (\w+ to )?(FAILED|FAILING|CANCELING|CANCELED|FINISHED|RUNNING|DEPLOYING|RESTARTING|INITIALIZING)|[Cc]heckpoint|[Ss]avepoint|[Hh]eartbeat|[Rr]estart|[Mm]emory|memory|Xm[sx]|MaxDirect|MaxMeta| -D$|^.* - {5}\S+$|State change|[Ll]eader|[Ss]hutting down|[Tt]erminat|Received SIGNAL|[Ss]lot|Deploying |Received task |JobManager connection|JobGraph|job submission|Closing|[Dd]isconnect|[Ff]ail|completed/;

/** What the largest recordings do without: the same trace stands beside it, in a line that stays. */
const SAID_TWICE: readonly { kind: string; pattern: RegExp }[] = [
  {
    kind: 'program arguments that the RESOURCE_PARAMS block tells as well',
    pattern: /^\S+ \S+ INFO .*(Runner|Entrypoint) .* - {5}(-D|\S+=\d+(\.\d+)?b?|\S+=true)$/m,
  },
  {
    kind: "the dispatcher's copy of the job's last failure",
    pattern: /^\S+ \S+ INFO .*Dispatcher .* - Job \w+ reached terminal state FAILED\.\n/,
  },
  {
    kind: "the SQL gateway's copies of what the client shows",
    pattern: /^\S+ \S+ ERROR .*\.(FetchResultsHandler|ResultFetcher) /,
  },
  {
    kind: 'loaders, Netty and coordinators at their start',
    pattern:
      /^\S+ \S+ INFO .*\.(StateChangelogStorageLoader|NettyConfig|SourceCoordinator|StateBackendLoader|DefaultSlotStatusSyncer|SessionDispatcherLeaderProcess|JobMasterServiceLeadershipRunner|DefaultDispatcherRunner|StreamTask|TaskSlotTableImpl) /,
  },
];

/**
 * How much is left out: each level cuts what the one before does, and more. `ends`: of a repetition so many stay at its
 * beginning and end (0: the first alone); `oneTask`: what differs only in the task's name is a repetition too; `once`:
 * what another line says as well goes.
 */
const LEVELS: readonly {
  readonly startup: number;
  readonly ends: number;
  readonly onlyLife: boolean;
  readonly oneTask: boolean;
  readonly once?: true;
}[] = [
  { startup: 0, ends: Infinity, onlyLife: false, oneTask: false },
  { startup: 160, ends: 3, onlyLife: false, oneTask: false },
  { startup: 110, ends: 1, onlyLife: false, oneTask: false },
  { startup: 0, ends: 1, onlyLife: false, oneTask: false },
  { startup: 0, ends: 1, onlyLife: true, oneTask: false },
  { startup: 0, ends: 1, onlyLife: true, oneTask: true },
  { startup: 0, ends: 1, onlyLife: true, oneTask: true, once: true },
  { startup: 0, ends: 0, onlyLife: true, oneTask: true, once: true },
];
/** Whose a slot and an execution graph are: it is told once, mostly long before somebody asks. */
const OWNERS =
  /Receive slot request (\w+) for job (\w+)|Received task .* \((\w{32})(?:_\S+)?\), deploy into slot with allocation id (\w+)/;
/** The start of an entry in Flink's layouts; all other lines belong to the entry before them. */
const ENTRY_START = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3} /;

/** The lightest cut that makes all files together fit, or the heaviest there is. */
export function cutFiles(files: readonly LogFile[], maxBytes: number): CutFile[] {
  for (const level of LEVELS) {
    const cut = files.map((file) => cutFile(file, level));
    if (cut.reduce((sum, { text }) => sum + text.length, 0) <= maxBytes || level === LEVELS.at(-1)) return cut;
  }
  return [];
}

type Level = (typeof LEVELS)[number];

function cutFile({ name, text }: LogFile, level: Level): CutFile {
  const entries = splitEntries(text);
  const totals = new Map<string, number>();
  for (const entry of entries) totals.set(shapeOf(entry, level), (totals.get(shapeOf(entry, level)) ?? 0) + 1);
  const seen = new Map<string, number>();
  const counts = new Map<string, number>();
  const kept = entries.filter((entry, position) => {
    const shape = shapeOf(entry, level);
    const index = seen.get(shape) ?? 0;
    seen.set(shape, index + 1);
    const kind = findKind(entry, { position, fromStart: index, fromEnd: (totals.get(shape) ?? 0) - 1 - index }, level);
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return kind === undefined;
  });
  return { name, text: kept.join(''), cut: [...counts].map(([kind, count]) => ({ entries: count, kind })) };
}

/** Why an entry is left out; undefined: it stays. */
function findKind(
  entry: string,
  at: { position: number; fromStart: number; fromEnd: number },
  { startup, ends, onlyLife, once }: Level,
): string | undefined {
  const noise = NOISE.find(({ pattern }) => pattern.test(entry));
  if (noise !== undefined) return noise.kind;
  const twice = once === true ? SAID_TWICE.find(({ pattern }) => pattern.test(entry)) : undefined;
  if (twice !== undefined) return twice.kind;
  const repeated = at.position >= startup && at.fromStart >= Math.max(1, ends) && at.fromEnd >= ends;
  if (STATED.test(entry)) return undefined;
  if (repeated) return ends === 0 ? 'repetitions beyond the first' : `repetitions beyond the first and last ${ends}`;
  return onlyLife && !KEPT.test(entry) && !LIFE.test(entry)
    ? 'what components say of their start and routine'
    : undefined;
}

/**
 * Entries that differ only in numbers and ids (the subtasks of one task, the checkpoints of one job) have one shape;
 * of those that tell whose ids are, only entries about the same ids.
 */
function shapeOf(entry: string, { oneTask }: Level): string {
  const owners = OWNERS.exec(entry);
  if (owners !== null) return owners.slice(1).join(' ');
  const shape = entry.replace(/[0-9a-f]{6,}|\d+/g, '#').slice(0, 600);
  return oneTask ? shape.replace(/ - [^\n]* \(#\/#\)/, ' - task') : shape;
}

/** Entries with all their lines and line breaks: joined they are the text again. */
function splitEntries(text: string): string[] {
  const entries: string[] = [];
  for (const line of text.split(/(?<=\n)/)) {
    const last = entries.length - 1;
    if (last < 0 || ENTRY_START.test(line)) entries.push(line);
    else entries[last] = `${entries[last] ?? ''}${line}`;
  }
  return entries;
}
