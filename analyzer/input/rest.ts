// Converts the saved answer of Flink's REST API to /jobs/:id/exceptions into the text of a log that says the same: one
// entry for each exception of the history, with its task and TaskManager, the oldest first. Such an answer is what
// people have when the logs are gone. Both forms are read: `root-exception` (to 1.20) and `exceptionHistory` (from
// 1.13). Pure functions.
import { toIso } from '../../core/time/iso.js';
import { fieldAt, listAt, textAt } from '../../core/json.js';

/** True if a text that begins so may be such an answer, printed on one line or on many. */
export function mayBeExceptions(start: string): boolean {
  return /^\s*\{\s*"(root-exception|exceptionHistory|all-exceptions|timestamp)"/.test(start);
}

/** Converts an answer into a log; undefined if the document is not such an answer. */
export function renderExceptions(document: string): string | undefined {
  const answer = parse(document);
  const history = listAt(fieldAt(answer, 'exceptionHistory'), 'entries');
  const root = textAt(answer, 'root-exception');
  if (history.length === 0 && root === '')
    return fieldAt(answer, 'exceptionHistory') === undefined && fieldAt(answer, 'root-exception') === undefined
      ? undefined
      : '';
  const failures = history.flatMap((entry) => [entry, ...listAt(entry, 'concurrentExceptions')]).map(readException);
  const all =
    failures.length > 0
      ? failures
      : [{ time: Number(fieldAt(answer, 'timestamp') ?? 0), words: 'The job failed', trace: root }];
  return all
    .sort((a, b) => a.time - b.time)
    .map(({ time, words, trace }) => `${formatTime(time)} WARN  ${LOGGER} [] - ${words}.\n${trace.trimEnd()}\n`)
    .join('');
}

/** Class in which Flink itself keeps the history. */
const LOGGER = 'org.apache.flink.runtime.scheduler.exceptionhistory.ExceptionHistoryEntry';

interface RestFailure {
  readonly time: number;
  readonly words: string;
  readonly trace: string;
}

function readException(entry: unknown): RestFailure {
  const task = textAt(entry, 'taskName');
  const place = textAt(entry, 'endpoint') || textAt(entry, 'location');
  const worker = textAt(entry, 'taskManagerId');
  return {
    time: Number(fieldAt(entry, 'timestamp') ?? 0),
    words: `${task === '' ? 'The job' : task} failed${worker === '' ? '' : ` on ${worker}`}${place === '' || place === '(unassigned)' ? '' : ` @ ${place}`}`,
    trace: textAt(entry, 'stacktrace'),
  };
}

/** Formats a time in Flink's own layout, in UTC. */
function formatTime(time: number): string {
  return toIso(time).replace('T', ' ').replace('.', ',').replace('Z', '');
}

function parse(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch {
    return undefined; // no JSON, so no answer of the API
  }
}
