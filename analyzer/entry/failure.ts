// Is this entry a failure by itself, whether a rule names it or not? Only what ends something counts: a task or job
// that switches to a failed state, a process that dies or does not start, a program that could not be submitted, a
// stack trace that stands alone, an error in an excerpt that holds nothing else. A warning with a handled exception, a
// retry or a noisy client is none. Pure; called by scan.ts.
import type { Fact } from '../../flink/facts/fact.js';
import type { ParsedEntry, Source } from '../../core/types.js';
import { fingerprint, firstUserFrame, ownerOfFrames, root } from '../../flink/trace/chain.js';
import { CLIENT_WORDS, PROCESS_WORDS } from '../catalog/failure-words.js';
import { toFailureLinks, type FailureKind, type FailurePart } from './signal.js';

/**
 * A part of a job in the JobManager says that the job fails by it; the job's own line comes later, and is often cut
 * off.
 */
const JOB_WORDS = [
  'Failed to create Source Enumerator for source',
  'Triggering job failover',
  'Trying to recover from a global failure.',
] as const;

/**
 * A JobManager that did not start tells why in this line, at level INFO; without a trace it only follows the job's end.
 */
const SHUTDOWN_WORDS = ' down with application status FAILED. Diagnostics';

/** Exceptions that end a submission, whoever logs them as an error. */
const CLIENT_TYPES = [
  'ProgramInvocationException',
  'JobSubmissionException',
  'ApplicationExecutionException',
  'SqlExecutionException',
  'SqlClientException',
  'CliArgsException',
] as const;

/** It ends a submission whoever tells of it, and at whatever level: the REST handlers of a JobManager warn. */
const SUBMISSION_TYPE = 'ProgramInvocationException';

/** What the client throws at a program whose job did not start or failed. */
const JOB_TYPES = [
  'org.apache.flink.client.program.ProgramInvocationException',
  'org.apache.flink.runtime.client.JobExecutionException',
  'org.apache.flink.runtime.client.JobSubmissionException',
] as const;

const PROGRAM_FRAME = 'at org.apache.flink.client.program.PackagedProgram.callMainMethod(';

/** A thread that runs when a client ends, after the job was submitted, and still wants a class of the job's. */
const LEAVING = { thread: /^Exception in thread "Thread-\d+"/, words: 'Trying to access closed classloader' } as const;

/** What Flink itself does on purpose. */
const EXPECTED = 'FlinkExpectedException';
/** Not failures at all, or only what another failure leaves behind. */
const CONSEQUENCE_TYPES = [
  'CancelTaskException',
  EXPECTED,
  'JobCancellationException',
  'ProducerFailedException',
] as const;

/**
 * How an example of Beam ends; a log that a browser asked for and that the TaskManager does not keep; a JobManager that
 * takes no jars from browsers; two Kafka clients of one name in a process, of which one is shown in JMX; a name that
 * JMX does not take; how Netty tries what this Java allows and which of its libraries are there; ZooKeeper's client
 * without SASL; a number of Kafka's client that the source cannot show; a source that waits for its next part when its
 * job is stopped.
 */
const HARMLESS: readonly { readonly type: string; readonly words: string; readonly frame?: string }[] = [
  { type: '.UnsupportedOperationException', words: 'FlinkRunnerResult does not support cancel' },
  { type: '.FlinkException', words: ' is not available on the TaskExecutor' },
  { type: '.FlinkException', words: ' does not exist on the TaskExecutor' },
  { type: '.FlinkException', words: 'The module flink-runtime-web could not be found in the class path' },
  { type: '.InstanceAlreadyExistsException', words: 'type=app-info' },
  { type: '.MalformedObjectNameException', words: '' },
  { type: '.UnsupportedOperationException', words: 'Reflective setAccessible(true) disabled' },
  ...['epoll', 'kqueue'].flatMap((way) =>
    ['x86_64', 'aarch_64'].map((machine) => ({
      type: '.UnsatisfiedLinkError',
      words: `netty_transport_native_${way}_${machine} in java.library.path`,
    })),
  ),
  { type: '.LoginException', words: "No JAAS configuration section named 'Client'" },
  { type: '.FlinkRuntimeException', words: 'InterruptedException while waiting for asynchronously snapshot split' },
  // The sink asks for its numbers in the same way, and fails.
  {
    type: '.IllegalStateException',
    words: 'Cannot find Kafka metric',
    frame: '.source.metrics.KafkaSourceReaderMetrics.',
  },
  // A timer of Beam's on Windows.
  { type: 'OverflowError', words: 'timeout value is too large', frame: 'data_plane.py:' },
];

