// The second causes of an incident: what failed its job in other attempts than the cause that stands first. A card
// names them beside its headline. Called by messages, the API, the page, the terminal and Markdown. Pure.
import type { Diagnosis, UnknownFailure } from '../types.js';
import { nameUnknown } from './lead.js';

export interface SecondCause {
  /** Rule id, or `unknown:` and the fingerprint. */
  readonly cause: string;
  readonly title: string;
}

/** As they stand on the card. */
export function listBeside(found: {
  readonly diagnoses: readonly Diagnosis[];
  readonly unknown: readonly UnknownFailure[];
}): readonly SecondCause[] {
  return [
    ...found.diagnoses.filter(({ beside }) => beside === true).map(({ rule, title }) => ({ cause: rule, title })),
    ...found.unknown
      .filter(({ beside }) => beside === true)
      .map((unknown) => ({ cause: `unknown:${unknown.fingerprint}`, title: nameUnknown(unknown) })),
  ];
}
