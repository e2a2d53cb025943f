// Sends all requests of the page to the server, which has the same API for everyone (docs/api.md). Returns the typed
// answer, or throws a RequestError with the server's message. Each request carries the token of session.ts; a request
// that is rejected for its token waits for the sign-in.
import { toIso } from '../../../../core/time/iso.ts';
import type {
  Diagnosis,
  FailureGroup,
  Incident,
  Language,
  LogRecord,
  UnknownFailure,
  JobSummary,
  RuleSheet,
  RulePast,
  RuleTrial,
} from '../../../../core/types.ts';
import type { Advice } from '../../../../core/wording/advice.ts';
import type { Feedback, Precision, FeedbackVerdict } from '../../../../core/routing/feedback.ts';
import type { CardState, CardTriage, Triage } from '../../../../core/routing/triage.ts';
import type { AgentStatus, GroupSum, IncidentPage, IncidentRow, RecordPage } from '../../../../store/store.ts';
import type { Silence, SilenceState } from '../../../../core/routing/silence.ts';
import { refuseToken, waitForSession } from './session.ts';

/** Agent as the API returns it: its conditions in one language, without their text for a token with a scope. */
export type ShownAgent = Omit<AgentStatus, 'conditions'> & {
  readonly conditions: readonly {
    readonly code: string;
    readonly severity?: 'info' | 'warning' | 'error';
    readonly message?: string;
    readonly fix?: string;
    readonly since: string;
  }[];
};

/** Incident as the API returns it, in one language. */
export type ShownIncident = Omit<Incident, 'diagnoses'> & { readonly diagnoses: readonly Diagnosis[] };

/** Incident as a row of the list, with its subject and title in one language. */
export type ShownRow = Omit<IncidentRow, 'title' | 'beside' | 'process'> & {
  readonly subject: string;
  readonly title: string;
  readonly beside?: readonly string[];
  readonly triage: CardTriage;
};

/** Page of the list of incidents. */
export type RowPage = Omit<IncidentPage, 'rows'> & { readonly rows: readonly ShownRow[] };

export interface RuleRow {
  readonly id: string;
  readonly cause: string;
  readonly status: Diagnosis['status'];
  readonly severity: Diagnosis['severity'];
  readonly owner: Diagnosis['owner'];
  readonly title: Readonly<Record<Language, string>>;
  readonly references: readonly string[];
  readonly precision?: ShownPrecision;
}

/** Rule with its matchers, its answer and its sample logs. */
export interface ShownRule extends RuleRow {
  readonly isOwn: boolean;
  readonly sheet?: RuleSheet;
}

/** Rule that is being written: CAUSE/VARIANT and the texts of its files. */
export interface EditedRule {
  readonly id: string;
  readonly rule: string;
  readonly match: string;
  readonly nearMiss: string;
}

/** Precision of a rule by feedback. `alerts` is false if the precision is too low for alerts. */
export type ShownPrecision = Precision & { readonly alerts: boolean };

/** Feedback on an incident, and the precision of its rules. */
export interface ShownFeedback {
  readonly feedback: readonly Feedback[];
  readonly rules: readonly { readonly id: string; readonly precision?: ShownPrecision }[];
}

/** State of a card, and all its annotations, newest first. */
export interface ShownTriage {
  readonly state: CardState;
  readonly words: readonly Triage[];
  readonly merged: readonly { readonly id: string; readonly subject: string; readonly firstSeen?: string }[];
}

/** Stored data about a failure that no rule matches. */
export type ShownGroup = FailureGroup &
  GroupSum & {
    readonly jobs: readonly {
      readonly id: string;
      readonly name?: string;
      readonly cluster?: string;
      readonly incidents: number;
    }[];
    readonly jobsTotal: number;
  };

/** Available ways to sign in. */
export interface ShownAccess {
  readonly open: boolean;
  readonly users: boolean;
  /** Name of the provider. */
  readonly provider?: string;
}

/** Viewer, identified by a token, by a sign-in, or as the local user of the machine. */
export interface ShownViewer {
  readonly name: string;
  readonly kind: 'token' | 'user' | 'local' | 'nobody';
  readonly role: string;
}

/** Sign-in that is valid. */
export interface ShownSignIn {
  readonly id: string;
  readonly name: string;
  /** Address of the provider. */
  readonly issuer?: string;
  readonly startedAt: string;
  readonly endsAt: string;
  readonly address?: string;
  readonly agent?: string;
  /** True for the sign-in of this request. */
  readonly own: boolean;
}

/** Receiver that does not accept its alerts. */
export interface ShownDelivery {
  readonly receiver: string;
  readonly undeliverable: number;
  readonly waiting: number;
  readonly since: string;
  readonly lastError?: string;
}

