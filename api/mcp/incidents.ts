// Tools for incidents: the list of incidents, one incident as a card, and the diagnosis of a log that is not stored. A
// viewer with a scope sees only incidents of that scope.
import { toIso } from '../../core/time/iso.js';
import { createError } from '../../core/errors.js';
import { fitsAnyCase, parseGlob } from '../../core/text/glob.js';
import {
  escapeMarkdown,
  linkIncident,
  listFindings,
  listIncidentBlocks,
  nameIncident,
} from '../../core/wording/markdown.js';
import { CARD_STATES, describeTriage } from '../../core/documents/card-state.js';
import type { Triage } from '../../core/documents/triage.js';
import { Incident } from '../../core/documents/incident.js';
import { OUTCOMES as OUTCOME_WORDS } from '../../core/wording/wording.js';
import type { Language } from '../../core/types.js';
import { countOf } from '../../core/text/count.js';
import { loadCurrentTriage } from '../routes/incident-lookup.js';
import type { ArgumentRow, ToolValues } from './arguments.js';
import type { ToolContext, LogFindings, Reply } from './tool-context.js';
import { readTimes, TIME_ROWS } from './records.js';

const DEFAULT_SINCE = '1h';
/** Default range of a list that names a job, because the last incident of a job may be old. */
const JOB_SINCE = '30d';
const MAX_INCIDENTS = 1000;

const JOB_ROW: ArgumentRow = {
  name: 'job',
  kind: 'text',
  max: 500,
  help: 'Name or id of a job; * matches any text.',
};

export const LIST_ROWS: readonly ArgumentRow[] = [
  JOB_ROW,
  { name: 'cluster', kind: 'text', max: 500, help: 'Name of a cluster, whole.' },
  { name: 'outcome', kind: 'text', values: Incident.properties.outcome.enum, max: 20, help: 'What became of the job.' },
  ...TIME_ROWS.map((row) =>
    row.name === 'since' ? { ...row, help: `${row.help} Default ${DEFAULT_SINCE}, with job ${JOB_SINCE}.` } : row,
  ),
];

export const SHOW_ROWS: readonly ArgumentRow[] = [
  { name: 'incident', kind: 'text', max: 500, help: 'Id of the incident, as list_incidents shows it.' },
  { ...JOB_ROW, help: 'In place of an id: the latest incident of the job with this name or id.' },
];

export const TEXT_ROWS: readonly ArgumentRow[] = [
  { name: 'text', kind: 'text', isNeeded: true, max: 5_000_000, help: 'The text of a log, with its stack traces.' },
];

export const FILE_ROWS: readonly ArgumentRow[] = [
  {
    name: 'path',
    kind: 'text',
    isNeeded: true,
    max: 4000,
    help: 'A log, a folder of logs, or an archive (.gz, .tar, .tar.gz, .zip) on the machine where Jobtrace runs.',
  },
];

export async function listIncidents(context: ToolContext, values: ToolValues, language: Language): Promise<Reply> {
  const job = values.text('job');
  const range = readTimes(context, values, job === undefined ? DEFAULT_SINCE : JOB_SINCE);
  const found = await findIncidents(context, {
    job,
    range,
    cluster: values.text('cluster'),
    outcome: values.word('outcome', Incident.properties.outcome.enum),
  });
  const shown = new Set(found.map(({ id }) => id));
  const currentTriage = await loadCurrentTriage(await context.openStore(), [...shown]);
  const top = found.filter(
    ({ id, parent }) => currentTriage.get(id)?.state !== 'merged' && (parent === undefined || !shown.has(parent)),
  );
  return {
    header:
      top.length === 0
        ? `Nothing failed from ${range.from} to ${range.to}${job === undefined ? '' : ` of the job ${escapeMarkdown(job)}`}, as far as Jobtrace reads it. Ask for a longer range with "since", or search_records.`
        : `${countOf(top.length, 'incident')} from ${range.from} to ${range.to}, the latest first. show_incident tells what to do about one.`,
    blocks: top.map((incident) => renderItem(context, incident, currentTriage.get(incident.id), language)),
  };
}

