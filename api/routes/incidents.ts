// Routes for incidents: the list, its rows, one of them, and advice: which of the newest incidents one change (a Flink
// upgrade) would fix. An incident is shown in one language; a viewer with a scope sees only incidents of that scope.
import { sumAdvice } from '../../core/wording/advice.js';
import { renderCsv, renderNdjson, type ExportFormat } from '../../core/wording/export.js';
import { linkIncident, renderIncidentMarkdown } from '../../core/wording/markdown.js';
import { describeTriage } from '../../core/documents/card-state.js';
import type { Incident, IncidentRow, ShownRow } from '../../core/documents/incident.js';
import { nameSubject } from '../../core/wording/subject.js';
import type { Language } from '../../core/types.js';
import { omitMissing } from '../../core/json.js';
import { readRange } from './records.js';
import {
  readLanguage,
  route,
  type Answer,
  type AnswerTo,
  type AuditNote,
  type Request,
  type Route,
  type Services,
} from '../http/route.js';
import type { RowPage } from '../schemas/incidents.js';
import { withoutPayload } from './alerts.js';
import { summarizeIncident } from './incident-summary.js';
import { findVisible, listIds, loadCurrentTriage } from './incident-lookup.js';
import { narrowToTriage } from './triage.js';

const ALERTS_OF_ONE_INCIDENT = 200;
/** Largest number of incidents that advice is summed over, unless the request says another. */
const ADVISED_INCIDENTS = 200;

export function createIncidentRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: 'GET /api/v1/incidents',
      role: 'reader',
      tag: 'incidents',
      summary: 'Incidents with their diagnoses, newest first',
      description:
        'The head of each card: its first three diagnoses without reasons, fixes, evidence, references, values and score, its first three unknown failures without evidence, the newest three attempts, no facts. fields=full gives all of it, as the single incident and the formats other than json do.',
      describeAudit: describeExport,
      handle: (request) => listIncidents(services, request),
    }),
    route({
      at: 'GET /api/v1/incidents/rows',
      role: 'reader',
      tag: 'incidents',
      summary: 'Incidents as rows of a list, newest first, page by page, with counts',
      handle: (request) => listRows(services, request),
    }),
    route({
      at: 'GET /api/v1/incidents/:id',
      role: 'reader',
      tag: 'incidents',
      summary: 'One incident, and the alerts it caused',
      handle: (request) => readIncident(services, request),
    }),
    route({
      at: 'GET /api/v1/advice',
      role: 'reader',
      tag: 'incidents',
      summary: 'Flink defects among the newest incidents, by the version that fixes them',
      handle: readAdvice,
    }),
  ];
}

/** Returns the audit note of an export; undefined for a list, because only files are recorded. */
function describeExport({ query }: Request<'GET /api/v1/incidents'>): AuditNote | undefined {
  const { format } = query;
  if (format === undefined || format === 'json') return undefined;
  const given = (['job', 'cluster', 'from', 'to', 'outcome'] as const).flatMap((name) =>
    query[name] === undefined ? [] : [`${name}=${query[name]}`],
  );
  return { what: 'read.export', about: 'incidents', detail: [`format=${format}`, ...given].join(' ') };
}

async function listIncidents(
  services: Services,
  request: Request<'GET /api/v1/incidents'>,
): Promise<AnswerTo<'GET /api/v1/incidents'>> {
  const { query, store } = request;
  const language = readLanguage(services, request);
  const incidents = await store.findIncidents({
    ...omitMissing({ jobId: query.job, cluster: query.cluster, group: query.group }),
    ...readRange(query),
    ...omitMissing({ outcome: query.outcome }),
    limit: query.limit ?? 100,
  });
  const { format = 'json' } = query;
  if (format !== 'json') return renderExport(services, request, format, incidents);
  const shown = incidents.map((incident) => withoutChildren(inLanguage(incident, language)));
  return { kind: 'json', body: { incidents: query.fields === 'full' ? shown : shown.map(summarizeIncident) } };
}

const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  markdown: 'text/markdown; charset=utf-8',
};

export function renderExport(
  services: Services,
  request: Parameters<typeof readLanguage>[1],
  format: ExportFormat,
  incidents: readonly Incident[],
): Answer<never> {
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

async function listRows(services: Services, request: Request<'GET /api/v1/incidents/rows'>): Promise<Answer<RowPage>> {
  const { query, store } = request;
  const language = readLanguage(services, request);
  const currentTriage = await loadCurrentTriage(store);
  const { top: isTop = false, triage: wanted } = query;
  const { rows, ...page } = await store.pageIncidents({
    ...omitMissing({ job: query.job, cluster: query.cluster, cause: query.cause }),
    ...omitMissing({ severity: query.severity, owner: query.owner, after: query.after }),
    ...readRange(query),
    ...omitMissing({ outcome: query.outcome }),
    isTop,
    ...(await narrowToTriage(store, currentTriage, { wanted, isTop }, services.now())),
    limit: query.limit ?? 100,
  });
  const shown = rows.map((row) => ({
    ...showRow(row, language),
    triage: describeTriage(row, currentTriage.get(row.id), services.now()),
  }));
  return { kind: 'json', body: { rows: shown, ...page } };
}

/** Returns a row with its texts in the reader's language. */
function showRow({ title, beside, process, ...row }: IncidentRow, language: Language): Omit<ShownRow, 'triage'> {
  const subject = nameSubject({ process, ...row }, language);
  return { ...row, title: title[language], beside: beside?.map((second) => second[language]), subject };
}

async function readIncident(
  services: Services,
  request: Request<'GET /api/v1/incidents/:id'>,
): Promise<AnswerTo<'GET /api/v1/incidents/:id'>> {
  const incident = await findVisible(request);
  if (request.query.format === 'markdown') return renderExport(services, request, 'markdown', [incident]);
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

async function readAdvice({ query, store }: Request<'GET /api/v1/advice'>): Promise<AnswerTo<'GET /api/v1/advice'>> {
  const found = await store.findIncidents({
    ...readRange(query),
    limit: query.limit ?? ADVISED_INCIDENTS,
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
