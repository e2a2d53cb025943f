// What an incident is called by: its first cause; where only symptoms were named, the failure that no rule names yet.
// In: an incident, or the answer to a pasted log. Asked by whatever shows, lists or filters incidents. Pure.
import type { Diagnosis, Incident, Owner, UnknownFailure } from '../types.js';

export type Lead =
  | { readonly kind: 'cause'; readonly diagnosis: Diagnosis }
  | { readonly kind: 'unknown'; readonly unknown: UnknownFailure | undefined };

export function findLead(found: {
  readonly diagnoses: readonly Diagnosis[];
  readonly unknown: readonly UnknownFailure[];
}): Lead {
  const [diagnosis] = found.diagnoses;
  const [unknown] = found.unknown;
  return diagnosis === undefined || (diagnosis.symptom && unknown !== undefined)
    ? { kind: 'unknown', unknown }
    : { kind: 'cause', diagnosis };
}

/** Example: `TariffGapException: no tariff for zone 17`. Empty where nothing was thrown and nothing said. */
export function nameUnknown(unknown: UnknownFailure | undefined): string {
  const type = unknown?.chain.at(-1)?.split('.').at(-1) ?? '';
  return [type, unknown?.message ?? ''].filter((part) => part !== '').join(': ');
}

/** The cause of what no rule names. */
export const UNKNOWN_CAUSE = 'unknown';

/** What an incident is filtered and counted by beside its names: the same in every language. */
export interface LeadValues {
  /** An id of `rules/causes.yaml`, or UNKNOWN_CAUSE. */
  readonly cause: string;
  readonly severity?: Diagnosis['severity'];
  readonly owner?: Owner;
}

export function readLeadValues({ diagnoses, unknown }: Pick<Incident, 'diagnoses' | 'unknown'>): LeadValues {
  const lead = findLead({ diagnoses: diagnoses.en, unknown });
  if (lead.kind === 'cause') {
    const { cause, severity, owner } = lead.diagnosis;
    return { cause, severity, owner };
  }
  return lead.unknown === undefined ? { cause: UNKNOWN_CAUSE } : { cause: UNKNOWN_CAUSE, owner: lead.unknown.owner };
}
