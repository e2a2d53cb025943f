// Defines the result of sending a message: accepted, to be retried, or refused for a named reason. Channels return it,
// and the sender acts on it.

import type { JsonObject } from '../card/payload.js';

export type RefusalReason =
  | 'signature'
  | 'keyword'
  | 'source-address'
  | 'credential'
  | 'gone'
  | 'too-fast'
  | 'quota'
  | 'too-long'
  | 'form'
  | 'forbidden'
  | 'recipient'
  | 'busy'
  | 'unknown';

/** Result of sending. `answer` is the receiver's answer without its address; absent without an answer. */
export type SendResult =
  | {
      readonly ok: true;
      readonly answer?: string | undefined;
      /** Identifier by which later messages about the same incident find this one, if the service has such a thing. */
      readonly receipt?: JsonObject | undefined;
    }
  | {
      readonly ok: false;
      readonly retryable: boolean;
      readonly error: string;
      /** Milliseconds in which nothing more is sent to the receiver. */
      readonly retryAfterMs?: number | undefined;
      readonly reason?: RefusalReason | undefined;
      readonly answer?: string | undefined;
      /** Stack trace of the channel's exception; absent if the service or the network failed. */
      readonly defect?: string | undefined;
    };