/** Message that was sent to a receiver, or that could not be sent. */
export interface ShownAlert {
  readonly id: string;
  readonly incidentId: string;
  readonly receiver: string;
  readonly reason: string;
  readonly cause: string;
  readonly sentAt: string;
  readonly state: string;
  readonly attempts: number;
  readonly error?: string;
}

export type ShownSilence = Silence & { readonly state: SilenceState };

/** Answer of a receiver to a test message, and the recommended change. */
export interface ShownTrial {
  readonly ok: boolean;
  readonly answer?: string;
  readonly error?: string;
  readonly advice: Readonly<Record<Language, string>>;
}

/** Error of a failed request, with the server's message. */
export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly fix: string,
  ) {
    super(message);
  }
}

export const api = {
  records: (parameters: URLSearchParams): Promise<RecordPage> => request(`/api/v1/records?${parameters.toString()}`),
  context: (
    id: string,
    { before, after }: { readonly before: number; readonly after: number },
  ): Promise<{ records: readonly LogRecord[]; index: number }> =>
    request(`/api/v1/records/${encodeURIComponent(id)}/context?before=${before}&after=${after}`),
  /** Loads a whole record; rows of a list may be cut. */
  record: (id: string): Promise<LogRecord> => request(`/api/v1/records/${encodeURIComponent(id)}`),
  exportRecords: (parameters: URLSearchParams): Promise<Blob> =>
    request(`/api/v1/records/export?${parameters.toString()}`, {}, (response) => response.blob()),
  sessions: async (): Promise<readonly ShownSignIn[]> =>
    (await request<{ readonly sessions: readonly ShownSignIn[] }>('/api/v1/sessions')).sessions,
  endSession: (id: string): Promise<unknown> =>
    request(`/api/v1/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' }),
  advice: (): Promise<Advice> => request('/api/v1/advice'),
  /** Loads whole incidents with their evidence. */
  incidentsAround: (from: Date, to: Date, lang: Language): Promise<{ incidents: readonly ShownIncident[] }> =>
    request(
      `/api/v1/incidents?limit=200&fields=full&lang=${lang}&from=${toIso(from.getTime())}&to=${toIso(to.getTime())}`,
    ),
  jobs: (parameters: URLSearchParams): Promise<{ jobs: readonly JobSummary[]; total: number; complete: boolean }> =>
    request(`/api/v1/jobs?${parameters.toString()}`),
  incidentRows: (parameters: URLSearchParams): Promise<RowPage> =>
    request(`/api/v1/incidents/rows?${parameters.toString()}`),
  incident: (id: string, lang: Language): Promise<ShownIncident> =>
    request(`/api/v1/incidents/${encodeURIComponent(id)}?lang=${lang}`),
  feedback: (id: string): Promise<ShownFeedback> => request(`/api/v1/incidents/${encodeURIComponent(id)}/feedback`),
  sayFeedback: (id: string, rule: string, verdict: FeedbackVerdict): Promise<ShownFeedback> =>
    request(`/api/v1/incidents/${encodeURIComponent(id)}/feedback`, postJson({ rule, verdict })),
  triage: (id: string): Promise<ShownTriage> => request(`/api/v1/incidents/${encodeURIComponent(id)}/triage`),
  sayTriage: (id: string, word: Pick<Triage, 'state' | 'until' | 'into'>): Promise<ShownTriage> =>
    request(`/api/v1/incidents/${encodeURIComponent(id)}/triage`, postJson(word)),
  group: (id: string): Promise<ShownGroup> => request(`/api/v1/groups/${encodeURIComponent(id)}`),
  deliveries: (): Promise<{ receivers: readonly ShownDelivery[]; complete: boolean }> => request('/api/v1/deliveries'),
  testReceiver: (name: string): Promise<ShownTrial> =>
    request(`/api/v1/receivers/${encodeURIComponent(name)}/test`, { method: 'POST' }),
  alerts: (): Promise<{ alerts: readonly ShownAlert[] }> => request('/api/v1/alerts?limit=200'),
  silences: (): Promise<{ silences: readonly ShownSilence[] }> => request('/api/v1/silences'),
  makeSilence: (silence: Pick<Silence, 'matchers' | 'endsAt' | 'comment'>): Promise<ShownSilence> =>
    request('/api/v1/silences', postJson(silence)),
  expireSilence: (id: string): Promise<ShownSilence> =>
    request(`/api/v1/silences/${encodeURIComponent(id)}/expire`, { method: 'POST' }),
  viewer: (): Promise<ShownViewer> => request('/api/v1/viewer'),
  /** Returns the viewer of a token that is not stored yet. */
  tryToken: (token: string): Promise<ShownViewer> => send('/api/v1/viewer', {}, token).then(readBody<ShownViewer>),
  /** Returns the ways to sign in; needs no sign-in. */
  access: (): Promise<ShownAccess> => send('/api/v1/access', {}, undefined).then(readBody<ShownAccess>),
  signIn: (name: string, password: string): Promise<ShownViewer> =>
    send('/api/v1/session', postJson({ name, password }), undefined).then(readBody<ShownViewer>),
  /** Signs out. `location` is the sign-out address of the provider. */
  signOut: (): Promise<{ location?: string }> =>
    send('/api/v1/session', { method: 'DELETE' }, undefined).then(readBody<{ location?: string }>),
  rules: (): Promise<{ rules: readonly RuleRow[]; problems: readonly string[] }> => request('/api/v1/rules'),
  rule: (id: string, lang: Language): Promise<ShownRule> =>
    request(`/api/v1/rules/${encodeURIComponent(id)}?lang=${lang}`),
  draftRule: (lines: string): Promise<Partial<Pick<EditedRule, 'id'>> & Omit<EditedRule, 'id'>> =>
    request('/api/v1/rules/draft', postJson({ lines })),
  ownRule: (id: string): Promise<EditedRule> => request(`/api/v1/rules/${encodeURIComponent(id)}/texts`),
  tryRule: (rule: EditedRule, lang: Language): Promise<RuleTrial> =>
    request(`/api/v1/rules/try?lang=${lang}`, postJson(rule)),
  askPast: ({ id, rule }: EditedRule): Promise<RulePast & { readonly days: number; readonly isCut: boolean }> =>
    request('/api/v1/rules/backtest', postJson({ id, rule })),
  saveRule: (rule: EditedRule & { readonly replace: boolean }): Promise<{ id: string; place: string }> =>
    request('/api/v1/rules', postJson(rule)),
  agents: (lang: Language): Promise<{ agents: readonly ShownAgent[] }> => request(`/api/v1/agents?lang=${lang}`),
  diagnose: (
    text: string,
    lang: Language,
  ): Promise<{ diagnoses: readonly Diagnosis[]; unknown: readonly UnknownFailure[] }> =>
    request(`/api/v1/diagnose?lang=${lang}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: text,
    }),
};

