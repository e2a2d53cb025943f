// Lists the API at a glance: each address with the schemas of its requests and of its answer. The routes take their
// types from here, and so does the page, so that both sides of a request have one declaration. Each schema is declared
// beside the others of its subject.
import { ShownToken } from '../../core/documents/token.js';
import { ShownUser } from '../../core/documents/user.js';
import { ShownViewer } from '../../core/documents/viewer.js';
import { DraftedRule, RuleTrial, WrittenRule } from '../../core/documents/rule.js';
import { described, text, typed, type Static, type TSchema } from '../../core/documents/schema.js';
import {
  ACCESS,
  AUDIT_LIST,
  CREDENTIALS,
  NEW_TOKEN,
  PROVIDER_ANSWER,
  SESSION_LIST,
  SESSIONS_ENDED,
  SIGNED_OUT,
  TOKEN_LIST,
  TOKEN_TO_MAKE,
  USER_GONE,
  USER_LIST,
  USER_TO_SAVE,
} from './access.js';
import {
  ALERT_LIST,
  ALERT_MESSAGE,
  DELIVERY_LIST,
  NEW_SILENCE,
  RECEIVED_LIST,
  RECEIVER_NAME,
  RECEIVER_TRIAL,
  SILENCE,
  SILENCE_LIST,
} from './alerts.js';
import { RULE_LINES, RULE_PAST, RULE_SAVED, RULE_TEXTS, RULE_TEXTS_TO_SAVE, RULE_TO_BACKTEST } from './author.js';
import { DELETION, DELETION_BODY } from './deletions.js';
import {
  ADVICE,
  DIAGNOSE,
  FAILURE_GROUP_SUM,
  INCIDENT,
  INCIDENT_DIAGNOSIS,
  INCIDENT_LIST,
  INCIDENT_ROWS,
  JOB_LIST,
} from './incidents.js';
import { ID, QUERIES } from './queries.js';
import { CONTEXT, RECORD, RECORD_PAGE } from './records.js';
import { FEEDBACK, FEEDBACK_LIST, RULE_LIST, RULE_PAGE } from './rules.js';
import { AGENT_LIST, ERROR, LIVE, NOT_READY, READY } from './system.js';
import { NEW_TRIAGE, TRIAGE } from './triage.js';

/** Schemas of an address. A part without a schema is not checked. */
export interface Exchange {
  readonly params?: TSchema;
  readonly query?: TSchema;
  /** Body in JSON. */
  readonly body?: TSchema;
  /** Body in any other form, which the route gets as bytes. */
  readonly bytes?: TSchema;
  /** Answer with the status 200. */
  readonly answer?: TSchema;
  /** Answers with another status; each route may also answer errors. */
  readonly others?: Readonly<Record<number, TSchema>>;
}

const { none } = QUERIES;

