// Writes events with log4j 2's and logback's own code: takes an event and returns the line of each layout, once without
// and once with an exception. The libraries are those of Flink and of the parts. For the tests of layouts.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { getJava, getPart, type PartName } from '../parts/parts.js';
import { QUICK_JAVA } from '../parts/process.js';

/**
 * Layout of a logging library. `template`: an address of log4j's JsonTemplateLayout; `ecs`: Elastic's layout;
 * `logstash`: logback's encoder.
 */
export interface WrittenLayout {
  readonly kind: 'pattern' | 'template' | 'ecs' | 'logstash';
  readonly text: string;
}

/** Event to write; its level is WARN. */
export interface WrittenEvent {
  /** Time in milliseconds since 1970; a layout that writes microseconds adds 456 of them. */
  readonly time: number;
  readonly logger: string;
  readonly thread: string;
  readonly message: string;
  readonly jobId: string;
}

export interface WrittenText {
  readonly plain: string;
  /** Line with `java.lang.IllegalStateException: bad state`, caused by `java.io.IOException: disk`. */
  readonly thrown: string;
}

export type LoggingLibrary = 'log4j' | 'logback';

export const WRITER_PARTS: readonly PartName[] = ['flink-2.3', 'logback', 'logstash-encoder', 'elasticsearch-8'];

const PROGRAMS: Readonly<Record<LoggingLibrary, string>> = { log4j: 'Log4jWriter.java', logback: 'LogbackWriter.java' };

/** Writes the event with each layout and returns the lines in the order of the layouts. The zone is UTC. */
export async function writeEvent(
  library: LoggingLibrary,
  layouts: readonly WrittenLayout[],
  { time, logger, thread, message, jobId }: WrittenEvent,
): Promise<readonly WrittenText[]> {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-writers-'));
  const rows = join(folder, 'rows');
  try {
    writeFileSync(rows, layouts.map(({ kind, text }) => `${kind}\t${text}\n`).join(''));
    const options = [QUICK_JAVA, '-Duser.timezone=UTC', '-cp', await findJars(library)];
    const program = join(import.meta.dirname, PROGRAMS[library]);
    const event = [String(time), logger, thread, message, jobId];
    const java = join(await getJava(17), 'bin', 'java');
    const { stdout } = await promisify(execFile)(java, [...options, program, rows, ...event]);
    const texts = stdout.split('\0');
    return layouts.map((_, at) => ({ plain: texts[2 * at] ?? '', thrown: texts[2 * at + 1] ?? '' }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function findJars(library: LoggingLibrary): Promise<string> {
  const [flink, logback, encoder, elasticsearch] = await Promise.all(WRITER_PARTS.map((name) => getPart(name)));
  const lib = (home: string | undefined): string => join(home ?? '', 'lib');
  if (library === 'logback') return [logback, encoder, flink].map((part) => join(lib(part?.home), '*')).join(':');
  const ecs = readdirSync(lib(elasticsearch?.home)).filter((name) => name.includes('ecs-'));
  return [join(lib(flink?.home), '*'), ...ecs.map((name) => join(lib(elasticsearch?.home), name))].join(':');
}
