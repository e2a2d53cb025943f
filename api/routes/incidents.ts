// Routes for incidents: the list, its rows, one of them, and advice: which of the newest incidents one change (a Flink
// upgrade) would fix. An incident is shown in one language; a viewer with a scope sees only incidents of that scope.
import { sumAdvice } from '../../core/wording/advice.js';
import { EXPORT_FORMATS, renderCsv, renderNdjson, type ExportFormat } from '../../core/wording/export.js';
import { linkIncident, renderIncidentMarkdown } from '../../core/wording/markdown.js';
import { describeTriage } from '../../core/documents/card-state.js';
import { Incident, type IncidentRow } from '../../core/documents/incident.js';
import { nameSubject } from '../../core/wording/subject.js';
import { type Language, TRIAGE_STATES } from '../../core/types.js';
import { omitMissing } from '../../core/json.js';
import { readRange } from './records.js';
import {
  readLanguage,
  readWord,
  type Answer,
  type AuditNote,
  type Request,
  type Route,
  type Services,
} from '../http/route.js';
import { ADVICE, INCIDENT, INCIDENT_LIST, INCIDENT_ROWS } from '../schemas/incidents.js';
import { ID, QUERIES } from '../schemas/queries.js';
import { withoutPayload } from './alerts.js';
import { describeHead } from './incident-head.js';
import { findVisible, listIds, loadStanding } from './incident-lookup.js';
import { narrowToTriage } from './triage.js';

const ALERTS_OF_ONE_INCIDENT = 200;
/** Largest number of incidents that advice is summed over, unless the request says another. */
const ADVISED_INCIDENTS = 200;

export function createIncidentRoutes(services: Services): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/incidents',
      role: 'reader',
      tag: 'incidents',
      summary: 'Incidents with their diagnoses, newest first',
      description:
        'The head of each card: its first three diagnoses without reasons, fixes, evidence, references, values and score, its first three unknown failures without evidence, the newest three attempts, no facts. fields=full gives all of it, as the single incident and the formats other than json do.',
      query: QUERIES.incidents,
      audited: describeExport,
      answers: { 200: INCIDENT_LIST },
      handle: (request) => listIncidents(services, request),
    },
    {
      method: 'GET',
      path: '/api/v1/incidents/rows',
      role: 'reader',
      tag: 'incidents',
      summary: 'Incidents as rows of a list, newest first, page by page, with counts',
      query: QUERIES.incidentRows,
      answers: { 200: INCIDENT_ROWS },
      handle: (request) => listRows(services, request),
    },
    {
      method: 'GET',
      path: '/api/v1/incidents/:id',
      role: 'reader',
      tag: 'incidents',
      summary: 'One incident, and the alerts it caused',
      params: ID,
      query: QUERIES.incident,
      answers: { 200: INCIDENT },
      handle: (request) => readIncident(services, request),
    },
    {
      method: 'GET',
      path: '/api/v1/advice',
      role: 'reader',
      tag: 'incidents',
      summary: 'Flink defects among the newest incidents, by the version that fixes them',
      query: QUERIES.advice,
      answers: { 200: ADVICE },
      handle: readAdvice,
    },
  ];
}