/**
 * The client looks which command lines it has, and goes on without YARN's where Hadoop is not there; so does a process
 * without Hadoop's security.
 */
const TRYING_FRAMES = [
  'org.apache.flink.client.cli.CliFrontend.loadCustomCommandLines(',
  'org.apache.flink.runtime.security.modules.HadoopModuleFactory.createModule(',
] as const;

/** What a source logs as an error and asks for once more: a lease of Fluss that runs out by itself. */
const HANDLED_WORDS = ['Failed to release kv snapshot lease'] as const;

/**
 * A CDC source (or Debezium in it) tells of what ended its reader, Hudi's coordinator of what it fails the job by; the
 * same exception comes again, often in a line that nobody copies.
 */
const REPORTED = [
  { loggers: ['debezium.internal.Handover', 'debezium.DebeziumSourceFunction'], words: ['Reporting error:'] },
  { loggers: ['io.debezium.pipeline.ErrorHandler'], words: ['Producer failure'] },
  {
    loggers: ['io.debezium.connector.mysql.BinlogReader', 'io.debezium.connector.mysql.SnapshotReader'],
    words: ['Failed due to error:'],
  },
  // Its other action, the sync to Hive, is told of and no more.
  {
    loggers: ['hudi.sink.StreamWriteOperatorCoordinator'],
    words: [
      'action [initialize instant',
      'action [commits the instant',
      'action [taking checkpoint',
      'action [handle ',
      'action [request instant',
      'Failed to start operator coordinator',
    ],
  },
] as const;

/**
 * The gateway tells its client that a statement goes on in the next line; a script that ends there is told by the
 * client.
 */
const UNFINISHED = { type: 'SqlParserEOFException', logger: '.table.gateway.' } as const;

/** Entry → failure, or undefined when nothing ended; `isAlone` in an excerpt that tells of nothing else. */
export function readFailure(
  parsed: ParsedEntry,
  facts: readonly Fact[],
  source: Source,
  isAlone = false,
): FailurePart | undefined {
  const kind = classify(parsed, facts, source) ?? (isAlone && isLogged(parsed) ? 'bare' : undefined);
  if (kind === undefined) return undefined;
  const chain = toFailureLinks(parsed.links);
  const last = root(parsed.links);
  if (last !== undefined && CONSEQUENCE_TYPES.some((type) => last.type.endsWith(type)) && !endsByOrder(kind, parsed))
    return undefined;
  const userFrame = firstUserFrame(parsed.links);
  return {
    kind,
    chain,
    fingerprint: fingerprint(parsed.links, readHeadline(parsed.message)),
    owner: parsed.links.length === 0 ? 'framework' : ownerOfFrames(parsed.links),
    userFrame,
    message: readHeadline(parsed.message),
  };
}

/**
 * A TaskManager that stops in good order takes the tasks with it; the job that may not restart, and who waited for it,
 * end all the same.
 */
function endsByOrder(kind: FailureKind, { links }: ParsedEntry): boolean {
  return (
    root(links)?.type.endsWith(EXPECTED) === true &&
    (kind === 'client' || kind === 'bare' || links.some((link) => link.type.endsWith('.JobException')))
  );
}

