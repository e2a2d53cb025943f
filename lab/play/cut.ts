// Cuts a run's logs to what matters: leaves out whole entries that add no information, the least informative first,
// until the recording is small enough. Takes texts and returns texts with the counts of what was left out; record.ts
// writes them.
import type { LogFile } from './run.js';

export interface CutFile extends LogFile {
  readonly cut: readonly { readonly entries: number; readonly kind: string }[];
}

/** Entries that are the same in every log and have no information about it: always dropped. */
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
/** Entries that the manifest also states: no level drops them. */
const STATED = / Job .* switched from state |Loading configuration property: |with ResourceID/;
/** Entries that a reader of the failure needs: they stay in a brief recording. */
const KEPT = /Starting \S+ \(Version: |Program Arguments|^\S+ \S+ (WARN|ERROR|FATAL) |\n\tat |^(?!\d{4}-\d\d-\d\d)/;
/** INFO entries about the life cycle of tasks and the job: they stay in a brief recording. */
const LIFE =
  / (switched from|to) (\w+ to )?(FAILED|FAILING|CANCELING|CANCELED|FINISHED|RUNNING|DEPLOYING|RESTARTING|INITIALIZING)|[Cc]heckpoint|[Ss]avepoint|[Hh]eartbeat|[Rr]estart|[Mm]emory|memory|Xm[sx]|MaxDirect|MaxMeta| -D$|^.* - {5}\S+$|State change|[Ll]eader|[Ss]hutting down|[Tt]erminat|Received SIGNAL|[Ss]lot|Deploying |Received task |JobManager connection|JobGraph|job submission|Closing|[Dd]isconnect|[Ff]ail|completed/;

/** Entries that the largest recordings drop, because another entry that stays repeats their content. */
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
 * Levels of cutting; each cuts more than the one before. `ends`: number of entries of a repetition that stay at its
 * beginning and at its end (0: only the first); `oneTask`: entries that differ only in the task's name also count as a
 * repetition; `once`: entries that another entry repeats are dropped.
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
/**
 * Entries that state the owner of a slot or an execution graph. They are logged once, mostly long before the owner is
 * needed.
 */
const OWNERS =
  /Receive slot request (\w+) for job (\w+)|Received task .* \((\w{32})(?:_\S+)?\), deploy into slot with allocation id (\w+)/;
/** Start of an entry in Flink's layouts; all other lines belong to the entry before them. */
const ENTRY_START = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3} /;

/** Returns the lightest cut with which all files together fit, or else the heaviest. */
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

/** Returns the reason why an entry is dropped; undefined if it stays. */
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
 * Returns the shape of an entry. Entries that differ only in numbers and ids (the subtasks of one task, the checkpoints
 * of one job) have the same shape. Entries that state the owner of an id have the same shape only if they are about the
 * same ids.
 */
function shapeOf(entry: string, { oneTask }: Level): string {
  const owners = OWNERS.exec(entry);
  if (owners !== null) return owners.slice(1).join(' ');
  const shape = entry.replace(/[0-9a-f]{6,}|\d+/g, '#').slice(0, 600);
  return oneTask ? shape.replace(/ - [^\n]* \(#\/#\)/, ' - task') : shape;
}

/** Splits a text into entries with all their lines and line breaks; joined they give the text again. */
function splitEntries(text: string): string[] {
  const entries: string[] = [];
  for (const line of text.split(/(?<=\n)/)) {
    const last = entries.length - 1;
    if (last < 0 || ENTRY_START.test(line)) entries.push(line);
    else entries[last] = `${entries[last] ?? ''}${line}`;
  }
  return entries;
}
