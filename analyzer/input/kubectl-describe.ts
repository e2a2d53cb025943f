// Converts the output of `kubectl describe pod` and `kubectl get events` into the log lines that it stands for: how
// each container ended, and the warnings that the cluster gave. A pod that runs has been scheduled and its image
// pulled, whatever was said before. The words stay those of Kubernetes, on one line each. Pure functions.
import { toIso } from '../../core/time/iso.js';
import { quoteRegex } from '../../core/regex.js';

export function mayBePods(start: string): boolean {
  return (
    /^Name: +\S+\r?\n(?:.*\r?\n)?Namespace: +\S+/m.test(start) &&
    /^(?:Priority|Node|Service Account|Start Time|Labels):/m.test(start)
  );
}

export function mayBeEvents(start: string): boolean {
  return /^(?:NAMESPACE {1,80})?LAST SEEN {1,80}.{0,80}\bTYPE {1,80}REASON {1,80}.{0,80}OBJECT\b/m.test(start);
}

/** Log of one pod, and its name; a pod stands for a process. */
export interface PodLog {
  readonly pod: string;
  readonly log: string;
}

export function readPods(text: string): readonly PodLog[] {
  return text
    .replaceAll('\r', '')
    .split(/^(?=Name: +\S)/m)
    .flatMap((section) => {
      const pod = /^Name: +(\S+)/.exec(section)?.[1];
      return pod === undefined
        ? []
        : [
            {
              pod,
              log: readPod(pod, section)
                .map((line) => `${line}\n`)
                .join(''),
            },
          ];
    });
}

function readPod(pod: string, section: string): readonly string[] {
  const events = readEventTable(section);
  const containers = readContainers(pod, section, events);
  // An event that the end of a container repeats is left out.
  const relevant = events.filter(
    (event) => !(event.reason === 'Killing' && containers.some(({ why }) => why === event.message)),
  );
  return [
    ...readEnd(pod, section),
    ...containers.map(({ line }) => line),
    ...renderPodEvents(pod, relevant, /^ +State: +Running/m.test(section)),
  ];
}

/** Returns the line of a pod that failed as a whole: evicted, preempted, its node shut down. */
function readEnd(pod: string, section: string): readonly string[] {
  if (!/^Status: +Failed/m.test(section)) return [];
  const reason = /^Reason: +(\S.*)$/m.exec(section)?.[1];
  const message = /^Message: +(\S.*)$/m.exec(section)?.[1];
  return reason === undefined
    ? []
    : [`ERROR - Pod ${pod} failed: pod status: Failed(reason=${reason.trim()}, message=${message?.trim() ?? 'null'})`];
}

/** End of a container: `    Last State:     Terminated` and what is indented below it. */
const ENDED = /^ +(?:Last State|State): +Terminated\n((?: {6,}\S.*\n?)+)/gm;

interface ContainerEnd {
  readonly line: string;
  /** Message of the event that gives the reason. */
  readonly why: string | undefined;
}

/** Reasons without information: the kubelet says "Error" for each exit code that is not 0 and not for memory. */
const NO_REASON = /^(?:|Error|ContainerStatusUnknown)$/;
/** Exit codes of SIGKILL and SIGTERM: somebody ended the process. */
const ENDED_BY_SIGNAL = /^(?:137|143)$/;

function readContainers(pod: string, section: string, events: readonly PodEvent[]): readonly ContainerEnd[] {
  return section
    .split(/^ {2}(?=\S+:$)/m)
    .slice(1)
    .flatMap((block) => {
      const container = /^(\S+):$/m.exec(block)?.[1] ?? '';
      return [...block.matchAll(ENDED)].flatMap(([, details = '']) => {
        const reason = readField(details, 'Reason');
        const code = readField(details, 'Exit Code');
        if (code === '' || code === '0' || reason === 'Completed') return [];
        const message = readMessage(details);
        const restarts = readField(block, 'Restart Count');
        const isOpen = ENDED_BY_SIGNAL.test(code) && NO_REASON.test(reason);
        const why = isOpen ? findKilling(container, events) : undefined;
        const stated = why ?? (isOpen ? readPodReason(section, events) : undefined);
        const end = `Container ${container} of pod ${pod} ended: Exit Code: ${code}, Reason: ${reason}${restarts === '' ? '' : `, Restart Count: ${restarts}`}`;
        const known = stated === undefined ? end : `${end}, Stated: ${stated}${describeProbe(stated, block, events)}`;
        return [
          {
            line: `${readTime(readField(details, 'Finished'))}ERROR - ${known}${message === undefined ? '' : `\n${message}`}`,
            why,
          },
        ];
      });
    });
}

/**
 * Returns why the kubelet ended this container: a probe, another specification, a pod that was deleted or has to go.
 */
