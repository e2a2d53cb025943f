// Checks what comes back from a database as `unknown`: a record, an incident, an alert, an agent's status and others.
// Both stores check everything that they read. Pure functions.
import { isObject } from '../core/json.js';
import { FIELD_ROWS } from '../core/record.js';
import { VERDICTS, type Feedback } from '../core/routing/feedback.js';
import { TRIAGE_STATES, type Triage } from '../core/routing/triage.js';
import type { Silence } from '../core/routing/silence.js';
import type { Incident, LogRecord } from '../core/types.js';
import type { AgentStatus, Alert, JobLines } from './store.js';

/** Fields of every record, with their types in JavaScript. */
const REQUIRED = FIELD_ROWS.filter((row) => row.required === true).map(({ name, type }) => ({
  name,
  type: type === 'integer' ? 'number' : 'string',
}));

/** Parses JSON. Returns undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // SyntaxError: the caller says what was expected
  }
}

/** True if the required fields are there and have their types. */
export function isLogRecord(value: unknown): value is LogRecord {
  return isObject(value) && REQUIRED.every(({ name, type }) => typeof value[name] === type);
}

export function isIncident(value: unknown): value is Incident {
  return (
    isObject(value) &&
    typeof value['id'] === 'string' &&
    typeof value['cluster'] === 'string' &&
    isObject(value['diagnoses'])
  );
}

export function isAlert(value: unknown): value is Alert {
  return (
    isObject(value) &&
    typeof value['id'] === 'string' &&
    typeof value['incidentId'] === 'string' &&
    typeof value['state'] === 'string'
  );
}

export function isFeedback(value: unknown): value is Feedback {
  return (
    isObject(value) &&
    ['incidentId', 'rule', 'by', 'at'].every((name) => typeof value[name] === 'string') &&
    VERDICTS.some((verdict) => verdict === value['verdict'])
  );
}

export function isTriage(value: unknown): value is Triage {
  return (
    isObject(value) &&
    ['incidentId', 'by', 'at'].every((name) => typeof value[name] === 'string') &&
    TRIAGE_STATES.some((state) => state === value['state'])
  );
}

export function isSilence(value: unknown): value is Silence {
  return (
    isObject(value) &&
    ['id', 'startsAt', 'endsAt', 'createdBy', 'comment'].every((name) => typeof value[name] === 'string') &&
    isObject(value['matchers'])
  );
}

export function isJobLines(value: unknown): value is JobLines {
  return (
    isObject(value) &&
    typeof value['cluster'] === 'string' &&
    typeof value['jobId'] === 'string' &&
    ['spans', 'words', 'records'].every((name) => Array.isArray(value[name]))
  );
}

export function isAgentStatus(value: unknown): value is AgentStatus {
  return isObject(value) && typeof value['id'] === 'string' && typeof value['host'] === 'string';
}
