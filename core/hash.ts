// Hashes texts to short names: ids of incidents, groups and messages, which stay the same for the same content, in any
// process and after any restart.
import { createHash } from 'node:crypto';

/** Returns the first `digits` hexadecimal digits of the SHA-256 of a text. */
export function hashText(text: string, digits: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, digits);
}
