// Sends all requests of the page to the server, which has the same API for everyone (docs/api.md). Returns the typed
// answer, or throws a RequestError with the server's message. Each request carries the token of session.ts; a request
// that is rejected for its token waits for the sign-in.
import type { ShownAgent } from '../../../../core/documents/agent.ts';
import type { ShownAlert } from '../../../../core/documents/alert.ts';
import type { FeedbackVerdict } from '../../../../core/documents/feedback.ts';
import type { ShownIncident } from '../../../../core/documents/incident.ts';
import type { DraftedRule, RuleTrial, WrittenRule } from '../../../../core/documents/rule.ts';
import type { ListedSession } from '../../../../core/documents/session.ts';
import type { Silence } from '../../../../core/documents/silence.ts';
import type { Triage } from '../../../../core/documents/triage.ts';
import type { ShownViewer } from '../../../../core/documents/viewer.ts';
import type { Advice } from '../../../../core/wording/advice.ts';
import type { Language, LogRecord } from '../../../../core/types.ts';
import type { RecordPage } from '../../../../store/store.ts';
import type { ShownAccess, SignedOut } from '../../../schemas/access.ts';
import type { DeliveryList, ReceiverTrial, ShownSilence } from '../../../schemas/alerts.ts';
import type { RuleSaved, StoredPast } from '../../../schemas/author.ts';
import type { DiagnoseDocument, JobList, RowPage, ShownGroup } from '../../../schemas/incidents.ts';
import type { RecordContext } from '../../../schemas/records.ts';
import type { RuleList, ShownFeedback, ShownRule } from '../../../schemas/rules.ts';
import type { ShownTriage } from '../../../schemas/triage.ts';
import { toIso } from '../../../../core/time/iso.ts';
import { refuseToken, waitForSession } from './session.ts';

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
  ): Promise<RecordContext> =>
    request(`/api/v1/records/${encodeURIComponent(id)}/context?before=${before}&after=${after}`),
  /** Loads a whole record; rows of a list may be cut. */
  record: (id: string): Promise<LogRecord> => request(`/api/v1/records/${encodeURIComponent(id)}`),
  exportRecords: (parameters: URLSearchParams): Promise<Blob> =>
    request(`/api/v1/records/export?${parameters.toString()}`, {}, (response) => response.blob()),
  sessions: async (): Promise<readonly ListedSession[]> =>
    (await request<{ readonly sessions: readonly ListedSession[] }>('/api/v1/sessions')).sessions,
  endSession: (id: string): Promise<unknown> =>
    request(`/api/v1/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' }),
  advice: (): Promise<Advice> => request('/api/v1/advice'),
  /** Loads whole incidents with their evidence. */
  incidentsAround: (from: Date, to: Date, lang: Language): Promise<{ incidents: readonly ShownIncident[] }> =>
    request(
      `/api/v1/incidents?limit=200&fields=full&lang=${lang}&from=${toIso(from.getTime())}&to=${toIso(to.getTime())}`,
    ),
  jobs: (parameters: URLSearchParams): Promise<JobList> => request(`/api/v1/jobs?${parameters.toString()}`),
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
  deliveries: (): Promise<DeliveryList> => request('/api/v1/deliveries'),
  testReceiver: (name: string): Promise<ReceiverTrial> =>
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
  signOut: (): Promise<SignedOut> => send('/api/v1/session', { method: 'DELETE' }, undefined).then(readBody<SignedOut>),
  rules: (): Promise<RuleList> => request('/api/v1/rules'),
  rule: (id: string, lang: Language): Promise<ShownRule> =>
    request(`/api/v1/rules/${encodeURIComponent(id)}?lang=${lang}`),
  draftRule: (lines: string): Promise<DraftedRule> => request('/api/v1/rules/draft', postJson({ lines })),
  ownRule: (id: string): Promise<WrittenRule> => request(`/api/v1/rules/${encodeURIComponent(id)}/texts`),
  tryRule: (rule: WrittenRule, lang: Language): Promise<RuleTrial> =>
    request(`/api/v1/rules/try?lang=${lang}`, postJson(rule)),
  askPast: ({ id, rule }: WrittenRule): Promise<StoredPast> =>
    request('/api/v1/rules/backtest', postJson({ id, rule })),
  saveRule: (rule: WrittenRule & { readonly replace: boolean }): Promise<RuleSaved> =>
    request('/api/v1/rules', postJson(rule)),
  agents: (lang: Language): Promise<{ agents: readonly ShownAgent[] }> => request(`/api/v1/agents?lang=${lang}`),
  diagnose: (text: string, lang: Language): Promise<DiagnoseDocument> =>
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
          if (event.name === 'record') yield JSON.parse(event.data);
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
  if (!response.ok) throw toError(response.status, await response.json().catch(() => undefined));
  return response.json();
}

function toError(status: number, body: unknown): RequestError {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  if (typeof error === 'object' && error !== null && 'message' in error && 'fix' in error)
    return new RequestError(status, String(error.message), String(error.fix));
  return new RequestError(status, `HTTP ${status}`, '');
}
