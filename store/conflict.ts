// Decides what a taken id means, in the same way for both adapters. Pure functions. The same entry sent again is normal
// (a lost answer, a deleted checkpoint), and so is a shorter version of it that arrives late. Any other text under the
// same id is a collision. It is always reported, because two entries would become one.
import type { EntryFlag } from '../core/types.js';

/**
 * Fields of a record that are compared: the length in the file, the text, and the flags that say how the text was
 * changed.
 */
export interface Version {
  readonly length: number;
  readonly text: string;
  readonly flags?: readonly EntryFlag[];
}

export type Conflict = 'newer' | 'duplicate' | 'collision';

/** Compares a record with the stored one that has the same id. `newer`: our record replaces the stored one. */
export function decideConflict(ours: Version, stored: Version): Conflict {
  if (ours.length > stored.length) return 'newer';
  if (ours.length === stored.length) return isSameText(ours.text, stored.text) ? 'duplicate' : 'collision';
  return startsWith(stored, ours) ? 'duplicate' : 'collision';
}

/** Compares texts by their UTF-8, because a half surrogate becomes U+FFFD on its way into any store. */
function isSameText(a: string, b: string): boolean {
  return a === b || (Math.abs(a.length - b.length) <= 4 && Buffer.from(a).equals(Buffer.from(b)));
}

/**
 * True if the longer text begins with the shorter one. A character that was cut in half at the end of the shorter text
 * was replaced by U+FFFD, so it is ignored. With the flag `redacted` or `cut`, half of the shorter text is enough,
 * because redaction may have changed its last word and cut entries lose their middle.
 */
function startsWith(longer: Version, shorter: Version): boolean {
  const prefix = shorter.text.replace(/(?<!\ufffd)\ufffd+$/, '').trimEnd();
  if (longer.text.startsWith(prefix)) return true;
  const isChanged = [...(longer.flags ?? []), ...(shorter.flags ?? [])].some(
    (flag) => flag === 'redacted' || flag === 'cut',
  );
  return (
    isChanged &&
    prefix.length > 0 &&
    longer.text.startsWith(prefix.slice(0, Math.max(1, Math.floor(prefix.length / 2))))
  );
}
