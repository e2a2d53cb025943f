// What it means that an id is already taken, decided the same way by both adapters. Pure.
// The same entry sent again is normal (a lost answer, a deleted checkpoint); so is its shorter self that comes
// late. Any other text under the same id is a collision: two entries would be one, and that is never silent.
import type { EntryFlag } from '../core/types.js';

/** What is compared of a record: the length in the file, the text, and what was done to the text. */
export interface Version {
  readonly length: number;
  readonly text: string;
  readonly flags?: readonly EntryFlag[];
}

export type Conflict = 'newer' | 'duplicate' | 'collision';

/** `newer`: ours replaces what is stored. */
export function decideConflict(ours: Version, stored: Version): Conflict {
  if (ours.length > stored.length) return 'newer';
  if (ours.length === stored.length) return isSameText(ours.text, stored.text) ? 'duplicate' : 'collision';
  return startsWith(stored, ours) ? 'duplicate' : 'collision';
}

/** A half surrogate becomes U+FFFD on its way into any store, so texts are equal when their UTF-8 is. */
export function isSameText(a: string, b: string): boolean {
  return a === b || (Math.abs(a.length - b.length) <= 4 && Buffer.from(a).equals(Buffer.from(b)));
}

/**
 * A character cut in half at the end of the shorter one was replaced by U+FFFD; redaction may have changed its last
 * word, and over-long entries lose their middle.
 */
function startsWith(longer: Version, shorter: Version): boolean {
  const head = shorter.text.replace(/(?<!\ufffd)\ufffd+$/, '').trimEnd();
  if (longer.text.startsWith(head)) return true;
  const isChanged = [...(longer.flags ?? []), ...(shorter.flags ?? [])].some(
    (flag) => flag === 'redacted' || flag === 'cut',
  );
  return (
    isChanged && head.length > 0 && longer.text.startsWith(head.slice(0, Math.max(1, Math.floor(head.length / 2))))
  );
}
