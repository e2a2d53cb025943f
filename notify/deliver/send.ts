// Sends messages through a channel. An exception of the channel becomes a result like any other, so that no receiver
// ends a process or delays another one.
import { errorText, errorTrace } from '../../core/fault.js';
import type { Delivery, MessagePart } from '../channels/channel.js';
import { hideAddress } from '../channels/http.js';
import type { SendResult } from '../channels/result.js';
import { CHANNELS } from '../channels/table.js';

/**
 * Largest number of tries of a message whose sending throws, across restarts of the process. A missing part may be back
 * by then.
 */
const MAX_DEFECT_TRIES = 3;

/** Sends the messages and never throws. `attempts`: number of earlier tries of these messages. */
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
