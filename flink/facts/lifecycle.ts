// Reads transitions of jobs, tasks, slots, checkpoints and processes, and connections between them. Rows for facts.ts.
// Literals: Flink's ExecutionGraph, Execution, Task, TaskExecutor, ResourceManager, CheckpointCoordinator, Dispatcher,
// ClusterEntrypoint, each in all its forms since 1.4. Names of jobs and tasks are free text, line breaks included, so
// patterns rely on what follows them.
import type { Fact } from './fact.js';
import { begins, holds, namesNobody, optional, splitResource, type FactRow, type Groups } from './row.js';

const JOB = '([0-9a-f]{32})';
/**
 * Id as people show it: they black ids out or shorten them before they publish a log: `(xxx)`, `(<hash>)`, `(5a2b…)`.
 */
const SHOWN = String.raw`([^()\s]{1,160})`;
const TASK = String.raw`([\s\S]+) \((\d+)/(\d+)\)(?:#(\d+))?`;
const QUOTED = String.raw`'?([\s\S]*?)'?`;
/** Job with its id. Some old releases print the id first and the name after it. */
const SUBMISSION = String.raw`(?:${JOB} \(([\s\S]*)\)|${QUOTED} \(${JOB}\))\.?\s*$`;
const DETAIL_LIMIT = 2000;
/** Reasons for which a TaskManager is released because the job ends, so that it is not lost. */
const NOT_LOST =
  /^(?:ResourceManager leader changed|Stopping JobMaster|JobMaster |JobManager is shutting|The JobMaster|TaskExecutor .{1,200} has no more allocated slots|Job .{1,300} (?:finished|is done))/;

const JOBS: readonly FactRow[] = [
  begins('Received JobGraph submission ', `^Received JobGraph submission ${SUBMISSION}`, readSubmission),
  begins('Received job submission ', `^Received job submission ${SUBMISSION}`, readSubmission),
  begins('Submitting job ', String.raw`^Submitting job ${QUOTED} \(${JOB}\)`, ([, jobName = '', jobId = '']) => [
    { type: 'job-submitted', jobId, jobName },
  ]),
  begins('Initializing job ', String.raw`^Initializing job ${QUOTED} \(${JOB}\)`, ([, jobName = '', jobId = '']) => [
    { type: 'job-submitted', jobId, jobName },
  ]),
  begins(
    'Starting execution of job ',
    String.raw`^Starting execution of job ${QUOTED} \(${JOB}\) under job master id`,
    ([, jobName = '', jobId = '']) => [{ type: 'job-submitted', jobId, jobName }],
  ),
  holds(
    ' switched from state ',
    String.raw`^Job ([\s\S]*) \(${SHOWN}\) switched from state (\w+) to (\w+)\.`,
    ([, jobName = '', jobId = '', from = '', to = '']) => [{ type: 'job-state', jobId, jobName, from, to }],
  ),
  holds(
    ' reached terminal state ',
    String.raw`^Job ${JOB} reached terminal state (\w+)\.`,
    ([, jobId = '', to = '']) => [{ type: 'job-state', jobId, from: 'UNKNOWN', to }],
  ),
  holds(' has been suspended.', String.raw`^Job ${JOB} has been suspended\.`, ([, jobId = '']) => [
    { type: 'job-state', jobId, from: 'UNKNOWN', to: 'SUSPENDED' },
  ]),
  begins(
    'Using restart back off time strategy ',
    String.raw`^Using restart back off time strategy (.{1,500}) for [\s\S]* \(${JOB}\)\.`,
    ([, strategy = '', jobId = '']) => [{ type: 'restart-strategy', jobId, strategy }],
  ),
  namesNobody(
    holds(
      ' tasks should be restarted to recover',
      String.raw`^(\d+) tasks should be restarted to recover`,
      ([, count]) => [{ type: 'tasks-restarting', count: Number(count) }],
    ),
  ),
];

