// Renders a stored incident for people: subject and state, its causes, and its unknown failures. "jobtrace incidents"
// uses it, and so does "jobtrace up", which prints most incidents as one line.
import type { Incident, PlatformShare } from '../../core/documents/incident.js';
import type { Language } from '../../core/types.js';
import { listSecondCauses } from '../../core/wording/second-causes.js';
import { OUTCOMES } from '../../core/wording/wording.js';
import { countOf } from '../../core/text/count.js';
import type { Terminal } from '../command.js';
import { cutText, nameJob, paint, renderCards, styleOf } from './print.js';

/** Renders an incident: one line about the job or jobs, then the causes, then the unknown failures. */
export function renderIncident(
  incident: Incident,
  lang: Language,
  terminal: Pick<Terminal, 'stdout' | 'environment'>,
): string {
  const style = styleOf(terminal.stdout, terminal.environment);
  const { outcome, firstSeen = '' } = incident;
  const [who, ...more] = incident.platform === undefined ? nameOne(incident, lang) : nameMany(incident.platform, lang);
  const prefix = [
    paint(who, 'bold', style),
    ...more.slice(0, 1),
    OUTCOMES[outcome][lang],
    ...more.slice(1),
    firstSeen,
  ].join(' · ');
  const all = incident.diagnoses[lang];
  const diagnoses = all.map((diagnosis) => ({ ...diagnosis, ...explained(all, diagnosis) }));
  const also = listSecondCauses({ diagnoses: all, unknown: incident.unknown }).map(
    ({ title }) => `${WORDS[lang].also}${lang === 'zh' ? '：' : ': '}${title}\n`,
  );
  return [`${prefix}\n`, ...also, ...renderCards(diagnoses, incident.unknown, lang, style)].join('');
}

type Names = readonly [string, ...string[]];

function nameOne({ job, process, cluster, restarts }: Incident, lang: Language): Names {
  const who = job === undefined ? (process ?? '') : nameJob(job);
  return [who, cluster, lang === 'zh' ? `重启 ${restarts} 次` : countOf(restarts, 'restart')];
}

function nameMany({ jobs, clusters, thing }: PlatformShare, lang: Language): Names {
  const [who, where] =
    lang === 'zh' ? [`${jobs} 个作业`, `${clusters} 个集群`] : [`${jobs} jobs`, countOf(clusters, 'cluster')];
  return [who, where, ...(thing === undefined ? [] : [thing])];
}

const WORDS = {
  en: { unknown: 'Unknown failure', instead: 'corrected: ', also: 'Also caused by' },
  zh: { unknown: '未知故障', instead: '更正：', also: '其他原因' },
} as const satisfies Record<Language, Record<string, string>>;

/** Smallest number of characters of a title; a shorter text has no meaning. */
const MIN_TITLE = 20;

/**
 * Renders an incident in one line: number in this list, time, title and job. `instead`: another cause was printed
 * before.
 */
export function renderIncidentLine(
  incident: Incident,
  { number, instead }: { readonly number: number; readonly instead: boolean },
  lang: Language,
  terminal: Pick<Terminal, 'stdout' | 'environment'>,
): string {
  const style = styleOf(terminal.stdout, terminal.environment);
  const [first] = incident.diagnoses[lang];
  const [unknown] = incident.unknown;
  const isMild = first?.severity === 'warning' || first?.severity === 'info';
  const symbol =
    first === undefined ? paint('?', 'yellow', style) : paint(isMild ? '▲' : '✖', isMild ? 'yellow' : 'red', style);
  const root = unknown?.chain.at(-1) ?? '';
  const title = first?.title ?? `${WORDS[lang].unknown}${root === '' ? '' : ` ${root}`}`;
  const who = incident.job?.name ?? incident.job?.id ?? incident.process?.split('/').at(-1) ?? '';
  const prefix = `${String(number).padStart(4)}  ${(incident.firstSeen ?? '').slice(11, 19).padEnd(8)}  `;
  const shownTitle = instead ? `${WORDS[lang].instead}${title}` : title;
  // A line that is not written to a terminal is not cut.
  const columns =
    terminal.stdout.isTTY === true ? style.width - prefix.length - who.length - 5 : Number.POSITIVE_INFINITY;
  const subject = who === '' ? '' : paint(` · ${who}`, 'dim', style);
  return `${paint(prefix, 'dim', style)}${symbol} ${cutText(shownTitle, Math.max(MIN_TITLE, columns))}${subject}\n`;
}

/** Returns the causes that a diagnosis explains, including the symptoms of the incident. */
function explained(
  all: readonly { readonly cause: string; readonly symptom: boolean }[],
  diagnosis: { readonly explains: readonly string[] },
): { readonly explains: readonly string[] } {
  const symptoms = all.filter((item) => item.symptom).map((item) => item.cause);
  return { explains: [...new Set([...diagnosis.explains, ...symptoms])] };
}
