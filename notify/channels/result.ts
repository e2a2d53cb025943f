// What became of a message at its receiver: taken, to be tried again, or refused, and then why by a stable name. The
// channels make it, the sender acts on it.

import type { JsonObject } from '../payload.js';

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

/** `answer`: what the receiver said, its address hidden; absent when nobody answered. */
export type SendResult =
  | {
      readonly ok: true;
      readonly answer?: string | undefined;
      /** What later messages about the same incident find it by, where the service has such a thing. */
      readonly receipt?: JsonObject | undefined;
    }
  | {
      readonly ok: false;
      readonly retryable: boolean;
      readonly error: string;
      /** Nothing more is sent there for so long. */
      readonly retryAfterMs?: number | undefined;
      readonly reason?: RefusalReason | undefined;
      readonly answer?: string | undefined;
      /** The trace of what the channel threw; absent where the service or the network said no. */
      readonly defect?: string | undefined;
    };