const TASKS: readonly FactRow[] = [
  begins(
    'Deploying ',
    String.raw`^Deploying ${TASK} \(attempt #(\d+)\)(?: with attempt id ([0-9a-f_]+))?(?: and vertex id ([0-9a-f]{32})(?:_\d+)?)? to (\S+)(?: @ \S+)?(?: \(dataPort=-?\d+\))?(?: with allocation id ([0-9a-f]{32}))?`,
    readDeployed,
  ),
  begins(
    'Received task ',
    String.raw`^Received task ${TASK}(?: \(([0-9a-f_]+)\))?(?:, deploy into slot with allocation id ([0-9a-f]{32}))?`,
    readReceived,
  ),
  // States between the deployment, which another line states, and RUNNING do not matter; they are half of the lines.
  {
    ...holds(
      ' switched from ',
      String.raw`^${TASK} \(${SHOWN}\) switched from (\w+) to (RUNNING|FINISHED|CANCELED|FAILED)\b(?: on (\S+) @ (\S+))?`,
      readTaskState,
    ),
    literals: [' to RUNNING', ' to FINISHED', ' to CANCELED', ' to FAILED'],
  },
];

const SLOTS: readonly FactRow[] = [
  begins(
    'Receive slot request ',
    String.raw`^Receive slot request (?:AllocationID\{)?([0-9a-f]{32})\}? for job ${JOB}`,
    ([, allocationId = '', jobId = '']) => [{ type: 'slot', allocationId, jobId, event: 'requested' }],
  ),
  begins(
    'Starting allocation of slot ',
    String.raw`^Starting allocation of slot ([0-9a-f]{32}) from \S+ for job ${JOB}`,
    ([, allocationId = '', jobId = '']) => [{ type: 'slot', allocationId, jobId, event: 'allocated' }],
  ),
  begins(
    'Free slot TaskSlot(',
    String.raw`allocationId: (?:AllocationID\{)?([0-9a-f]{32})\}?, jobId: ${JOB}`,
    ([, allocationId = '', jobId = '']) => [{ type: 'slot', allocationId, jobId, event: 'freed' }],
  ),
  begins(
    'Establish JobManager connection for job ',
    `^Establish JobManager connection for job ${JOB}`,
    ([, jobId = '']) => [{ type: 'job-connection', jobId, event: 'established' }],
  ),
  // The TaskManager has no slot of the job left.
  begins('Remove job ', `^Remove job ${JOB} from job leader monitoring`, ([, jobId = '']) => [
    { type: 'job-connection', jobId, event: 'closed' },
  ]),
  begins('Close JobManager connection for job ', `^Close JobManager connection for job ${JOB}`, ([, jobId = '']) => [
    { type: 'job-connection', jobId, event: 'closed' },
  ]),
];

const CHECKPOINTS: readonly FactRow[] = [
  // Every checkpoint is triggered before it completes or fails, so a diagnosis does not need this fact.
  {
    ...begins(
      'Triggering checkpoint ',
      String.raw`^Triggering checkpoint (\d+)(?: \(type=(.*)\))? @ \d+(?: for job ${JOB})?`,
      ([, id, type = '', jobId]) => [checkpoint('triggered', id, jobId, type.toLowerCase().includes('savepoint'))],
    ),
    idle: true,
  },
  begins(
    'Triggering Checkpoint ',
    String.raw`^Triggering Checkpoint (\d+) for job ${JOB} failed`,
    ([, id, jobId]) => [checkpoint('failed', id, jobId)],
    [' failed due to '],
  ),
  begins('Completed checkpoint ', String.raw`^Completed checkpoint (\d+)(?: for job ${JOB})? \(`, ([, id, jobId]) => [
    checkpoint('completed', id, jobId),
  ]),
  begins('Decline checkpoint ', String.raw`^Decline checkpoint (\d+) by task \S+ of job ${JOB}`, ([, id, jobId]) => [
    checkpoint('declined', id, jobId),
  ]),
  holds(
    ' expired before completing.',
    String.raw`^Checkpoint (\d+) of job ${JOB} expired before completing`,
    ([, id, jobId]) => [checkpoint('expired', id, jobId)],
  ),
  begins(
    'Failed to trigger or complete checkpoint ',
    String.raw`^Failed to trigger or complete checkpoint (\d+) for job ${JOB}`,
    ([, id, jobId]) => [checkpoint('failed', id, jobId)],
  ),
  begins(
    'Failed to trigger checkpoint ',
    String.raw`^Failed to trigger checkpoint (\d+) for job ${JOB}`,
    ([, id, jobId]) => [checkpoint('failed', id, jobId)],
  ),
  begins(
    'Restoring job ',
    String.raw`^Restoring job ${JOB} from (?:latest valid checkpoint: )?(\w+) (\d+) @`,
    ([, jobId, kind, id]) => [checkpoint('restored', id, jobId, kind === 'Savepoint')],
  ),
  begins('Starting job ', String.raw`^Starting job ${JOB} from savepoint (\S+)`, ([, jobId, path = '']) => [
    checkpoint('restored', /chk-(\d+)/.exec(path)?.[1] ?? '-1', jobId, !path.includes('/chk-')),
  ]),
];

