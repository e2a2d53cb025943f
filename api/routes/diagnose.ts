// Route that diagnoses a pasted log, as text or as an archive, with the engine of "jobtrace diagnose". Nothing is
// stored. The command line passes the engine; a process without one answers that it does not offer this.
import { createError } from '../../core/errors.js';
import { readLanguage, route, type Answer, type Request, type Route, type Services } from '../http/route.js';
import type { DiagnoseDocument } from '../schemas/incidents.js';

const MEBIBYTE = 1_048_576;
/**
 * Limits for pasted logs. One log is diagnosed while the others wait or are still being sent. A single viewer cannot
 * take all places.
 */
const PASTES = { max: 4, maxPerViewer: 3 };

export function createDiagnoseRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: 'POST /api/v1/diagnose',
      role: 'reader',
      tag: 'diagnose',
      summary: 'Diagnose a pasted log',
      description: 'The same engine and the same document as "jobtrace diagnose --format json". Nothing is stored.',
      maxBytes: 20 * MEBIBYTE,
      concurrency: PASTES,
      describeAudit: ({ body }) => ({ what: 'read.paste', detail: `${Buffer.isBuffer(body) ? body.length : 0} bytes` }),
      handle: (request) => diagnosePasted(services, request),
    }),
  ];
}

async function diagnosePasted(
  services: Services,
  request: Request<'POST /api/v1/diagnose'>,
): Promise<Answer<DiagnoseDocument>> {
  if (services.diagnosePaste === undefined)
    throw createError('JT_NOT_FOUND', { what: 'Diagnosis of pasted logs, which this process does not offer,' });
  const startedAt = services.now();
  const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const body = await services.diagnosePaste(bytes, readLanguage(services, request));
  services.metrics.observeDiagnose((services.now() - startedAt) / 1000);
  return { kind: 'json', body };
}
