// Plays a scenario on a real cluster with Jobtrace next to it. Returns what was shown and sent meanwhile, in the form
// of a replay, so that the same judge reads both. The whole recording of the run is kept as well: it has the scenario's
// label, and the command line reads its files.
import { mkdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Scenario } from '../define/scenario.js';
import type { FlinkVersion } from '../define/versions.js';
import { runShared, type RunOutcome } from '../play/run.js';
import { recordWhole } from '../play/record.js';
import { readBlocks } from '../play/rewrite.js';
import type { Arrival } from './order.js';
import type { ReplayRun } from './replay.js';
import { openWatch, type Watch, type WatchPlace } from './watch.js';

export interface BesideOptions {
  readonly version: FlinkVersion;
  /** Folder into which the recording is written. */
  readonly recordings: string;
  readonly place: WatchPlace;
  /**
   * Time, in milliseconds, for which it is watched after the end of the scenario, to observe late messages and
   * retractions.
   */
  readonly restMs: number;
}

/**
 * Plays the scenario. Throws an error if it does not reach its end, or if one of Jobtrace's programs did not end well.
 */
export async function playLive(scenario: Scenario, options: BesideOptions): Promise<ReplayRun> {
  let watch: Watch | undefined;
  let played: ReplayRun | undefined;
  try {
    const beside = async (logs: string): Promise<void> => {
      watch = await openWatch(logs, options.place);
    };
    await runShared([scenario], { version: options.version, say: () => undefined, beside }, async (_, play) => {
      const outcome = await play();
      await sleep(options.restMs);
      if (watch !== undefined) played = await describeRun(scenario, outcome, watch, options);
    });
  } finally {
    await watch?.close();
  }
  if (played === undefined) throw new Error(`${scenario.id} was not played.`);
  return played;
}

async function describeRun(
  scenario: Scenario,
  outcome: RunOutcome,
  watch: Watch,
  { recordings }: BesideOptions,
): Promise<ReplayRun> {
  mkdirSync(recordings, { recursive: true });
  const folder = recordWhole(scenario, outcome, recordings);
  return {
    recording: relative(recordings, folder),
    root: recordings,
    order: 'written',
    arrivals: readArrivals(join(outcome.dir, 'log')),
    shown: [...watch.shown],
    messages: watch.messages(),
    incidents: await watch.incidents(),
  };
}

/**
 * Returns the lines with the time at which they could be read: their own time, or, for .out files, which have no times,
 * the last modification of the file.
 */
function readArrivals(logs: string): readonly Arrival[] {
  return readBlocks(logs).map((block) => ({
    ...block,
    at: block.file.endsWith('.out') ? statSync(join(logs, block.file)).mtimeMs : block.time,
  }));
}