const TASK_MANAGERS: readonly FactRow[] = [
  begins(
    'Registering TaskManager with ResourceID ',
    String.raw`^Registering TaskManager with ResourceID (\S+) \((\S+)\) at ResourceManager`,
    ([, id = '', address = '']) => [
      { type: 'taskmanager-registered', resourceId: splitResource(id).resourceId, address },
    ],
  ),
  begins(
    'Registering task executor ',
    String.raw`^Registering task executor (\S+) under \S+ at the slot manager`,
    ([, id = '']) => [{ type: 'taskmanager-registered', ...splitResource(id) }],
  ),
  begins(
    'Worker ',
    String.raw`^Worker (\S+) is registered\.`,
    ([, id = '']) => [{ type: 'taskmanager-registered', ...splitResource(id) }],
    [' is registered.'],
  ),
  begins(
    'Worker ',
    String.raw`^Worker (\S+) is terminated\. Diagnostics: ([\s\S]*)`,
    ([, id = '', reason = '']) => lost(id, reason),
    [' is terminated. Diagnostics: '],
  ),
  holds(
    'eartbeat of TaskManager with id ',
    String.raw`^(The heartbeat|Heartbeat) of TaskManager with id (\S+)\s+timed out`,
    ([, , id = '']) => lost(id, 'heartbeat timed out'),
  ),
  begins('TaskManager with id ', String.raw`^TaskManager with id (\S+) is no longer reachable`, ([, id = '']) =>
    lost(id, 'no longer reachable'),
  ),
  begins(
    'Closing TaskExecutor connection ',
    String.raw`^Closing TaskExecutor connection (\S+) because: ([\s\S]*)`,
    ([, id = '', reason = '']) => lost(id, reason),
  ),
  begins(
    'Disconnect TaskExecutor ',
    String.raw`^Disconnect TaskExecutor (\S+) because: ([\s\S]*)`,
    ([, id = '', reason = '']) => lost(id, reason),
  ),
];

const PROCESSES: readonly FactRow[] = [
  begins('RECEIVED SIGNAL ', '^RECEIVED SIGNAL (.*)', ([, detail = '']) => [
    { type: 'process-end', reason: 'signal', detail },
  ]),
  ...[
    'FATAL: Thread ',
    'Fatal error occurred ',
    'Could not start cluster entrypoint ',
    'Terminating due to java.lang.',
    'Aborting due to java.lang.',
    'Task did not exit gracefully within ',
    'TaskManager initialization failed',
  ].map((anchor) => begins(anchor, '^(.*)', ([, detail = '']) => fatal(detail))),
  ...['# There is insufficient memory', '# A fatal error has been detected'].map((anchor) =>
    holds(anchor, String.raw`(?:^|\n)# ((?:There is insufficient|A fatal error).*)`, ([, detail = '']) =>
      fatal(detail),
    ),
  ),
  holds(
    ' down with application status ',
    String.raw`^Shutting \S+ down with application status ([\s\S]*)`,
    ([, detail = '']) => [{ type: 'process-end', reason: 'exit', detail: detail.slice(0, DETAIL_LIMIT) }],
  ),
  begins('Shutting down TaskExecutorLocalStateStoresManager', '^Shutting down ', () => [
    { type: 'process-end', reason: 'shutdown' },
  ]),
  begins('Terminating cluster entrypoint process ', '^Terminating (.*)', ([, detail = '']) => [
    { type: 'process-end', reason: 'exit', detail },
  ]),
  begins('Terminating TaskManagerRunner with exit code ', '^Terminating (.*)', ([, detail = '']) => [
    { type: 'process-end', reason: 'exit', detail },
  ]),
];

