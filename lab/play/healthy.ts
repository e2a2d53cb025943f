// Decides from the REST API whether the jobs of a run are healthy: each has ended well, or has run for a while without
// a failure and completed a checkpoint in that time, if it makes any. Implements the step `waitHealthy` of steps.ts.
import { fieldAt, textAt } from '../../core/json.js';
import type { FlinkCluster } from '../parts/services/flink.js';
import { Hopeless, readLastLines, waitFor } from '../parts/process.js';
import { findFiles, noticeJobs, type Job, type Scene } from './scene.js';
import type { StepValues } from '../define/steps-schema.js';

export async function waitHealthy(
  scene: Scene,
  { seconds = 15, restarts = false, timeoutSeconds = seconds + 120 }: StepValues['waitHealthy'],
): Promise<void> {
  if (scene.cluster.jobManagers.length === 0) return; // the scenario needs only a client
  await noticeJobs(scene);
  await waitFor(
    `every job has ended well or runs for ${seconds} s with a checkpoint`,
    timeoutSeconds * 1000,
    async () => {
      const seen = await Promise.all(
        scene.jobs.map((job) => readHealth(scene.cluster, job, { enoughMs: seconds * 1000, restarts })),
      );
      return seen.find((one) => one !== true) ?? true;
    },
    () => readLastLines(findFiles(scene, 'jobmanager'), 15),
  );
}

/** Returns true, or what is missing. A job that has failed for good, or once too often, never becomes healthy. */
async function readHealth(
  { rest }: FlinkCluster,
  { id, name }: Job,
  { enoughMs, restarts }: { enoughMs: number; restarts: boolean },
): Promise<true | string> {
  const job = await rest(`/jobs/${id}`);
  const state = textAt(job, 'state');
  const times = fieldAt(job, 'timestamps');
  if (state === 'FAILED' || (!restarts && numberAt(times, 'RESTARTING') > 0))
    throw new Hopeless(
      `${name} has failed: ${textAt(await rest(`/jobs/${id}/exceptions`), 'root-exception').slice(0, 1500)}`,
    );
  if (state === 'FINISHED' || state === 'CANCELED') return true;
  const ranMs = numberAt(job, 'now') - numberAt(times, 'RUNNING'); // each restart resets the time of RUNNING
  if (state !== 'RUNNING' || ranMs < enoughMs)
    return `${name} is ${state} for ${Math.max(0, Math.round(ranMs / 1000))} s`;
  const completed = await readCompleted(rest, id);
  return completed === undefined || completed > numberAt(times, 'RUNNING')
    ? true
    : `${name} runs and has completed no checkpoint since`;
}

/** Returns the time of the last completed checkpoint; undefined for a job that makes none by itself. */
async function readCompleted(rest: FlinkCluster['rest'], id: string): Promise<number | undefined> {
  try {
    const intervalMs = numberAt(await rest(`/jobs/${id}/checkpoints/config`), 'interval');
    if (intervalMs > Number.MAX_SAFE_INTEGER) return undefined; // Long.MAX_VALUE
    return numberAt(
      fieldAt(fieldAt(await rest(`/jobs/${id}/checkpoints`), 'latest'), 'completed'),
      'latest_ack_timestamp',
    );
  } catch (error) {
    if (error instanceof Error && error.message.includes('not been enabled')) return undefined;
    throw error;
  }
}

function numberAt(value: unknown, key: string): number {
  return Number(fieldAt(value, key) ?? 0);
}
