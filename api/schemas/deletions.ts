// Declares the request and the answer of the API for deletion on request: the filter, and the counts of items that were
// or would be deleted. routes/deletions.ts uses them.
import { boundedInteger, boundedText, flag, object, optional, request, time } from '../../core/documents/schema.js';

const filter = (description: string) => optional(boundedText({ minLength: 1, maxLength: 2000, description }));
const count = (description: string) => boundedInteger({ minimum: 0, description });

export const DELETION_BODY = request({
  cluster: filter('Name of the cluster, whole.'),
  job: filter('Id or name of a job: all lines that are known to be its.'),
  contains: filter('Words in a row, whole ones, in any case, such as an e-mail address.'),
  file: filter('Path of a log file, with * for any text.'),
  from: optional(time, 'Only what was logged from then on.'),
  to: optional(time, 'Only what was logged before.'),
  dryRun: optional({ ...flag, default: false }, 'Only count.'),
});

export const DELETION = object(
  {
    dryRun: flag,
    records: count('Lines of logs.'),
    incidents: count('Incidents that are about them, quote one of them, or hold the text.'),
    alerts: count('Messages about these incidents.'),
    feedback: count('Verdicts on their diagnoses.'),
    triage: count('Annotations of people on these incidents.'),
  },
  { additionalProperties: false },
);