/** Returns the audit note of an export; undefined for a list, because only files are recorded. */
function describeExport({ query }: Request): AuditNote | undefined {
  const format = query.text('format');
  if (format === undefined || format === 'json') return undefined;
  const given = ['job', 'cluster', 'from', 'to', 'outcome'].flatMap((name) => {
    const value = query.text(name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
  return { what: 'read.export', about: 'incidents', detail: [`format=${format}`, ...given].join(' ') };
}

async function listIncidents(services: Services, request: Request): Promise<Answer> {
  const { query, store } = request;
  const language = readLanguage(services, request);
  const incidents = await store.findIncidents({
    ...omitMissing({ jobId: query.text('job'), cluster: query.text('cluster'), group: query.text('group') }),
    ...readRange(query),
    ...omitMissing({ outcome: readWord(Incident.properties.outcome.enum, query.text('outcome')) }),
    limit: query.number('limit') ?? 100,
  });
  const format = readWord(EXPORT_FORMATS, query.text('format'));
  if (format !== undefined) return renderExport(services, request, format, incidents);
  const shown = incidents.map((incident) => withoutChildren(inLanguage(incident, language)));
  return { kind: 'json', body: { incidents: query.text('fields') === 'full' ? shown : shown.map(describeHead) } };
}

const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  markdown: 'text/markdown; charset=utf-8',
};

export function renderExport(
  services: Services,
  request: Request,
  format: ExportFormat,
  incidents: readonly Incident[],
): Answer {
  const language = readLanguage(services, request);
  const render: Readonly<Record<ExportFormat, () => string>> = {
    csv: () => renderCsv(incidents, language),
    ndjson: () => renderNdjson(incidents.map((incident) => withoutChildren(inLanguage(incident, language)))),
    markdown: () =>
      incidents
        .map((item) => renderIncidentMarkdown(item, { language, link: linkIncident(services.publicUrl, item.id) }))
        .join('\n'),
  };
  return { kind: 'text', text: render[format](), contentType: CONTENT_TYPES[format] };
}

async function listRows(services: Services, request: Request): Promise<Answer> {
  const { query, store } = request;
  const language = readLanguage(services, request);
  const standing = await loadStanding(store);
  const isTop = query.flag('top');
  const wanted = readWord(TRIAGE_STATES, query.text('triage'));
  const { rows, ...page } = await store.pageIncidents({
    ...omitMissing({ job: query.text('job'), cluster: query.text('cluster'), cause: query.text('cause') }),
    ...omitMissing({ severity: query.text('severity'), owner: query.text('owner'), after: query.text('after') }),
    ...readRange(query),
    ...omitMissing({ outcome: readWord(Incident.properties.outcome.enum, query.text('outcome')) }),
    isTop,
    ...(await narrowToTriage(store, standing, { wanted, isTop }, services.now())),
    limit: query.number('limit') ?? 100,
  });
  const shown = rows.map((row) => ({
    ...showRow(row, language),
    triage: describeTriage(row, standing.get(row.id), services.now()),
  }));
  return { kind: 'json', body: { rows: shown, ...page } };
}

/** Returns a row with its texts in the reader's language. */
function showRow({ title, beside, process, ...row }: IncidentRow, language: Language): object {
  const subject = nameSubject({ process, ...row }, language);
  return { ...row, title: title[language], beside: beside?.map((second) => second[language]), subject };
}

async function readIncident(services: Services, request: Request): Promise<Answer> {
  const incident = await findVisible(request);
  if (request.query.text('format') === 'markdown') return renderExport(services, request, 'markdown', [incident]);
  const alerts = await Promise.all(
    listIds(incident).map((incidentId) =>
      request.store.alerts.find({ where: { incidentId }, limit: ALERTS_OF_ONE_INCIDENT }),
    ),
  );
  return {
    kind: 'json',
    body: { ...inLanguage(incident, readLanguage(services, request)), alerts: alerts.flat().map(withoutPayload) },
  };
}

async function readAdvice({ query, store }: Request): Promise<Answer> {
  const found = await store.findIncidents({
    ...readRange(query),
    limit: query.number('limit') ?? ADVISED_INCIDENTS,
  });
  const own = found.filter(({ platform }) => platform === undefined);
  return { kind: 'json', body: sumAdvice(own.map((item) => ({ ...item, diagnoses: item.diagnoses.en }))) };
}

function inLanguage(incident: Incident, language: Language) {
  return { ...incident, language, diagnoses: incident.diagnoses[language] };
}

/** Removes the list of children, because a list needs only their number. */
function withoutChildren<Shown extends Pick<Incident, 'platform'>>(incident: Shown) {
  const { platform } = incident;
  if (platform === undefined) return incident;
  const { children, ...share } = platform;
  return { ...incident, platform: share };
}
