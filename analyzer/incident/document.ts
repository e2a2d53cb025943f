// Merges incidents into the document that `jobtrace diagnose --format json` prints and the page's paste box shows: all
// causes, best first, each once per job. Pure functions.
import type { Diagnosis, Incident, IncidentFacts, UnknownFailure } from '../../core/documents/incident.js';
import type { Language } from '../../core/types.js';

/** Document of `jobtrace diagnose --format json`. It is a contract: fields are added, never renamed. */
export interface DiagnosisDocument {
  readonly diagnoses: readonly Diagnosis[];
  readonly unknown: readonly UnknownFailure[];
  readonly facts: IncidentFacts;
  /** Incidents with their job or process and their outcome, the oldest first. */
  readonly incidents: readonly IncidentSummary[];
}

type IncidentSummary = Pick<
  Incident,
  'cluster' | 'job' | 'process' | 'outcome' | 'restarts' | 'firstSeen' | 'lastSeen'
>;

/**
 * Returns the causes of all incidents, best first, then the consequences. Matches of the same rule for the same job are
 * merged into one diagnosis.
 */
export function flattenIncidents(incidents: readonly Incident[], language: Language): DiagnosisDocument {
  const merged = new Map<string, Diagnosis>();
  for (const diagnosis of incidents.flatMap((incident) => incident.diagnoses[language])) {
    const key = `${diagnosis.rule}\n${diagnosis.job?.id ?? ''}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? diagnosis : mergeDiagnoses(known, diagnosis));
  }
  const ordered = [...merged.values()].sort(
    (a, b) => Number(a.symptom) - Number(b.symptom) || (b.score['total'] ?? 0) - (a.score['total'] ?? 0),
  );
  return {
    diagnoses: ordered,
    unknown: incidents.flatMap((incident) => incident.unknown),
    facts: Object.assign({}, ...[...incidents].reverse().map((incident) => incident.facts)),
    incidents: incidents.map(summarize),
  };
}

function summarize({ cluster, job, process, outcome, restarts, firstSeen, lastSeen }: Incident): IncidentSummary {
  return { cluster, job, process, outcome, restarts, firstSeen, lastSeen };
}

function mergeDiagnoses(a: Diagnosis, b: Diagnosis): Diagnosis {
  const best =
    a.symptom === b.symptom ? ((a.score['total'] ?? 0) >= (b.score['total'] ?? 0) ? a : b) : a.symptom ? b : a;
  const firstSeen = [a.firstSeen, b.firstSeen].filter((time) => time !== undefined).sort()[0];
  const lastSeen = [a.lastSeen, b.lastSeen]
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
  return {
    ...best,
    count: a.count + b.count,
    firstSeen,
    lastSeen,
    explains: [...new Set([...a.explains, ...b.explains])],
  };
}
