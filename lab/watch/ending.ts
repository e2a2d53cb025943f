// Plays one ending on a real cluster: two jobs run quietly, then the ending happens, and the messages are compared with
// the expected ones.
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../test/program.js';
import type { Elasticsearch } from '../parts/services/elasticsearch.js';
import type { Expected, PlayedEnding } from './endings.js';
import { JOBS, openPlace, type HeardMessage, type PlaceOptions } from './ending-place.js';

export interface EndingResult {
  readonly id: string;
  readonly heard: readonly string[];
  /** Time, in milliseconds, from the act to the first message. */
  readonly firstMs: number | undefined;
  readonly faults: readonly string[];
}

/** Time, in milliseconds, in which agents report more than once which processes run, and checkpoints are made. */
const RUN_MS = 20_000;
/** Time, in milliseconds, after the awaited messages in which no other may come. */
const REST_MS = 30_000;
/**
 * Longest time, in milliseconds, from the repair to the message: a job counts as recovered only after it has run for a
 * while.
 */
const END_MS = 120_000;
const QUIET_MS = 75_000;

export async function playEnding(
  ending: PlayedEnding,
  place: Pick<PlaceOptions, 'folder' | 'elasticsearch'>,
  store?: Elasticsearch,
): Promise<EndingResult> {
  const played = await openPlace({
    ...place,
    isHa: ending.isHa === true,
    hasNetwork: ending.hasNetwork === true,
  });
  try {
    for (const job of JOBS) await played.submit(job);
    await sleep(RUN_MS);
    const before = played.heard();
    const faults = before.map((message) => `before it: ${print(message)}`);
    const began = Date.now();
    await ending.act(played, store);
    const since = (): readonly HeardMessage[] => played.heard().slice(before.length);
    await hear(since, ending.says.length, ending.says.length === 0 ? QUIET_MS : ending.withinMs + END_MS);
    await sleep(REST_MS);
    const said = since();
    if (ending.mend !== undefined) {
      await ending.mend(played, store);
      await hear(since, said.length + (ending.saysAfter?.length ?? 0), END_MS);
      await sleep(REST_MS);
    }
    // A disturbance that ends by itself may end before the repair.
    faults.push(...compare([...ending.says, ...(ending.saysAfter ?? [])], since()));
    const [first] = since();
    const firstMs = first === undefined ? undefined : first.at - began;
    if (firstMs !== undefined && firstMs > ending.withinMs) faults.push(`late: ${Math.round(firstMs / 1000)} s`);
    return { id: ending.id, heard: since().map(print), firstMs, faults };
  } finally {
    await played.close();
  }
}

async function hear(since: () => readonly HeardMessage[], count: number, deadlineMs: number): Promise<void> {
  const isHeard = (): true | undefined => (count > 0 && since().length >= count ? true : undefined);
  // A missing message is reported by the comparison.
  await waitUntil('the message', isHeard, { deadlineMs }).catch(() => undefined);
}

function compare(expected: readonly Expected[], heard: readonly HeardMessage[]): readonly string[] {
  const faults: string[] = [];
  for (let index = 0; index < Math.max(expected.length, heard.length); index += 1) {
    const [wanted, message] = [expected[index], heard[index]];
    if (message === undefined) faults.push(`not said: ${String(wanted?.reason)} ${String(wanted?.cause)}`);
    else if (wanted === undefined) faults.push(`said too: ${print(message)}`);
    else if (!fits(wanted, message)) faults.push(`said instead: ${print(message)}`);
  }
  return faults;
}

function fits({ receiver = 'oncall', reason, cause }: Expected, message: HeardMessage): boolean {
  return message.receiver === receiver && reason.test(message.reason) && cause.test(message.cause);
}

function print({ receiver, reason, cause, headline }: HeardMessage): string {
  return `${receiver === 'emergency' ? 'emergency: ' : ''}${reason} ${cause} "${headline}"`;
}
