// What an incident is called by: its first cause; where only symptoms were named, the failure that no rule names yet.
// In: an incident or the answer to a pasted log. Asked by whatever shows one. Pure.
import type { Diagnosis, UnknownFailure } from '../../../../core/types.ts';

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