function postJson(body: object): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/**
 * Sends a request. A request that is rejected for its token is sent again unchanged after the sign-in, so that nothing
 * is lost.
 */
async function request<T>(
  path: string,
  init: RequestInit = {},
  read: (response: Response) => Promise<T> = readJson,
): Promise<T> {
  for (;;) {
    const { token } = await waitForSession();
    const response = await send(path, init, token);
    if (response.status !== 401) return response.ok ? read(response) : readBody(response);
    refuseToken(token);
  }
}

async function readJson<T>(response: Response): Promise<T> {
  return readBody<T>(response);
}

/** Time, in milliseconds, before a reconnect; the stream itself asks for the same time. */
const RECONNECT_MS = 2_000;

/**
 * Returns records as they arrive, until the signal aborts. After a disconnect it continues where it was. Throws
 * RequestError.
 */
export async function* followRecords(parameters: URLSearchParams, signal: AbortSignal): AsyncGenerator<LogRecord> {
  let last: string | undefined;
  while (!signal.aborted) {
    const { token } = await waitForSession();
    const headers = new Headers(last === undefined ? [] : [['last-event-id', last]]);
    try {
      const response = await send(`/api/v1/records/stream?${parameters.toString()}`, { signal, headers }, token);
      if (response.status === 401) refuseToken(token);
      else if (response.ok && response.body !== null) {
        for await (const event of readEvents(response.body)) {
          last = event.id ?? last;
          if (event.name === 'record') yield JSON.parse(event.data) as LogRecord;
        }
      }
    } catch (error) {
      if (!(error instanceof TypeError) && !signal.aborted) throw error; // A TypeError: server unavailable.
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}

interface StreamEvent {
  readonly name: string;
  readonly data: string;
  readonly id: string | undefined;
}

async function* readEvents(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<StreamEvent> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (text + value).split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const data = readField(part, 'data');
      if (data !== undefined) yield { name: readField(part, 'event') ?? 'message', data, id: readField(part, 'id') };
    }
  }
}

function readField(part: string, name: string): string | undefined {
  const start = `${name}: `;
  return part
    .split('\n')
    .find((line) => line.startsWith(start))
    ?.slice(start.length);
}

function send(path: string, init: RequestInit, token: string | undefined): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  return fetch(path, { ...init, headers });
}

async function readBody<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw toError(response.status, body);
  return body as T;
}

function toError(status: number, body: unknown): RequestError {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  if (typeof error === 'object' && error !== null && 'message' in error && 'fix' in error)
    return new RequestError(status, String(error.message), String(error.fix));
  return new RequestError(status, `HTTP ${status}`, '');
}
