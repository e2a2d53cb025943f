// Lists the second causes of an incident: the causes that failed its job in other attempts than the primary diagnosis.
// A card names them next to its headline. Pure functions.
import type { Diagnosis, UnknownFailure } from '../documents/incident.js';
import { nameUnknown } from './primary.js';

export interface SecondCause {
  /** Rule id, or `unknown:` and the fingerprint. */
  readonly cause: string;
  readonly title: string;
}

/** Lists the second causes in the order of the card. */
export function listSecondCauses(found: {
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
