// Renders the outcome of the failures of a log in one line: for one incident its subject, state, restarts and last
// failure; for several the number in each state.
import type { DiagnosisDocument } from '../../analyzer/incident/document.js';
import { nameSubject } from '../../core/wording/subject.js';
import { OUTCOMES } from '../../core/wording/wording.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Language } from '../../core/types.js';
import { countOf } from '../../core/text/count.js';
import { columnsOf, wrapText, type Style } from './print.js';

type Summary = DiagnosisDocument['incidents'][number];

const WORDS = {
  en: {
    one: ': ',
    restarts: (count: number) => countOf(count, 'restart'),
    last: 'last',
    several: (count: number) => `${count} incidents: `,
    comma: ', ',
  },
  zh: {
    one: '：',
    restarts: (count: number) => `重启 ${count} 次`,
    last: '最近',
    several: (count: number) => `${count} 个故障：`,
    comma: '，',
  },
} as const;

/** Renders the line, wrapped to the width of the terminal; a subject that is too long is cut. */
export function renderOutcomes(incidents: readonly Summary[], lang: Language, { width }: Style): string {
  const [first] = incidents;
  if (first === undefined) return '';
  const line = incidents.length === 1 ? renderOne(first, lang, width) : renderSeveral(incidents, lang);
  return `${wrapText(line, width).join('\n')}\n`;
}

function renderOne(incident: Summary, lang: Language, width: number): string {
  const words = WORDS[lang];
  const { outcome, restarts, lastSeen } = incident;
  const state = [
    OUTCOMES[outcome][lang],
    ...(restarts === 0 ? [] : [words.restarts(restarts)]),
    ...(lastSeen === undefined ? [] : [`${words.last} ${lastSeen.replace(/\.\d+Z$/, 'Z')}`]),
  ].join(' · ');
  return `${cutName(nameSubject(incident, lang), width - columnsOf(words.one + state))}${words.one}${state}`;
}

const MIN_NAME = 12;

function cutName(name: string, columns: number): string {
  const max = Math.max(MIN_NAME, columns);
  const excess = columnsOf(name) - max;
  return excess <= 0 ? name : `${name.slice(0, -excess - 1)}…`;
}

function renderSeveral(incidents: readonly Summary[], lang: Language): string {
  const words = WORDS[lang];
  const counts = new Map<Incident['outcome'], number>();
  for (const { outcome } of incidents) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const parts = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([outcome, count]) => `${count} ${OUTCOMES[outcome][lang].toLowerCase()}`);
  return `${words.several(incidents.length)}${parts.join(words.comma)}`;
}