/** Schemas by method and path. A path has `:name` for parameters; the OpenAPI document writes them in braces. */
export const ADDRESSES = {
  'GET /api/v1/records': { query: QUERIES.records, answer: RECORD_PAGE },
  'GET /api/v1/records/export': {
    query: QUERIES.export,
    answer: described(text, 'text/plain, application/x-ndjson or text/csv'),
  },
  'GET /api/v1/records/stream': { query: QUERIES.stream, answer: described(text, 'text/event-stream') },
  'GET /api/v1/records/:id/context': { params: ID, query: QUERIES.context, answer: CONTEXT },
  'GET /api/v1/records/:id': { params: ID, query: none, answer: RECORD },
  'GET /api/v1/incidents': { query: QUERIES.incidents, answer: INCIDENT_LIST },
  'GET /api/v1/incidents/rows': { query: QUERIES.incidentRows, answer: INCIDENT_ROWS },
  'GET /api/v1/incidents/:id': { params: ID, query: QUERIES.incident, answer: INCIDENT },
  'GET /api/v1/incidents/:id/feedback': { params: ID, query: none, answer: FEEDBACK_LIST },
  'POST /api/v1/incidents/:id/feedback': { params: ID, query: none, body: FEEDBACK, answer: FEEDBACK_LIST },
  'GET /api/v1/incidents/:id/triage': { params: ID, query: QUERIES.language, answer: TRIAGE },
  'POST /api/v1/incidents/:id/triage': { params: ID, query: QUERIES.language, body: NEW_TRIAGE, answer: TRIAGE },
  'GET /api/v1/advice': { query: QUERIES.advice, answer: ADVICE },
  'GET /api/v1/diagnosis': { query: QUERIES.diagnosis, answer: INCIDENT_DIAGNOSIS },
  'GET /api/v1/groups/:id': { params: ID, query: none, answer: FAILURE_GROUP_SUM },
  'GET /api/v1/jobs': { query: QUERIES.jobs, answer: JOB_LIST },
  'GET /api/v1/agents': { query: QUERIES.language, answer: AGENT_LIST },
  'POST /api/v1/diagnose': {
    query: QUERIES.language,
    bytes: typed<unknown>({ description: 'The log, as text or as an archive (.gz, .tar, .tar.gz, .zip).' }),
    answer: DIAGNOSE,
  },
  'GET /api/v1/alerts': { query: QUERIES.alerts, answer: ALERT_LIST },
  'POST /api/v1/alertmanager': { query: none, body: ALERT_MESSAGE, answer: RECEIVED_LIST },
  'POST /api/v1/grafana': { query: none, body: ALERT_MESSAGE, answer: RECEIVED_LIST },
  'GET /api/v1/silences': { query: QUERIES.silences, answer: SILENCE_LIST },
  'POST /api/v1/silences': { query: none, body: NEW_SILENCE, answer: SILENCE },
  'POST /api/v1/silences/:id/expire': { params: ID, query: none, answer: SILENCE },
  'GET /api/v1/deliveries': { query: none, answer: DELIVERY_LIST },
  'POST /api/v1/receivers/:name/test': { params: RECEIVER_NAME, answer: RECEIVER_TRIAL },
  'GET /api/v1/rules': { query: none, answer: RULE_LIST },
  'GET /api/v1/rules/:id': { params: ID, query: QUERIES.language, answer: RULE_PAGE },
  'POST /api/v1/rules/draft': { query: none, body: RULE_LINES, answer: DraftedRule },
  'GET /api/v1/rules/:id/texts': { params: ID, query: none, answer: WrittenRule },
  'POST /api/v1/rules/try': { query: QUERIES.language, body: RULE_TEXTS, answer: RuleTrial },
  'POST /api/v1/rules/backtest': { query: none, body: RULE_TO_BACKTEST, answer: RULE_PAST },
  'POST /api/v1/rules': { query: none, body: RULE_TEXTS_TO_SAVE, answer: RULE_SAVED },
  'GET /api/v1/access': { query: none, answer: ACCESS },
  'GET /api/v1/viewer': { query: none, answer: ShownViewer },
  'POST /api/v1/session': { query: none, body: CREDENTIALS, answer: ShownViewer },
  'DELETE /api/v1/session': { query: none, answer: SIGNED_OUT },
  'GET /api/v1/oidc/start': { query: none, others: { 303: typed<unknown>({}) } },
  'GET /api/v1/oidc/callback': { query: PROVIDER_ANSWER, others: { 303: typed<unknown>({}) } },
  'GET /api/v1/sessions': { query: QUERIES.sessions, answer: SESSION_LIST },
  'DELETE /api/v1/sessions': { query: QUERIES.sessions, answer: SESSIONS_ENDED },
  'DELETE /api/v1/sessions/:id': { params: ID, query: none, answer: SESSIONS_ENDED },
  'GET /api/v1/tokens': { query: none, answer: TOKEN_LIST },
  'POST /api/v1/tokens': { query: none, body: TOKEN_TO_MAKE, others: { 201: NEW_TOKEN } },
  'DELETE /api/v1/tokens/:id': { params: ID, query: none, answer: ShownToken },
  'GET /api/v1/users': { query: none, answer: USER_LIST },
  'POST /api/v1/users': { query: none, body: USER_TO_SAVE, answer: ShownUser },
  'DELETE /api/v1/users/:id': { params: ID, query: none, answer: USER_GONE },
  'GET /api/v1/audit': { query: QUERIES.audit, answer: AUDIT_LIST },
  'POST /api/v1/deletions': { query: none, body: DELETION_BODY, answer: DELETION },
  'POST /api/v1/mcp': {
    body: typed<unknown>({ type: ['object', 'array'] }),
    answer: typed<object>({ type: 'object' }),
    others: { 202: typed<unknown>({}), 400: typed<object>({ type: 'object' }), 406: typed<object>({ type: 'object' }) },
  },
  'GET /api/v1/mcp': { query: none, others: { 405: ERROR } },
  'GET /health/live': { answer: LIVE },
  'GET /health/ready': { answer: READY, others: { 503: NOT_READY } },
  'GET /metrics': { answer: described(text, 'Prometheus text format') },
} satisfies Readonly<Record<string, Exchange>>;
export type Address = keyof typeof ADDRESSES;

/** Type of a part of an address; unknown if it has no schema. */
export type PartOf<At extends Address, Name extends keyof Exchange> =
  (typeof ADDRESSES)[At] extends Readonly<Record<Name, infer Declared extends TSchema>> ? Static<Declared> : unknown;

type Declared<At extends Address> = (typeof ADDRESSES)[At];
/** Type of the bodies of all answers of an address. */
export type BodyOf<At extends Address> = At extends Address
  ? | (Declared<At> extends { readonly answer: infer Answer extends TSchema } ? Static<Answer> : never)
    | (Declared<At> extends { readonly others: Readonly<Record<number, infer Other extends TSchema>> }
        ? Static<Other>
        : never)
  : never;
