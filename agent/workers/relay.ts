// Ships the batches of a worker through the main thread's store, if the worker has none of its own. Batches go there as
// bytes, and the answers come back. This is for stores that only one thread may write, and for tests.
import { createError, JobtraceError } from '../../core/errors.js';
import { errorText } from '../../core/fault.js';
import type { AppendOutcome, EncodedBatch, Encoding, RecordSink } from '../../store/store.js';
import type { AppendAnswer } from './message.js';

export interface Relay extends RecordSink {
  take(ticket: number, answer: AppendAnswer): void;
}

interface Waiting {
  readonly resolve: (outcomes: readonly AppendOutcome[]) => void;
  readonly reject: (error: Error) => void;
}

export function createRelay(encoding: Encoding, send: (ticket: number, batch: EncodedBatch) => void): Relay {
  const waiting = new Map<number, Waiting>();
  let tickets = 0;
  return {
    encoding,
    append: (batch) =>
      new Promise((resolve, reject) => {
        tickets += 1;
        waiting.set(tickets, { resolve, reject });
        // A view would be copied with all the memory behind it.
        send(tickets, { ...batch, bytes: batch.bytes.slice() });
      }),
    take: (ticket, answer) => {
      const asked = waiting.get(ticket);
      waiting.delete(ticket);
      if (answer.kind === 'outcomes') asked?.resolve(answer.outcomes);
      else if (answer.kind === 'refused') asked?.reject(createError(answer.code, answer.details));
      else asked?.reject(new Error(answer.problem));
    },
  };
}

/** Returns the answer of the main thread's store to the batch of a worker. Never throws. */
export async function answerAppend(store: RecordSink, batch: EncodedBatch): Promise<AppendAnswer> {
  try {
    return { kind: 'outcomes', outcomes: await store.append(batch) };
  } catch (error) {
    if (error instanceof JobtraceError) return { kind: 'refused', code: error.code, details: error.details };
    return { kind: 'failed', problem: errorText(error) };
  }
}
