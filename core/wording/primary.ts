// Finds the primary diagnosis of an incident or of a pasted log: its first cause or, if only symptoms were named, the
// failure that no rule names yet. Everything that shows, lists or filters incidents uses it. Pure functions.
import type { IncidentRow } from '../documents/incident.js';
import type { Diagnosis, Incident, UnknownFailure } from '../documents/incident.js';

export type PrimaryDiagnosis =
  | { readonly kind: 'cause'; readonly diagnosis: Diagnosis }
  | { readonly kind: 'unknown'; readonly unknown: UnknownFailure | undefined };

export function findPrimary(found: {
  readonly diagnoses: readonly Diagnosis[];
  readonly unknown: readonly UnknownFailure[];
}): PrimaryDiagnosis {
  const [diagnosis] = found.diagnoses;
  const [unknown] = found.unknown;
  return diagnosis === undefined || (diagnosis.symptom && unknown !== undefined)
    ? { kind: 'unknown', unknown }
    : { kind: 'cause', diagnosis };
}

/**
 * Returns a name such as `TariffGapException: no tariff for zone 17`. It is empty if there is neither an exception nor
 * a message.
 */
export function nameUnknown(unknown: UnknownFailure | undefined): string {
  const type = unknown?.chain.at(-1)?.split('.').at(-1) ?? '';
  return [type, unknown?.message ?? ''].filter((part) => part !== '').join(': ');
}

/** Cause id of failures that no rule names. */
const UNKNOWN_CAUSE = 'unknown';

/** Values by which incidents are filtered and counted, besides their names. They are the same in every language. */
export type PrimaryValues = Pick<IncidentRow, 'cause' | 'severity' | 'owner'>;

export function readPrimaryValues({ diagnoses, unknown }: Pick<Incident, 'diagnoses' | 'unknown'>): PrimaryValues {
  const primary = findPrimary({ diagnoses: diagnoses.en, unknown });
  if (primary.kind === 'cause') {
    const { cause, severity, owner } = primary.diagnosis;
    return { cause, severity, owner };
  }
  return primary.unknown === undefined
    ? { cause: UNKNOWN_CAUSE }
    : { cause: UNKNOWN_CAUSE, owner: primary.unknown.owner };
}
