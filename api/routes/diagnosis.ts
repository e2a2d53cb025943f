// Route that looks up the diagnosis of a job at a time, for a system that raises its own alarms and needs only the
// cause. It chooses the nearest incident.
import { createError } from '../../core/errors.js';
import { omitMissing } from '../../core/json.js';
import { linkIncident } from '../../core/wording/markdown.js';
import { isOpen, measureDistance, rangeAround } from '../../core/time/around.js';
import type { Incident } from '../../core/documents/incident.js';
import { readLanguage, route, type AnswerTo, type Request, type Route, type Services } from '../http/route.js';
import { renderExport } from './incidents.js';

const AT = 'GET /api/v1/diagnosis';
/** Largest number of incidents of one job within about 70 minutes. */
const MAX_INCIDENTS = 500;

export function createDiagnosisRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: AT,
      role: 'reader',
      tag: 'incidents',
      summary: 'Why a job failed at some time',
      description:
        'Of the incident nearest to that time, from an hour before it to ten minutes after it; one that is still open before one that has ended.',
      handle: (request) => findDiagnosis(services, request),
    }),
  ];
}

async function findDiagnosis(services: Services, request: Request<typeof AT>): Promise<AnswerTo<typeof AT>> {
  const { query, store } = request;
  const { job, cluster, at } = query;
  const atMs = at === undefined ? services.now() : Date.parse(at);
  const range = rangeAround(atMs);
  const incidents = await store.findIncidents({
    ...range,
    job,
    ...omitMissing({ cluster }),
    limit: MAX_INCIDENTS,
  });
  const incident = chooseNearest(incidents, atMs);
  if (incident === undefined)
    throw createError('JT_NOT_FOUND', {
      what: `An incident of the job "${job}"${cluster === undefined ? '' : ` in the cluster "${cluster}"`} from ${range.from} to ${range.to}`,
    });
  if (query.format === 'markdown') return renderExport(services, request, 'markdown', [incident]);
  return { kind: 'json', body: describe(services, request, incident) };
}

function chooseNearest(incidents: readonly Incident[], atMs: number): Incident | undefined {
  return [...incidents].sort(
    (left, right) =>
      measureDistance(left, atMs) - measureDistance(right, atMs) || Number(isOpen(right)) - Number(isOpen(left)),
  )[0];
}

/** Describes an incident. A diagnosis of a draft rule is used only if there is no other one. */
function describe(services: Services, request: Request<typeof AT>, incident: Incident) {
  const { id, cluster, job, firstSeen, lastSeen, outcome, restarts } = incident;
  const diagnoses = incident.diagnoses[readLanguage(services, request)];
  return {
    incident: { id, cluster, job, firstSeen, lastSeen, outcome, restarts },
    diagnosis: diagnoses.find(({ status }) => status !== 'draft') ?? diagnoses[0] ?? null,
    unknown: incident.unknown[0] ?? null,
    links: { incident: linkIncident(services.publicUrl, id) },
  };
}
