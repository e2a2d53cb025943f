// Builds the row that a list shows of an incident: a hundredth of its size, in both languages. Both adapters keep the
// row next to the incident. Pure functions.
import { listSecondCauses } from '../core/wording/second-causes.js';
import { findPrimary, nameUnknown, readPrimaryValues, type PrimaryDiagnosis } from '../core/wording/primary.js';
import type { Language } from '../core/types.js';
import type { Incident, PlatformShare, IncidentRow } from '../core/documents/incident.js';

/** Largest length of a title. It fills two lines; the text of a failure that no rule names may be much longer. */
const MAX_TITLE = 300;

export function describeRow(incident: Incident): IncidentRow {
  const { id, cluster, job, process, outcome, restarts, firstSeen, lastSeen, parent, platform } = incident;
  const inLanguage = (language: Language): PrimaryDiagnosis =>
    findPrimary({ diagnoses: incident.diagnoses[language], unknown: incident.unknown });
  const primary = inLanguage('en');
  const entitle = (language: Language): string => namePrimary(inLanguage(language)).slice(0, MAX_TITLE);
  return {
    ...{ id, cluster, job, process, outcome, restarts, firstSeen, lastSeen, parent },
    ...readPrimaryValues(incident),
    rule: primary.kind === 'cause' ? primary.diagnosis.rule : undefined,
    title: { en: entitle('en'), zh: entitle('zh') },
    beside: nameBeside(incident),
    platform: platform === undefined ? undefined : withoutChildren(platform),
  };
}

/** Returns the titles of the second causes. Both languages have the same ones in the same order. */
function nameBeside({ diagnoses, unknown }: Incident): IncidentRow['beside'] {
  const inEnglish = listSecondCauses({ diagnoses: diagnoses.en, unknown });
  if (inEnglish.length === 0) return undefined;
  const inChinese = new Map(
    listSecondCauses({ diagnoses: diagnoses.zh, unknown }).map(({ cause, title }) => [cause, title] as const),
  );
  return inEnglish.map(({ cause, title }) => ({
    en: title.slice(0, MAX_TITLE),
    zh: (inChinese.get(cause) ?? title).slice(0, MAX_TITLE),
  }));
}

function withoutChildren({ children, ...share }: PlatformShare): Omit<PlatformShare, 'children'> {
  return share;
}

function namePrimary(primary: PrimaryDiagnosis): string {
  return primary.kind === 'cause' ? primary.diagnosis.title : nameUnknown(primary.unknown);
}