function classify(parsed: ParsedEntry, facts: readonly Fact[], source: Source): FailureKind | undefined {
  for (const fact of facts) {
    if (fact.type === 'task-state' && fact.to === 'FAILED') return 'task';
    if (fact.type === 'job-state' && isFailedState(fact.to, parsed)) return 'job';
  }
  const { message } = parsed;
  if (
    parsed.logger?.includes(UNFINISHED.logger) === true &&
    parsed.links.some((link) => link.type.endsWith(UNFINISHED.type))
  )
    return undefined;
  if (message.includes(' reached terminal state FAILED')) return 'job';
  if (PROCESS_WORDS.some((words) => message.includes(words))) return 'process';
  if (parsed.links.length > 0 && JOB_WORDS.some((words) => message.includes(words))) return 'job';
  if (parsed.links.length > 0 && message.includes(SHUTDOWN_WORDS)) return 'process';
  if (parsed.links.length > 0 && message.includes(LEAVING.words) && LEAVING.thread.test(message)) return undefined;
  if (isClientFailure(parsed, source)) return 'client';
  if (isBare(parsed, source) || isReported(parsed)) return 'bare';
  return undefined;
}

/**
 * A job that restarts for another reason (rescaling) has no exception; one that is cancelled or suspended has not
 * failed.
 */
function isFailedState(state: string, parsed: ParsedEntry): boolean {
  if (state === 'FAILED' || state === 'FAILING') return true;
  return state === 'RESTARTING' && parsed.links.length > 0;
}

/**
 * The client called the program's main, which logged as an error, with a logger and words of its own, what it could not
 * do, or what its job came to.
 */
export function endsProgram({ level, stack, links }: ParsedEntry): boolean {
  return (
    (level === 'ERROR' || level === 'FATAL') &&
    (stack?.includes(PROGRAM_FRAME) === true || links.some(({ type }) => JOB_TYPES.some((known) => type === known)))
  );
}

function isClientFailure(parsed: ParsedEntry, source: Source): boolean {
  if (CLIENT_WORDS.some((words) => parsed.message.includes(words))) return parsed.links.length > 0;
  if (parsed.logger !== undefined && parsed.links.some((link) => link.type.endsWith(SUBMISSION_TYPE))) return true;
  if (parsed.level !== 'ERROR' && parsed.level !== 'FATAL' && parsed.layout !== 'none') return false;
  if (parsed.layout === 'none' && source.kind === 'out' && source.component !== 'client') return false;
  if (endsProgram(parsed)) return true;
  return parsed.links.some((link) => CLIENT_TYPES.some((type) => link.type.endsWith(type)));
}

/** Who was interrupted has been cancelled. */
function isInterrupted(links: ParsedEntry['links']): boolean {
  return links.some((link) => link.type.endsWith('InterruptedException'));
}

function isReported({ logger, message, links }: ParsedEntry): boolean {
  return (
    links.length > 0 &&
    !isInterrupted(links) &&
    REPORTED.some(
      ({ loggers, words }) =>
        words.some((text) => message.includes(text)) && loggers.some((name) => logger?.endsWith(name) === true),
    )
  );
}

/** `[...]` in a line of its own: somebody left out lines, and the trace behind it belongs to none of those before. */
const GAP = /\n[ \t]*[[(<]?(?:\.{3,}|…+)[\])>]?$/;

/**
 * A trace that nobody's log line introduces: a paste, a console. In .out and .err files programs print what they
 * handled.
 */
function isBare(parsed: ParsedEntry, source: Source): boolean {
  if (parsed.links.length === 0 || isHarmless(parsed)) return false;
  if (parsed.logger !== undefined) return GAP.test(parsed.message);
  // Consoles and chats put a time and a level in front of every line of a trace.
  if (
    parsed.level !== undefined &&
    !/^(?:Caused by: )?[\w$]+(?:\.[\w$]+)+(?:Exception|Error)\b/.test(
      parsed.message === '' ? (parsed.stack ?? '') : parsed.message,
    )
  )
    return false;
  if (/^Exception in thread "/.test(parsed.message) || /^Exception in thread "/.test(parsed.stack ?? '')) return true;
  return source.kind === 'log' || source.kind === 'unknown' || source.component === 'client';
}

