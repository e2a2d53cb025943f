// Implements "jobtrace incidents": prints the incidents of the store for people or programs. It does not write to the
// store, and does not create a missing one.
import type { Settings } from '../../core/config/settings.js';
import { describeAdvice, sumAdvice } from '../../core/wording/advice.js';
import { renderCsv, renderNdjson } from '../../core/wording/export.js';
import { linkIncident, renderIncidentMarkdown } from '../../core/wording/markdown.js';
import type { Incident } from '../../core/documents/incident.js';
import type { Language } from '../../core/types.js';
import type { RecordSearch } from '../../store/store.js';
import { CONFIG_OPTION, DATA_OPTION, LANG_OPTION, STORE_OPTION, type Command, type Invocation } from '../command.js';
import { renderIncident } from '../terminal/incident.js';
import { languageOf, readSettings } from '../settings.js';
import { openExistingStore } from '../service/open.js';
import { readRange, readWhole } from './query-options.js';
import { write } from '../terminal/write.js';

const DEFAULT_LIMIT = 100;

export const INCIDENTS: Command = {
  name: 'incidents',
  operands: '',
  summary: 'List incidents with their diagnoses, newest last.',
  options: [
    DATA_OPTION,
    STORE_OPTION,
    CONFIG_OPTION,
    LANG_OPTION,
    { name: 'job', value: 'ID', help: 'Incidents of this job.' },
    { name: 'group', value: 'ID', help: 'Incidents of this group of unknown failures.' },
    {
      name: 'since',
      value: 'TIME',
      help: 'Start time (last seen): 15m, 2h, 7d or an ISO time.',
    },
    { name: 'until', value: 'TIME', help: 'End time (last seen): 15m, 2h, 7d or an ISO time.' },
    {
      name: 'format',
      value: 'FORMAT',
      values: ['text', 'json', 'log', 'csv', 'ndjson', 'markdown', 'advice'],
      help: 'Output format; log: the evidence lines, markdown: cards for an issue, advice: what an upgrade fixes.',
    },
    {
      name: 'limit',
      short: 'n',
      value: 'N',
      help: `Maximum number of incidents, newest first (default ${DEFAULT_LIMIT}).`,
    },
  ],
  examples: [
    'jobtrace incidents --since 2h',
    'jobtrace incidents --since 7d --limit 0 --format csv > incidents.csv',
    'jobtrace incidents --since 30d --limit 0 --format advice',
    'jobtrace incidents --group g1-0a1b2c3d4e5f --limit 1 --format log | jobtrace rules new -',
  ],
  run: runIncidents,
};

async function runIncidents(invocation: Invocation): Promise<number> {
  const limit = readWhole(invocation, 'limit', 'incidents') ?? DEFAULT_LIMIT;
  const { settings } = readSettings(invocation);
  const jobId = invocation.option('job');
  const store = await openExistingStore(settings);
  try {
    const incidents = await store.findIncidents({
      limit: limit === 0 ? 10_000 : limit,
      jobId,
      group: invocation.option('group'),
      ...readRange(invocation, 'incidents'),
    });
    if (invocation.option('format') === 'log') await writeEvidence(invocation, incidents, store);
    else await write(invocation.terminal, renderIncidents(invocation, incidents, settings));
    return 0;
  } finally {
    await store.close();
  }
}

function renderIncidents({ option, terminal }: Invocation, incidents: readonly Incident[], settings: Settings): string {
  const language = languageOf(settings);
  const url = settings['api.publicUrl'];
  switch (option('format')) {
    case 'json':
      return `${JSON.stringify({ incidents }, null, 2)}\n`;
    case 'csv':
      return renderCsv(incidents, language);
    case 'ndjson':
      return renderNdjson(incidents);
    case 'advice':
      return renderAdvice(incidents, language);
    case 'markdown':
      return selectTop(incidents)
        .reverse()
        .map((incident) => renderIncidentMarkdown(incident, { language, link: linkIncident(url, incident.id) }))
        .join('\n');
    default:
      return selectTop(incidents)
        .reverse()
        .map((incident) => `${renderIncident(incident, language, terminal)}\n`)
        .join('');
  }
}

/** Renders the advice; empty if no single change fixes anything. */
function renderAdvice(incidents: readonly Incident[], language: Language): string {
  const own = incidents.filter(({ platform }) => platform === undefined);
  const advice = sumAdvice(own.map((incident) => ({ ...incident, diagnoses: incident.diagnoses.en })));
  return describeAdvice(advice, language)
    .map((line) => `${line}\n`)
    .join('');
}

/** Removes the incidents of a platform incident that is itself printed. */
function selectTop(incidents: readonly Incident[]): Incident[] {
  const ids = new Set(incidents.map(({ id }) => id));
  return incidents.filter(({ parent }) => parent === undefined || !ids.has(parent));
}

/**
 * Prints the entries that are the evidence of the incidents, whole as long as the store has them; input for `jobtrace
 * rules new -`.
 */
async function writeEvidence(
  { terminal }: Invocation,
  incidents: readonly Incident[],
  store: RecordSearch,
): Promise<void> {
  for (const { unknown, diagnoses } of [...incidents].reverse()) {
    const evidence = [...unknown, ...diagnoses.en].flatMap((item) => item.evidence);
    const byPlace = new Map(evidence.map((item) => [item.recordId ?? `${item.file}:${item.line}`, item]));
    for (const { recordId, text } of byPlace.values()) {
      const context = recordId === undefined ? undefined : await store.findContext(recordId, { before: 0, after: 0 });
      const record = context?.records[context.index];
      await write(terminal, `${(record?.['event.original'] ?? text).trimEnd()}\n`);
    }
  }
}
