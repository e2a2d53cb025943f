// Proposes a rule for the failure in a log that needs one most, with a draft of that rule (draft.ts): a failure that no
// rule names, else one that only a general rule names, else the first cause. Writes nothing.
import type { Catalog } from '../catalog/catalog.js';
import { readCandidate } from '../entry/scan.js';
import { diagnose } from '../incident/diagnose.js';
import { flattenIncidents, type DiagnosisDocument } from '../incident/document.js';
import type { Diagnosis, Evidence, Owner } from '../../core/documents/incident.js';
import type { Entry } from '../../core/types.js';
import { draftRule, type RuleDraft } from './draft.js';

export interface Proposal {
  readonly draft: RuleDraft;
  readonly evidence: Evidence;
  readonly owner: Owner;
  /** Diagnosis that names the failure already, if it is not of a general rule. */
  readonly named: Diagnosis | undefined;
  /** True if something failed because of it; false if it was only logged. */
  readonly isFailure: boolean;
  readonly flinkVersion: string | undefined;
}

/** Proposes a rule for a log; undefined if no task, job or process ended in it. Calls `read` twice. */
export function proposeRule(read: () => Iterable<Entry>, catalog: Catalog, zone: string): Proposal | undefined {
  const document = flattenIncidents(diagnose(read(), catalog, { zone }), 'en');
  const chosen = chooseFailure(document);
  if (chosen === undefined) return undefined;
  const entry = findEntry(read(), chosen.evidence);
  const uses = catalog.scanner.scan(entry.bytes).flatMap((literal) => catalog.usesOf(literal));
  const { candidate } = readCandidate(entry, uses, catalog.engine, { zone });
  return {
    ...chosen,
    draft: draftRule(entry, candidate, chosen.owner),
    isFailure: candidate.isFailure,
    flinkVersion: document.facts.flinkVersion,
  };
}

function chooseFailure({
  diagnoses,
  unknown,
}: DiagnosisDocument): Pick<Proposal, 'evidence' | 'owner' | 'named'> | undefined {
  const [failure] = unknown;
  if (failure?.evidence[0] !== undefined)
    return { evidence: failure.evidence[0], owner: failure.owner, named: undefined };
  const general = diagnoses.find((diagnosis) => (diagnosis.score['specific'] ?? 0) < 0);
  const diagnosis = general ?? diagnoses[0];
  const evidence = diagnosis?.evidence[0];
  if (diagnosis === undefined || evidence === undefined) return undefined;
  return { evidence, owner: diagnosis.owner, named: general === undefined ? diagnosis : undefined };
}

function findEntry(entries: Iterable<Entry>, { file, line }: Evidence): Entry {
  for (const entry of entries) if (entry.source.path === file && entry.line === line) return entry;
  throw new Error(`the entry at ${file}:${line} is not there any more`);
}

const CAUSES: Readonly<Partial<Record<Owner, string>>> = {
  'user-code': 'code.user-exception',
  connector: 'connector.other',
  external: 'connector.other',
};

/** Proposes an id for the rule; undefined if only a person can say which cause it is. */
export function proposeId({ owner, draft }: Pick<Proposal, 'owner' | 'draft'>): string | undefined {
  const cause = CAUSES[owner];
  return cause === undefined ? undefined : `${cause}/${draft.variant}`;
}