function findKilling(container: string, events: readonly PodEvent[]): string | undefined {
  const name = quoteRegex(container);
  const named = new RegExp(`[Cc]ontainer (?:"?${name}"?(?= |,|$)|failed )|//${name}:`);
  return events.findLast(({ reason, message }) => reason === 'Killing' && named.test(message))?.message;
}

/** Returns why the whole pod had to end: its own reason, or the event of whoever removed it. */
function readPodReason(section: string, events: readonly PodEvent[]): string | undefined {
  const reason = /^Status: +Failed/m.test(section) ? /^Reason: +(\S+)/m.exec(section)?.[1] : undefined;
  return reason ?? events.findLast((event) => event.reason !== 'Killing' && ENDINGS.test(event.reason))?.reason;
}

const PROBE = /failed (liveness|startup) probe|is unhealthy/;

/** Describes how the probe asked and what it got; both are in other parts of the same text. */
function describeProbe(stated: string, block: string, events: readonly PodEvent[]): string {
  const found = PROBE.exec(stated);
  if (found === null) return '';
  const kind = found[1] === 'startup' ? 'Startup' : 'Liveness';
  const probe = readField(block, kind);
  const failure = events.findLast(({ reason, message }) => reason === 'Unhealthy' && message.startsWith(kind))?.message;
  return [probe === '' ? '' : `, ${kind}: ${probe}`, failure === undefined ? '' : `, ${failure}`].join('');
}

/** Reads the message, which may have several lines, up to the field behind it. */
function readMessage(details: string): string | undefined {
  const [, text = ''] = /Message: +([^]*)/.exec(details) ?? [];
  const end = text.search(/\n +(?:Exit Code|Started|Finished):/);
  return end === -1 ? undefined : text.slice(0, end).trim();
}

function readField(text: string, name: string): string {
  return new RegExp(`^ *${name}: +(\\S.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
}

interface PodEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** Reads the table behind "Events:": type, reason, age, sender, message, with at least two blanks between them. */
function readEventTable(section: string): readonly PodEvent[] {
  const table = /^Events:\n([^]*)/m.exec(section)?.[1] ?? '';
  return table.split('\n').map((line) => {
    const [, type = '', reason = '', , , ...message] = line.split(/ {2,}/);
    return { type, reason, message: message.join(' ').trim() };
  });
}

function renderPodEvents(pod: string, events: readonly PodEvent[], runs: boolean): readonly string[] {
  return events.flatMap(({ type, reason, message }) =>
    isTelling(type, reason) && !(runs && PASSING.test(reason)) ? [renderEvent(`pod/${pod}`, reason, message)] : [],
  );
}

/** Reasons that are over when the pod runs. */
const PASSING =
  /^(?:FailedScheduling|Failed|BackOff|ErrImagePull|InspectFailed|FailedMount|FailedAttachVolume|FailedCreatePodSandBox|NetworkNotReady|NotTriggerScaleUp)$/;
/** Reasons that Kubernetes calls normal, although they end a process. */
const ENDINGS =
  /^(?:Killing|TaintManagerEviction|Preempting|Preempted|Evicted|NodeNotReady|NodeShutdown|ExceededGracePeriod|DeadlineExceeded)$/;

function isTelling(type: string, reason: string): boolean {
  return type === 'Warning' || (type === 'Normal' && ENDINGS.test(reason));
}

function renderEvent(object: string, reason: string, message: string): string {
  return `WARN  - Event ${reason} of ${object}: ${message.trim()}`;
}

/** Writes the lines of a table whose columns begin where those of its header begin. */
export function renderEvents(text: string): string {
  const lines = text.replaceAll('\r', '').split('\n');
  const headerAt = lines.findIndex((line) => mayBeEvents(line));
  const columns = [...(lines[headerAt] ?? '').matchAll(/\S+(?: \S+)*/g)].map((match) => ({
    name: match[0],
    at: match.index,
  }));
  const cell = (line: string, name: string): string => {
    const index = columns.findIndex((column) => column.name === name);
    return index < 0 ? '' : line.slice(columns[index]?.at, columns[index + 1]?.at).trim();
  };
  const events = lines
    .slice(headerAt + 1)
    .filter((line) => line.trim() !== '')
    .map((line) => ({
      type: cell(line, 'TYPE'),
      reason: cell(line, 'REASON'),
      object: cell(line, 'OBJECT'),
      message: cell(line, 'MESSAGE'),
    }));
  const started = new Set(events.filter(({ reason }) => reason === 'Started').map(({ object }) => object));
  return events
    .filter(({ type, reason, object }) => isTelling(type, reason) && !(PASSING.test(reason) && started.has(object)))
    .map(({ reason, object, message }) => `${renderEvent(object, reason, message)}\n`)
    .join('');
}

/** Converts `Thu, 10 Oct 2019 11:14:13 +0200` into the stamp of a log line, in UTC. */
function readTime(text: string): string {
  const time = Date.parse(text);
  return Number.isFinite(time) ? `${toIso(time)} ` : '';
}
