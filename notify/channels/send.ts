// The one way to a channel: its messages go out, and whatever it throws is an answer like any other, so that no
// receiver ends a process or holds up another. Called by the sender and by the trial.
import { errorText, errorTrace } from '../../core/fault.js';
import type { Delivery, MessagePart } from './channel.js';
import { hideAddress } from './http.js';
import type { SendResult } from './result.js';
import { CHANNELS } from './table.js';

/** Tries of a message whose sending throws, over all starts of the process: what was missing may be back by then. */
const MAX_DEFECT_TRIES = 3;

/** Never throws. `attempts`: how often these messages were tried before. */
export async function sendParts(
  parts: readonly MessagePart[],
  delivery: Delivery,
  attempts: number,
): Promise<SendResult> {
  const { receiver } = delivery;
  try {
    return await CHANNELS[receiver.kind].send(parts, delivery);
  } catch (error) {
    return {
      ok: false,
      retryable: attempts + 1 < MAX_DEFECT_TRIES,
      error: `this is a defect in Jobtrace, please report it: ${hideAddress(errorText(error), receiver.url)}`,
      defect: hideAddress(errorTrace(error), receiver.url),
    };
  }
}