/** What a JobManager could not answer to a browser or a client, and what could not be told to those who watch. */
const ASIDE = ['.runtime.rest.handler.', 'org.apache.flink.metrics.', 'io.openlineage.'] as const;

/** An error with its trace, of which only the lines around it would tell whether anything ended with it. */
function isLogged(parsed: ParsedEntry): boolean {
  const { level, logger, links } = parsed;
  return (
    (level === 'ERROR' || level === 'FATAL') &&
    links.length > 0 &&
    !isInterrupted(links) &&
    !ASIDE.some((name) => logger?.includes(name) === true) &&
    !isHarmless(parsed)
  );
}

/**
 * A warning of a connector or a library that may have been repeated until it went well; Flink itself says what ends by
 * one.
 */
export function isWarning({ level, logger, links }: ParsedEntry): boolean {
  return level === 'WARN' && links.length > 0 && logger?.startsWith(RUNTIME) === false;
}

const RUNTIME = 'org.apache.flink.runtime.';

/**
 * What a JVM throws that cannot load or open the program's classes; nobody goes on after that, whatever line stands
 * before.
 */
const LOADING_TYPES = [
  'java.lang.reflect.InaccessibleObjectException',
  'java.io.InvalidClassException',
  'java.lang.NoClassDefFoundError',
  'java.lang.NoSuchMethodError',
  'java.lang.NoSuchFieldError',
  'java.lang.AbstractMethodError',
  'java.lang.IncompatibleClassChangeError',
  'java.lang.UnsupportedClassVersionError',
  'java.lang.IllegalAccessError',
  'java.lang.VerifyError',
] as const;

/** A console shows the trace that ended a program behind whatever the program logged last. */
export function endsBehind({ level, links }: ParsedEntry): boolean {
  const last = root(links);
  return level === 'INFO' && last !== undefined && LOADING_TYPES.some((type) => last.type === type);
}

/**
 * An operator could not write its part: the checkpoint failed, and the exception inside says why, whether the job goes
 * on or not.
 */
const CHECKPOINT_WORDS = [
  'Could not materialize checkpoint ',
  'Could not complete snapshot ',
  'Could not perform checkpoint ',
] as const;

export function endsCheckpoint({ links }: ParsedEntry): boolean {
  return links.length > 1 && links.some(({ message }) => CHECKPOINT_WORDS.some((words) => message.startsWith(words)));
}

/**
 * Words without a class, with frames or without: the message of an exception as a page shows it, or as people tell of
 * it. Programs print anything.
 */
export function isMessage({ level, links }: ParsedEntry, { kind }: Source): boolean {
  return (
    links.every(({ type }) => type === '') &&
    kind !== 'out' &&
    (level === undefined || level === 'ERROR' || level === 'FATAL')
  );
}

/** A trace that a library prints with a warning and goes on, when the line before it was left out. */
function isHarmless({ message, links }: ParsedEntry): boolean {
  const last = root(links);
  if (HANDLED_WORDS.some((words) => message.includes(words))) return true;
  if (links.some(({ frames }) => frames.some((frame) => TRYING_FRAMES.some((known) => frame.startsWith(known)))))
    return true;
  return (
    last !== undefined &&
    HARMLESS.some(
      ({ type, words, frame }) =>
        last.type.endsWith(type) &&
        last.message.includes(words) &&
        (frame === undefined || last.frames.some((at) => at.includes(frame))),
    )
  );
}

function readHeadline(message: string): string {
  const line = message.split('\n', 1)[0] ?? '';
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
}
