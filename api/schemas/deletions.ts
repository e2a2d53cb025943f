// JSON schemas of the API for deletion on request: the filter of a request, and in the answer the counts of items that
// were or would be deleted. routes/deletions.ts uses them.
import type { Schema } from '../http/route.js';

const text = (description: string): Schema => ({ type: 'string', minLength: 1, maxLength: 2000, description });
const time = (description: string): Schema => ({ type: 'string', format: 'date-time', description });
const count = (description: string): Schema => ({ type: 'integer', minimum: 0, description });

export const DELETION_BODY: Schema = {
  type: 'object',
  properties: {
    cluster: text('Name of the cluster, whole.'),
    job: text('Id or name of a job: all lines that are known to be its.'),
    contains: text('Words in a row, whole ones, in any case, such as an e-mail address.'),
    file: text('Path of a log file, with * for any text.'),
    from: time('Only what was logged from then on.'),
    to: time('Only what was logged before.'),
    dryRun: { type: 'boolean', default: false, description: 'Only count.' },
  },
  additionalProperties: false,
};

export const DELETION: Schema = {
  type: 'object',
  properties: {
    dryRun: { type: 'boolean' },
    records: count('Lines of logs.'),
    incidents: count('Incidents that are about them, quote one of them, or hold the text.'),
    alerts: count('Messages about these incidents.'),
    feedback: count('Verdicts on their diagnoses.'),
    triage: count('What people said of them.'),
  },
  required: ['dryRun', 'records', 'incidents', 'alerts', 'feedback', 'triage'],
  additionalProperties: false,
};
