// Saves the answers of the cluster's REST API at the end of a run as files next to the logs: jobs, exceptions,
// checkpoints, TaskManagers. A cluster that does not answer gives none; nothing here waits or retries.
import type { FlinkCluster } from '../parts/services/flink.js';
import type { Scene } from './scene.js';

export interface Snapshot {
  /** File name `rest/<what>.json`, below the recording's folder. */
  readonly name: string;
  /** Indented JSON. */
  readonly text: string;
}

export async function takeSnapshots({ cluster, jobs }: Scene): Promise<Snapshot[]> {
  if (!cluster.jobManagers.some((process) => process.isAlive())) return [];
  const paths = new Map([
    ['rest/jobs.json', '/jobs/overview'],
    ['rest/taskmanagers.json', '/taskmanagers'],
  ]);
  for (const [index, { id }] of jobs.slice(0, 2).entries()) {
    const job = jobs.length === 1 ? 'job' : `job-${index + 1}`;
    paths.set(`rest/${job}-exceptions.json`, `/jobs/${id}/exceptions`);
    paths.set(`rest/${job}-checkpoints.json`, `/jobs/${id}/checkpoints`);
  }
  const answers = await Promise.all([...paths].map(([name, path]) => readAnswer(cluster, name, path)));
  return answers.flatMap((answer) => answer ?? []);
}

async function readAnswer(cluster: FlinkCluster, name: string, path: string): Promise<Snapshot | undefined> {
  try {
    return { name, text: `${JSON.stringify(dropRepetition(await cluster.rest(path)), undefined, 1)}\n` };
  } catch {
    return undefined; // a job without checkpoints, or a JobManager that is down, as the logs show
  }
}

/** Drops "all-exceptions" and "root-exception" of the old format, which repeat the exception history. */
function dropRepetition(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null || !('exceptionHistory' in answer)) return answer;
  return Object.fromEntries(
    Object.entries(answer).filter(([key]) => key !== 'all-exceptions' && key !== 'root-exception'),
  );
}