export async function showIncident(context: ToolContext, values: ToolValues, language: Language): Promise<Reply> {
  const [id, job] = [values.text('incident'), values.text('job')];
  if ((id === undefined) === (job === undefined))
    throw createError('JT_REQUEST_INVALID', { problems: 'give either "incident" or "job"' });
  const incident = id === undefined ? await findLatest(context, job ?? '') : await findById(context, id);
  const blocks = listIncidentBlocks(incident, { language, link: linkIncident(context.publicUrl, incident.id) });
  return { header: blocks[0] ?? '', blocks: blocks.slice(1) };
}

export async function diagnoseText(context: ToolContext, values: ToolValues, language: Language): Promise<Reply> {
  return renderFindings(await context.diagnoseText(Buffer.from(values.text('text') ?? '', 'utf8'), language), language);
}

export async function diagnoseFile(context: ToolContext, values: ToolValues, language: Language): Promise<Reply> {
  if (context.diagnoseFile === undefined) throw new Error('files are diagnosed only on the machine itself');
  return renderFindings(await context.diagnoseFile(values.text('path') ?? '', language), language);
}

function renderFindings({ diagnoses, unknown, incidents }: LogFindings, language: Language): Reply {
  const blocks = listFindings(diagnoses, unknown, language);
  if (blocks.length === 0)
    return { header: 'No failure found: no task, job or process ended in this log.', blocks: [] };
  const states = incidents.map(({ job, process, outcome, restarts, firstSeen }) =>
    [
      escapeMarkdown(job?.name ?? job?.id ?? process ?? ''),
      OUTCOME_WORDS[outcome][language],
      countOf(restarts, 'restart'),
      ...(firstSeen === undefined ? [] : [`since ${firstSeen}`]),
    ].join(' · '),
  );
  return { header: ['What this log tells:', ...states.slice(0, 20).map((line) => `- ${line}`)].join('\n'), blocks };
}

interface Asked {
  readonly job: string | undefined;
  readonly range: { readonly from: string; readonly to: string };
  readonly cluster?: string | undefined;
  readonly outcome?: Incident['outcome'] | undefined;
}

async function findIncidents(
  context: ToolContext,
  { job, range, cluster, outcome }: Asked,
): Promise<readonly Incident[]> {
  const store = await context.openStore();
  const found = await store.findIncidents({ ...range, cluster, outcome, limit: MAX_INCIDENTS });
  return job === undefined ? found : found.filter((incident) => isOfJob(incident, job));
}

function isOfJob({ job }: Incident, asked: string): boolean {
  const glob = parseGlob(asked);
  return [job?.id, job?.name].some((name) => name !== undefined && fitsAnyCase(glob, name));
}

async function findLatest(context: ToolContext, job: string): Promise<Incident> {
  const range = { from: toIso(0), to: toIso(context.now() + 1) };
  const [latest] = await findIncidents(context, { job, range });
  if (latest !== undefined) return latest;
  throw createError('JT_NOT_FOUND', { what: `An incident of the job "${job}" (list_incidents names the jobs)` });
}

async function findById(context: ToolContext, id: string): Promise<Incident> {
  const incident = await (await context.openStore()).findIncident(id);
  if (incident !== undefined) return incident;
  throw createError('JT_NOT_FOUND', { what: `The incident "${id}"` });
}

function renderItem(context: ToolContext, incident: Incident, word: Triage | undefined, language: Language): string {
  const { state, by } = describeTriage(incident, word, context.now());
  const { id, job, process, platform, cluster, outcome, restarts, firstSeen, lastSeen } = incident;
  const who = platform === undefined ? (job?.name ?? job?.id ?? process ?? cluster) : `${platform.jobs} jobs`;
  const link = linkIncident(context.publicUrl, id);
  const [fix] = incident.diagnoses[language][0]?.fixes ?? [];
  return [
    `- **${escapeMarkdown(nameIncident(incident, language))}**`,
    `  ${escapeMarkdown(who)} · ${escapeMarkdown(cluster)} · ${OUTCOME_WORDS[outcome][language]} · ${countOf(restarts, 'restart')}`,
    `  since ${firstSeen ?? '?'}, last seen ${lastSeen ?? '?'} · incident \`${id}\``,
    ...(by === undefined && state !== 'regressed'
      ? []
      : [`  ${CARD_STATES[state][language]}${by === undefined ? '' : ` · ${escapeMarkdown(by)}`}`]),
    ...(fix === undefined ? [] : [`  → ${escapeMarkdown(fix.text)}`]),
    ...(link === undefined ? [] : [`  <${link}>`]),
  ].join('\n');
}
