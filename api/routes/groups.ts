// Route for one group of failures that no rule matches, over time: count, first and last time, affected jobs, and the
// common features of the failures. Takes sums of the store. The page shows the group beside such a failure; a viewer
// with a scope sees the part of its own jobs.
import { toIso } from '../../core/time/iso.js';
import { createError } from '../../core/errors.js';
import { route, type Answer, type Request, type Route, type Services } from '../http/route.js';
import type { ShownGroup } from '../schemas/incidents.js';
import { mergeJobs } from './jobs.js';

const MAX_JOBS = 20;

export function createGroupRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: 'GET /api/v1/groups/:id',
      role: 'reader',
      tag: 'incidents',
      summary: 'How often one unknown failure came, when, and to which jobs',
      description: 'Of the incidents that are stored; the group of an incident is that of its first unknown failure.',
      handle: (request) => readGroup(services, request),
    }),
  ];
}

async function readGroup(
  { now }: Services,
  { params: { id }, store }: Request<'GET /api/v1/groups/:id'>,
): Promise<Answer<ShownGroup>> {
  const asked = { group: id };
  const [sum, counted, [newest]] = await Promise.all([
    store.sumGroup({ ...asked, now: toIso(now()) }),
    store.countJobIncidents(asked),
    store.findIncidents({ ...asked, limit: 1 }),
  ]);
  const group = newest?.unknown[0]?.group;
  if (newest === undefined || group === undefined) throw createError('JT_NOT_FOUND', { what: `The group "${id}"` });
  const jobs = mergeJobs([], counted.jobs);
  const shown = jobs.slice(0, MAX_JOBS).map((job) => ({
    id: job.id,
    name: job.name,
    cluster: job.cluster,
    incidents: job.incidents,
    lastSeen: job.lastSeen,
  }));
  return { kind: 'json', body: { ...group, ...sum, jobs: shown, jobsTotal: jobs.length, newest: newest.id } };
}
