// Finds the time at which the line behind a message was written: the first line of its evidence with which the command
// line, given all lines readable by then, reports the same. A line from which the command line concludes nothing (e.g.
// a warning before anything has failed) justifies no message.
import { basename } from 'node:path';
import { groupBy } from '../../core/sequence.js';
import { diagnoseOutcome } from '../play/name.js';
import type { Arrival } from './order.js';
import type { Message, ReplayRun } from './replay.js';

/** Returns the time by the clock of the replay; undefined if no line of the evidence is there. */
export function findWritten({ arrivals }: ReplayRun, message: Message): number | undefined {
  const times = listWritten(arrivals, message);
  const named = times.slice(0, -1).find((time) => isNamed(arrivals, time, message));
  return named ?? times.at(-1);
}

/** Lists the times in order. Output next to the logs, without a time, counts only if there is no other evidence. */
function listWritten(arrivals: readonly Arrival[], { diagnosis, unknown }: Message): readonly number[] {
  const { evidence = [], firstSeen = '' } = diagnosis ?? unknown ?? {};
  // The last line of a lost process is evidence, but has no information at the time when it is written.
  const written = evidence.filter(({ time }) => time === undefined || time >= firstSeen);
  const logged = written.filter(({ file }) => !file.endsWith('.out'));
  const telling = logged.length > 0 ? logged : written;
  const times = telling.flatMap(({ file, time }) => {
    const own = arrivals.filter((arrival) => basename(arrival.file) === basename(file));
    return (own.find((arrival) => time !== undefined && arrival.time === Date.parse(time)) ?? own.at(-1))?.at ?? [];
  });
  return [...new Set(times)].sort((a, b) => a - b);
}

function isNamed(arrivals: readonly Arrival[], time: number, { diagnosis, unknown }: Message): boolean {
  const read = arrivals.filter(({ at }) => at <= time);
  const files = [...groupBy(read, ({ file }) => file)].map(([file, blocks]) => ({
    name: basename(file),
    text: blocks.flatMap(({ lines }) => lines.map((line) => `${line}\n`)).join(''),
  }));
  const said = diagnoseOutcome({ files });
  return diagnosis === undefined
    ? said.unknown.some(({ fingerprint }) => fingerprint === unknown?.fingerprint)
    : said.diagnoses.some(({ rule }) => rule === diagnosis.rule);
}
