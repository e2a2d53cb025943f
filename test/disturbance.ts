// Plans and executes disturbances: from a seed it decides when which program is killed and for how long it stays down.
// The same seed gives the same plan, but not the same timing on the machine.
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '../lab/reference/memory-sample.js';
import type { Site } from './site.js';

type Target = 'agent' | 'analyzer' | 'elasticsearch';

export interface Disturbance {
  readonly target: Target;
  /** Milliseconds from the beginning of the run. */
  readonly atMs: number;
  /** Milliseconds before it is started again. */
  readonly downMs: number;
}

/** Disturbance that was executed, with the machine's own times. */
export interface Blow {
  readonly target: Target;
  /** Time of its death. */
  readonly deadAt: number;
  readonly startedAt: number;
  /** Number of alerts that were still pending in the store when an analyzer was dead; undefined if that is unknown. */
  readonly pendingAlerts: number | undefined;
}

interface Habit {
  readonly target: Target;
  readonly times: number;
  /** Minimum and maximum milliseconds from one blow to the next. */
  readonly everyMs: readonly [number, number];
  readonly downMs: readonly [number, number];
}

const HABITS: readonly Habit[] = [
  { target: 'agent', times: 7, everyMs: [500, 14_000], downMs: [0, 3000] },
  { target: 'analyzer', times: 6, everyMs: [500, 16_000], downMs: [0, 3000] },
  // The start of Elasticsearch takes some ten seconds more.
  { target: 'elasticsearch', times: 1, everyMs: [15_000, 35_000], downMs: [3000, 8000] },
];

export function planDisturbances(seed: number): readonly Disturbance[] {
  const random = createRandom(seed);
  const between = ([least, max]: readonly [number, number]): number => Math.round(least + random() * (max - least));
  return HABITS.flatMap(({ target, times, everyMs, downMs }) => {
    let atMs = 0;
    return Array.from({ length: times }, () => {
      atMs += between(everyMs);
      return { target, atMs, downMs: between(downMs) };
    });
  });
}

/** Executes the plan. Each target has its own sequence of blows; all sequences run at once. */
export async function disturb(site: Site, plan: readonly Disturbance[]): Promise<readonly Blow[]> {
  const begin = Date.now();
  const rows = HABITS.map(({ target }) => plan.filter((item) => item.target === target));
  const blows = await Promise.all(
    rows.map(async (row) => {
      const done: Blow[] = [];
      for (const item of row) {
        await sleep(Math.max(0, begin + item.atMs - Date.now()));
        done.push(await strike(site, item));
      }
      return done;
    }),
  );
  return blows.flat().sort((a, b) => a.deadAt - b.deadAt);
}

async function strike(site: Site, { target, downMs }: Disturbance): Promise<Blow> {
  const part = target === 'elasticsearch' ? elasticsearchOf(site) : site.service(target);
  await part.kill();
  const deadAt = Date.now();
  const pendingAlerts = target === 'analyzer' ? await countPendingAlerts(elasticsearchOf(site).url) : 0;
  await sleep(downMs);
  await ('restart' in part ? part.restart() : part.start());
  return { target, deadAt, startedAt: Date.now(), pendingAlerts };
}

async function countPendingAlerts(url: string): Promise<number | undefined> {
  try {
    const answer = await fetch(`${url}/jobtrace-alerts/_count?q=state:pending`, {
      signal: AbortSignal.timeout(10_000),
    });
    const { count, _shards: shards } = (await answer.json()) as { count?: number; _shards?: { failed: number } };
    return shards?.failed === 0 ? count : undefined;
  } catch {
    return undefined;
  }
}

function elasticsearchOf({ elasticsearch }: Site): NonNullable<Site['elasticsearch']> {
  if (elasticsearch === undefined) throw new Error('this site has no Elasticsearch');
  return elasticsearch;
}
