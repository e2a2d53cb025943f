// An incident that the store holds, as people read it: whose it is and how it stands, its causes, what no rule names.
// Called by "jobtrace incidents" and by "jobtrace up", which prints each one as it is found.
import type { Language } from '../../core/types.js';
import { OUTCOMES } from '../../core/text/wording.js';
import type { IncidentStore } from '../../store/store.js';
import type { Terminal } from '../command.js';
import { nameJob, paint, renderCards, styleOf } from './print.js';

/** An incident for people: one line about the job, then its causes, then what no rule names. */
export function renderIncident(
  incident: Awaited<ReturnType<IncidentStore['findIncidents']>>[number],
  lang: Language,
  terminal: Pick<Terminal, 'stdout' | 'environment'>,
): string {
  const style = styleOf(terminal.stdout, terminal.environment);
  const who = incident.job === undefined ? (incident.process ?? '') : nameJob(incident.job);
  const restarts = lang === 'zh' ? '次重启' : 'restarts';
  const head = `${paint(who, 'bold', style)} · ${incident.cluster} · ${OUTCOMES[incident.outcome][lang]} · ${incident.restarts} ${restarts} · ${incident.firstSeen ?? ''}`;
  const all = incident.diagnoses[lang];
  const diagnoses = all.map((diagnosis) => ({ ...diagnosis, ...explained(all, diagnosis) }));
  return [`${head}\n`, ...renderCards(diagnoses, incident.unknown, lang, style)].join('');
}

/** The first cause carries what follows from it; its job is named in the head already. */
function explained(
  all: readonly { readonly cause: string; readonly symptom: boolean }[],
  diagnosis: { readonly explains: readonly string[] },
): { readonly explains: readonly string[] } {
  const symptoms = all.filter((item) => item.symptom).map((item) => item.cause);
  return { explains: [...new Set([...diagnosis.explains, ...symptoms])] };
}
