// Plays many scenarios, some at once, and tabulates the results: scenario × version × result. The failure of one run
// does not stop the others. cli.ts and the tests that play a sample use it; run.ts does the run itself.
import { runShared, type RunOutcome } from './run.js';
import { HEALTHY, type Scenario } from '../define/scenario.js';
import type { FlinkVersion } from '../define/versions.js';
import { errorText } from '../../core/fault.js';

export interface PlayedRun {
  readonly scenario: Scenario;
  readonly version: FlinkVersion;
}

export interface Played {
  readonly id: string;
  readonly version: FlinkVersion;
  readonly seconds: number;
  /** Reason why the run did not reach its end, or its outcome could not be used. */
  readonly problem: string | undefined;
}

export interface PlayOptions {
  readonly parallel: number;
  readonly keep?: boolean;
  /** Processes an outcome. The returned text is printed; an error is the run's problem. */
  readonly use: (scenario: Scenario, outcome: RunOutcome) => string;
  readonly print: (line: string) => void;
}

export async function playAll(runs: readonly PlayedRun[], options: PlayOptions): Promise<readonly Played[]> {
  const played: Played[] = [];
  const note = (one: Played): void => {
    played.push(one);
    options.print(`${String(played.length).padStart(4)} of ${runs.length}  ${describePlayed(one)}`);
  };
  await workThrough(groupRuns(runs), options.parallel, (group) => playGroup(group, options, note));
  return played;
}

/** Processes the items in order, `parallel` of them at once. */
export async function workThrough<Item>(
  items: readonly Item[],
  parallel: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (const item of waiting) await work(item);
    }),
  );
}

/**
 * Groups the runs that may share a cluster, at the position of the first of them; every other run is a group of its
 * own.
 */
function groupRuns(runs: readonly PlayedRun[]): PlayedRun[][] {
  const groups = new Map<string, PlayedRun[]>();
  for (const run of runs) {
    const { cluster, id } = run.scenario;
    const key = `${run.version} ${cluster.shares === true ? JSON.stringify(cluster) : id}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()];
}

async function playGroup(
  group: readonly PlayedRun[],
  { parallel, keep = false, use, print }: PlayOptions,
  note: (one: Played) => void,
): Promise<void> {
  const version = group[0]?.version ?? '1.20';
  let startedMs = Date.now(); // the first run of a group includes the start of the cluster
  const seconds = (): number => (Date.now() - startedMs) / 1000;
  // Steps of concurrent runs would mix, so they are not printed.
  const say = (line: string): void =>
    parallel > 1 && !keep ? undefined : print(`  ${seconds().toFixed(1).padStart(6)} s  ${line}`);
  const left = new Set(group.map(({ scenario }) => scenario.id));
  const end = (id: string, problem?: string): void => {
    left.delete(id);
    if (problem !== undefined) print(problem);
    note({ id, version, seconds: seconds(), problem });
    startedMs = Date.now();
  };
  print(`${[...left].join(', ')} on Flink ${version}`);
  try {
    await runShared(
      group.map(({ scenario }) => scenario),
      { version, say, keep },
      async (scenario, play) => {
        try {
          const text = use(scenario, await play());
          if (text !== '') print(`  ${scenario.id} on Flink ${version}: ${text}`);
          end(scenario.id);
        } catch (error) {
          end(scenario.id, errorText(error));
        }
      },
    );
  } catch (error) {
    for (const id of left) end(id, errorText(error));
  }
}

function describePlayed(played: Played): string {
  return `${played.problem === undefined ? 'ok    ' : 'FAILED'} ${played.seconds.toFixed(0).padStart(4)} s  ${played.id} on Flink ${played.version}`;
}

/**
 * Prints one line per scenario and one column per version: seconds, FAILED, or nothing if the scenario does not run on
 * it.
 */
export function printTable(
  played: readonly Played[],
  versions: readonly FlinkVersion[],
  print: (line: string) => void,
): void {
  const ids = [...new Set(played.map(({ id }) => id))].sort();
  const width = Math.max(...ids.map((id) => id.length), 8);
  const cell = (id: string, version: FlinkVersion): string => {
    const found = played.find((one) => one.id === id && one.version === version);
    return (
      found === undefined ? '' : found.problem === undefined ? `ok ${found.seconds.toFixed(0)} s` : 'FAILED'
    ).padEnd(10);
  };
  print(`\n${'scenario'.padEnd(width)}  ${versions.map((version) => version.padEnd(10)).join('')}`);
  for (const id of ids)
    print(`${id.padEnd(width)}  ${versions.map((version) => cell(id, version)).join('')}`.trimEnd());
  for (const version of versions)
    print(
      summarize(
        played.filter((one) => one.version === version),
        version,
      ),
    );
}

function summarize(played: readonly Played[], version: FlinkVersion): string {
  const count = (healthy: boolean): string => {
    const all = played.filter(({ id }) => id.startsWith(`${HEALTHY}/`) === healthy);
    const minutes = all.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
    return `${all.filter(({ problem }) => problem === undefined).length} of ${all.length} ${healthy ? 'healthy runs' : 'failures'} (${minutes.toFixed(0)} min)`;
  };
  const missed = played.filter(({ problem }) => problem !== undefined).map(({ id }) => id);
  return `Flink ${version}: ${count(false)} and ${count(true)} reached their end.${missed.length === 0 ? '' : ` Not: ${missed.join(', ')}`}`;
}
