// Converts a thread dump into the log lines that it stands for: tasks that wait for network buffers, and threads that
// wait for each other. Everything else in a dump is normal in a working process. Forms: jstack (also
// `jcmd Thread.print`, kill -3), and the answer of Flink's REST API to /taskmanagers/:id/thread-dump and
// /jobmanager/thread-dump. Pure functions.
import { listAt, textAt } from '../../core/json.js';

export function mayBeThreadDump(start: string): boolean {
  return (
    /^(?:\d+:\s*\r?\n)?(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\s*\r?\n)?Full thread dump /.test(start) ||
    DEADLOCK_ALONE.test(start) ||
    mayBeThreadAnswer(start)
  );
}

/** End of a dump, which is the part that people copy. */
const DEADLOCK_ALONE = /^\s*Found (?:one|\d+) Java-level deadlocks?:\s*\r?\n=+\s*\r?\n/;

function mayBeThreadAnswer(start: string): boolean {
  return /^\s*\{\s*"threadInfos"\s*:/.test(start);
}

export function renderThreadDump(text: string): string | undefined {
  const dump = mayBeThreadAnswer(text) ? readAnswer(text) : readText(text.replaceAll('\r', ''));
  if (dump === undefined) return undefined;
  return [...renderWaiting(dump), ...renderDeadlock(dump)].map((line) => `${dump.time}${line}\n`).join('');
}

interface Thread {
  readonly name: string;
  readonly frames: readonly string[];
  readonly waits: boolean;
}

interface Dump {
  /** Stamp of a log line; empty if the dump has none. */
  readonly time: string;
  readonly threads: readonly Thread[];
  readonly deadlock?: { readonly names: readonly string[]; readonly text: string };
}

function readText(text: string): Dump {
  const time = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\s*$/m.exec(text)?.[1];
  const found = /^Found (?:one|\d+) Java-level deadlocks?:\n[^]*/m.exec(text)?.[0].split(/^Found \d+ deadlocks?\./m)[0];
  const threads =
    text
      .split(found ?? '\0')[0]
      ?.split(/\n(?=")/)
      .flatMap((block) => readThread(block.split('\n\n')[0] ?? '')) ?? [];
  const names = [...new Set([...(found ?? '').matchAll(/^"([^\n]*)":$/gm)].map(([, name = '']) => name))];
  return {
    time: time === undefined ? '' : `${time},000 `,
    threads,
    deadlock: found === undefined ? undefined : { names, text: found.trimEnd() },
  };
}

function readAnswer(text: string): Dump | undefined {
  const infos = listAt(parse(text), 'threadInfos').map((info) => textAt(info, 'stringifiedThreadInfo'));
  const deadlock = findCycle(infos);
  return infos.length === 0 ? undefined : { time: '', threads: infos.flatMap(readThread), deadlock };
}

/** Reads a thread: `"Map (1/4)#0" #71 prio=5 …` or `"Map (1/4)#0" Id=71 WAITING on …`, then its frames. */
function readThread(block: string): readonly Thread[] {
  const name = /^"(.*?)"(?= #\d| Id=| prio=| daemon| os_prio=|$)/m.exec(block)?.[1];
  if (name === undefined) return [];
  const frames = [...block.matchAll(/^[^\S\n]+at (\S.*)$/gm)].map(([, frame = '']) => frame);
  return [{ name, frames, waits: /State: (?:TIMED_)?WAITING|Id=\d+ (?:TIMED_)?WAITING/.test(block) }];
}

/** Finds threads each of which waits for a lock that the next one holds. */
function findCycle(infos: readonly string[]): Dump['deadlock'] {
  const waits = new Map<string, { readonly name: string; readonly owner: string; readonly text: string }>();
  for (const text of infos) {
    const header = /^"([^"\n]*)" (?:daemon )?(?:prio=\d+ )?Id=(\d+) \w+ on .*? owned by "[^"\n]*" Id=(\d+)/.exec(text);
    if (header !== null)
      waits.set(header[2] ?? '', { name: header[1] ?? '', owner: header[3] ?? '', text: text.trimEnd() });
  }
  for (const start of waits.keys()) {
    const seen: string[] = [];
    for (let id: string | undefined = start; id !== undefined && !seen.includes(id); id = waits.get(id)?.owner) {
      seen.push(id);
      if (waits.get(id)?.owner === start)
        return {
          names: seen.map((item) => waits.get(item)?.name ?? ''),
          text: seen.map((item) => waits.get(item)?.text ?? '').join('\n'),
        };
    }
  }
  return undefined;
}

const BUFFER_REQUEST = /\.(?:LocalBufferPool|NetworkBufferPool)\.(?:request|internalRequest)\w*/;
const TASK = /\(\d+\/\d+\)(?:#\d+)?$/;
/** Number of frames that are searched. The wait stands on top of the stack, below the frames that wait in the JDK. */
const PROBE_FRAMES = 12;
const SHOWN_NAMES = 5;

function renderWaiting({ threads }: Dump): readonly string[] {
  const tasks = threads.filter(({ name }) => TASK.test(name));
  const waiting = tasks.filter(
    (thread) => thread.waits && thread.frames.slice(0, PROBE_FRAMES).some((frame) => BUFFER_REQUEST.test(frame)),
  );
  const [first] = waiting;
  if (first === undefined) return [];
  const names = waiting
    .slice(0, SHOWN_NAMES)
    .map(({ name }) => name)
    .join(', ');
  const more = waiting.length > SHOWN_NAMES ? `, and ${waiting.length - SHOWN_NAMES} more` : '';
  const frames = first.frames.map((frame) => `\tat ${frame}`).join('\n');
  return [
    `WARN  org.apache.flink.runtime.io.network.buffer.LocalBufferPool [] - Threads of tasks wait for network buffers: ${waiting.length} of ${tasks.length} [${names}${more}]\n${frames}`,
  ];
}

function renderDeadlock({ deadlock }: Dump): readonly string[] {
  return deadlock === undefined
    ? []
    : [
        `ERROR - Found one Java-level deadlock of ${deadlock.names.length} threads [${deadlock.names.join(', ')}]\n${deadlock.text.replaceAll(/^(?=\S)/gm, '  ')}`,
      ];
}

function parse(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch {
    return undefined; // cut, so no answer of the API
  }
}
