// Calls the JobManager's REST API, as far as tests and the lab need it: jobs, their states, TaskManagers. Answers are
// read defensively; nothing here starts or stops a process.
import { fieldAt, listAt, textAt } from '../../../core/json.js';
import { waitFor } from '../process.js';

export interface FlinkJob {
  id: string;
  name: string;
  state: string;
}

export interface FlinkWorker {
  id: string;
  slots: number;
  freeSlots: number;
}

/** Reads a path of the REST API. Throws an error with the answer's text if the answer is not a success. */
export async function readRest(restUrl: string, path: string, method = 'GET', body?: unknown): Promise<unknown> {
  const response = await fetch(`${restUrl}${path}`, {
    method,
    signal: AbortSignal.timeout(20_000),
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: body === undefined ? undefined : { 'content-type': 'application/json' },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`Flink answered ${response.status} to ${method} ${path}: ${text.slice(0, 500)}`);
  return text === '' ? {} : JSON.parse(text);
}

export async function listJobs(restUrl: string): Promise<FlinkJob[]> {
  return listAt(await readRest(restUrl, '/jobs/overview'), 'jobs').map((job) => ({
    id: textAt(job, 'jid'),
    name: textAt(job, 'name'),
    state: textAt(job, 'state'),
  }));
}

export async function listWorkers(restUrl: string): Promise<FlinkWorker[]> {
  return listAt(await readRest(restUrl, '/taskmanagers'), 'taskmanagers').map((worker) => ({
    id: textAt(worker, 'id'),
    slots: Number(fieldAt(worker, 'slotsNumber')),
    freeSlots: Number(fieldAt(worker, 'freeSlots')),
  }));
}

/** Asks for cancellation; the job may take a while to get there (waitForJob). */
export async function cancelJob(restUrl: string, jobId: string): Promise<void> {
  await readRest(restUrl, `/jobs/${jobId}?mode=cancel`, 'PATCH');
}

/** Waits until the job is in the state. A job that ended in another state is an error at once. */
export async function waitForJobState(
  restUrl: string,
  jobId: string,
  state: string,
  deadlineMs: number,
  explain: () => string,
): Promise<void> {
  let ended = '';
  await waitFor(
    `Flink job ${jobId} in state ${state}`,
    deadlineMs,
    async () => {
      const job = (await listJobs(restUrl)).find((candidate) => candidate.id === jobId);
      if (job?.state === state) return true;
      if (job !== undefined && ['FINISHED', 'FAILED', 'CANCELED'].includes(job.state)) {
        ended = job.state;
        return true;
      }
      return job === undefined ? 'no such job' : `state ${job.state}`;
    },
    explain,
  );
  if (ended !== '')
    throw new Error(`Flink job ${jobId} ended as ${ended}; ${state} was waited for.\n${explain()}`.trimEnd());
}
