// Checks what comes back from a database as `unknown`: a record, an incident, an alert, an agent's status and others.
// Both stores check everything that they read. Pure functions.
import { createStoredCheck } from '../core/document.js';
import { AgentStatus } from '../core/documents/agent.js';
import { Alert } from '../core/documents/alert.js';
import { Feedback } from '../core/documents/feedback.js';
import { Incident, IncidentRow } from '../core/documents/incident.js';
import { JobLines } from '../core/documents/job.js';
import { Silence } from '../core/documents/silence.js';
import { Triage } from '../core/documents/triage.js';
import { isObject } from '../core/json.js';
import { FIELD_ROWS } from '../core/record.js';
import type { LogRecord } from '../core/types.js';

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

export const isIncident = createStoredCheck(Incident, ['id', 'cluster', 'diagnoses']);
export const isIncidentRow = createStoredCheck(IncidentRow, ['id', 'title']);
export const isAlert = createStoredCheck(Alert, ['id', 'incidentId', 'state']);
export const isFeedback = createStoredCheck(Feedback, ['incidentId', 'rule', 'by', 'at', 'verdict']);
export const isTriage = createStoredCheck(Triage, ['incidentId', 'by', 'at', 'state']);
export const isSilence = createStoredCheck(Silence, ['id', 'startsAt', 'endsAt', 'createdBy', 'comment', 'matchers']);
export const isJobLines = createStoredCheck(JobLines, ['cluster', 'jobId', 'spans', 'words', 'records']);
export const isAgentStatus = createStoredCheck(AgentStatus, ['id', 'host']);