export const LIFECYCLE_ROWS: readonly FactRow[] = [
  ...JOBS,
  ...TASKS.map(namesNobody),
  ...SLOTS,
  ...CHECKPOINTS,
  // Facts about other processes, and about the end of this one, do not name the process that logs them.
  ...TASK_MANAGERS.map(namesNobody),
  ...PROCESSES.map(namesNobody),
];

function readSubmission([, oldId, oldName, name, id]: Groups): Fact[] {
  return [{ type: 'job-submitted', jobId: oldId ?? id ?? '', jobName: oldName ?? name ?? '' }];
}

function readDeployed(
  [, task = '', subtask, parallelism, , attempt, attemptId, vertexId, target = '', allocationId]: Groups,
  message: string,
): Fact[] {
  const resourceId = message.includes(` to ${target} @ `) ? splitResource(target).resourceId : undefined;
  return [
    {
      type: 'task-deployed',
      task,
      subtask: Number(subtask),
      parallelism: Number(parallelism),
      attempt: Number(attempt),
      ...optional('attemptId', attemptId),
      ...optional('vertexId', vertexId ?? vertexOf(attemptId)),
      ...optional('resourceId', resourceId),
      ...optional('allocationId', allocationId),
    },
  ];
}

function readReceived([, task = '', subtask, parallelism, attempt, attemptId, allocationId]: Groups): Fact[] {
  return [
    {
      type: 'task-received',
      task,
      subtask: Number(subtask),
      parallelism: Number(parallelism),
      ...optional('attempt', attemptOf(attempt, attemptId)),
      ...optional('attemptId', attemptId),
      ...optional('allocationId', allocationId),
    },
  ];
}

function readTaskState([
  ,
  task = '',
  subtask,
  parallelism,
  attempt,
  attemptId = '',
  from = '',
  to = '',
  resource,
  host,
]: Groups): Fact[] {
  return [
    {
      type: 'task-state',
      task,
      subtask: Number(subtask),
      parallelism: Number(parallelism),
      ...optional('attempt', attemptOf(attempt, attemptId)),
      attemptId,
      from,
      to,
      ...optional('resourceId', resource === undefined ? undefined : splitResource(resource).resourceId),
      ...optional('host', host?.replace(/\.$/, '')),
    },
  ];
}

/** Returns the attempt. Since 1.16, an attempt id is `<graph>_<vertex>_<subtask>_<attempt>`. */
function attemptOf(printed: string | undefined, attemptId: string | undefined): number | undefined {
  if (printed !== undefined) return Number(printed);
  const parts = attemptId?.split('_') ?? [];
  return parts.length === 4 ? Number(parts[3]) : undefined;
}

function vertexOf(attemptId: string | undefined): string | undefined {
  const parts = attemptId?.split('_') ?? [];
  return parts.length === 4 ? parts[1] : undefined;
}

function checkpoint(
  event: 'triggered' | 'completed' | 'failed' | 'declined' | 'expired' | 'restored',
  id: string | undefined,
  jobId: string | undefined,
  savepoint = false,
): Fact {
  return {
    type: 'checkpoint',
    checkpointId: Number(id),
    event,
    ...optional('jobId', jobId),
    ...(savepoint ? { savepoint } : {}),
  };
}

function fatal(detail: string): Fact[] {
  return [{ type: 'process-end', reason: 'fatal', detail: detail.slice(0, DETAIL_LIMIT) }];
}

function lost(id: string, reason: string): Fact[] {
  const text = reason.trim().slice(0, DETAIL_LIMIT);
  return NOT_LOST.test(text)
    ? []
    : [{ type: 'taskmanager-lost', resourceId: splitResource(id).resourceId, ...optional('reason', text) }];
}
