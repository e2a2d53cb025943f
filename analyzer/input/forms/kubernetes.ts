// What `kubectl describe pod` and `kubectl get events` print → the log lines that they stand for: how each container
// ended, and the warnings that the cluster gave. A pod that runs has been scheduled and its image pulled, whatever was
// said before. Called by read.ts; pure. The words stay those of Kubernetes, in one line each.

export function looksLikePods(head: string): boolean {
  return (
    /^Name: +\S+\r?\n(?:.*\r?\n)?Namespace: +\S+/m.test(head) &&
    /^(?:Priority|Node|Service Account|Start Time|Labels):/m.test(head)
  );
}

export function looksLikeEvents(head: string): boolean {
  return /^(?:NAMESPACE {1,80})?LAST SEEN {1,80}.{0,80}\bTYPE {1,80}REASON {1,80}.{0,80}OBJECT\b/m.test(head);
}

/** What one pod says, and its name: it stands for a process. */
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
              log: [...readEnd(pod, section), ...readContainers(pod, section), ...readPodEvents(pod, section)]
                .map((line) => `${line}\n`)
                .join(''),
            },
          ];
    });
}

/** A pod that failed as a whole: evicted, preempted, its node shut down. */
function readEnd(pod: string, section: string): readonly string[] {
  if (!/^Status: +Failed/m.test(section)) return [];
  const reason = /^Reason: +(\S.*)$/m.exec(section)?.[1];
  const message = /^Message: +(\S.*)$/m.exec(section)?.[1];
  return reason === undefined
    ? []
    : [`ERROR - Pod ${pod} failed: pod status: Failed(reason=${reason.trim()}, message=${message?.trim() ?? 'null'})`];
}

/** `    Last State:     Terminated` and what is indented below it. */
const ENDED = /^ +(?:Last State|State): +Terminated\n((?: {6,}\S.*\n?)+)/gm;

function readContainers(pod: string, section: string): readonly string[] {
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
        const end = `Container ${container} of pod ${pod} ended: Exit Code: ${code}, Reason: ${reason}${restarts === '' ? '' : `, Restart Count: ${restarts}`}`;
        return [
          `${readTime(readField(details, 'Finished'))}ERROR - ${end}${message === undefined ? '' : `\n${message}`}`,
        ];
      });
    });
}

/** It may have lines of its own: up to the field behind it. */
function readMessage(details: string): string | undefined {
  const [, text = ''] = /Message: +([^]*)/.exec(details) ?? [];
  const end = text.search(/\n +(?:Exit Code|Started|Finished):/);
  return end === -1 ? undefined : text.slice(0, end).trim();
}

function readField(text: string, name: string): string {
  return new RegExp(`^ *${name}: +(\\S.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
}

/** The table behind "Events:": type, reason, age, sender, message; two blanks or more between them. */
function readPodEvents(pod: string, section: string): readonly string[] {
  const table = /^Events:\n([^]*)/m.exec(section)?.[1] ?? '';
  const runs = /^ +State: +Running/m.test(section);
  return table.split('\n').flatMap((line) => {
    const [, type = '', reason = '', , , ...message] = line.split(/ {2,}/);
    return isTelling(type, reason) && !(runs && PASSING.test(reason))
      ? [renderEvent(`pod/${pod}`, reason, message.join(' '))]
      : [];
  });
}

/** Over when the pod runs. */
const PASSING =
  /^(?:FailedScheduling|Failed|BackOff|ErrImagePull|InspectFailed|FailedMount|FailedAttachVolume|FailedCreatePodSandBox|NetworkNotReady|NotTriggerScaleUp)$/;
/** Kubernetes calls these normal, though a process ends by them. */
const ENDINGS = /^(?:Killing|TaintManagerEviction|Preempting|Preempted|Evicted|NodeNotReady)$/;

function isTelling(type: string, reason: string): boolean {
  return type === 'Warning' || (type === 'Normal' && ENDINGS.test(reason));
}

function renderEvent(object: string, reason: string, message: string): string {
  return `WARN  - Event ${reason} of ${object}: ${message.trim()}`;
}

/** The lines of a table whose columns stand where its head has them. */
export function renderEvents(text: string): string {
  const lines = text.replaceAll('\r', '').split('\n');
  const headAt = lines.findIndex((line) => looksLikeEvents(line));
  const columns = [...(lines[headAt] ?? '').matchAll(/\S+(?: \S+)*/g)].map((match) => ({
    name: match[0],
    at: match.index,
  }));
  const cell = (line: string, name: string): string => {
    const index = columns.findIndex((column) => column.name === name);
    return index < 0 ? '' : line.slice(columns[index]?.at, columns[index + 1]?.at).trim();
  };
  const events = lines
    .slice(headAt + 1)
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

/** `Thu, 10 Oct 2019 11:14:13 +0200` → the stamp of a log line, in UTC. */
function readTime(text: string): string {
  const time = Date.parse(text);
  return Number.isFinite(time) ? `${new Date(time).toISOString()} ` : '';
}
