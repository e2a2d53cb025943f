// Sends all requests of the page to the server, which has the same API for everyone (docs/api.md). An address of the
// API's table gives the types of the request and of the answer. A failed request throws a RequestError with the
// server's message. Each request carries the token of session.ts; a request that is rejected for its token waits for
// the sign-in.
import type { Language, LogRecord } from '../../../../core/types.ts';
import type { Triage } from '../../../../core/documents/triage.ts';
import type { FeedbackVerdict } from '../../../../core/documents/feedback.ts';
import type { WrittenRule } from '../../../../core/documents/rule.ts';
import type { Silence } from '../../../../core/documents/silence.ts';
import { toIso } from '../../../../core/time/iso.ts';
import type { Address, PartOf } from '../../../schemas/addresses.ts';
import { refuseToken, waitForSession, type Session } from './session.ts';

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

/** Parts of a request. */
interface Asked<Body = unknown> {
  /** Parameters of the path by name. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: URLSearchParams | Readonly<Record<string, string>>;
  readonly body?: Body;
}

type AnswerOf<At extends Address> = PartOf<At, 'answer'>;

export const api = {
  records: (query: URLSearchParams) => request('GET /api/v1/records', { query }),
  context: (id: string, { before, after }: { readonly before: number; readonly after: number }) =>
    request('GET /api/v1/records/:id/context', { params: { id }, query: { before: `${before}`, after: `${after}` } }),
  /** Loads a whole record; rows of a list may be cut. */
  record: (id: string) => request('GET /api/v1/records/:id', { params: { id } }),
  exportRecords: async (query: URLSearchParams): Promise<Blob> =>
    (await open('GET /api/v1/records/export', { query })).blob(),
  sessions: async () => (await request('GET /api/v1/sessions')).sessions,
  endSession: (id: string) => request('DELETE /api/v1/sessions/:id', { params: { id } }),
  advice: () => request('GET /api/v1/advice'),
  /** Loads incidents with their evidence. */
  incidentsAround: (from: Date, to: Date, lang: Language) =>
    request('GET /api/v1/incidents', {
      query: { limit: '200', fields: 'full', lang, from: toIso(from.getTime()), to: toIso(to.getTime()) },
    }),
  jobs: (query: URLSearchParams) => request('GET /api/v1/jobs', { query }),
  incidentRows: (query: URLSearchParams) => request('GET /api/v1/incidents/rows', { query }),
  incident: (id: string, lang: Language) => request('GET /api/v1/incidents/:id', { params: { id }, query: { lang } }),
  feedback: (id: string) => request('GET /api/v1/incidents/:id/feedback', { params: { id } }),
  sayFeedback: (id: string, rule: string, verdict: FeedbackVerdict) =>
    request('POST /api/v1/incidents/:id/feedback', { params: { id }, body: { rule, verdict } }),
  triage: (id: string) => request('GET /api/v1/incidents/:id/triage', { params: { id } }),
  sayTriage: (id: string, body: Pick<Triage, 'state' | 'until' | 'into'>) =>
    request('POST /api/v1/incidents/:id/triage', { params: { id }, body }),
  group: (id: string) => request('GET /api/v1/groups/:id', { params: { id } }),
  deliveries: () => request('GET /api/v1/deliveries'),
  testReceiver: (name: string) => request('POST /api/v1/receivers/:name/test', { params: { name } }),
  alerts: () => request('GET /api/v1/alerts', { query: { limit: '200' } }),
  silences: () => request('GET /api/v1/silences'),
  makeSilence: (body: Pick<Silence, 'matchers' | 'endsAt' | 'comment'>) => request('POST /api/v1/silences', { body }),
  expireSilence: (id: string) => request('POST /api/v1/silences/:id/expire', { params: { id } }),
  viewer: () => request('GET /api/v1/viewer'),
  /** Returns the viewer of a token that is not stored yet. */
  tryToken: (token: string) => requestAs({ token }, 'GET /api/v1/viewer'),
  /** Returns the ways to sign in; needs no sign-in. */
  access: () => requestAs({}, 'GET /api/v1/access'),
  signIn: (name: string, password: string) => requestAs({}, 'POST /api/v1/session', { body: { name, password } }),
  /** Signs out. `location` is the sign-out address of the provider. */
  signOut: () => requestAs({}, 'DELETE /api/v1/session'),
  rules: () => request('GET /api/v1/rules'),
  rule: (id: string, lang: Language) => request('GET /api/v1/rules/:id', { params: { id }, query: { lang } }),
  draftRule: (lines: string) => request('POST /api/v1/rules/draft', { body: { lines } }),
  ownRule: (id: string) => request('GET /api/v1/rules/:id/texts', { params: { id } }),
  tryRule: (body: WrittenRule, lang: Language) => request('POST /api/v1/rules/try', { body, query: { lang } }),
  askPast: ({ id, rule }: WrittenRule) => request('POST /api/v1/rules/backtest', { body: { id, rule } }),
  saveRule: (body: WrittenRule & { readonly replace: boolean }) => request('POST /api/v1/rules', { body }),
  agents: (lang: Language) => request('GET /api/v1/agents', { query: { lang } }),
  diagnose: (log: string, lang: Language) => request('POST /api/v1/diagnose', { query: { lang } }, log),
};

async function request<At extends Address>(
  at: At,
  asked?: Asked<PartOf<At, 'body'>>,
  log?: string,
): Promise<AnswerOf<At>> {
  return readAnswer<At>(await open(at, asked, log));
}

/** Sends a request with another token than the one of the session, or with none. */
async function requestAs<At extends Address>(
  { token }: { readonly token?: string },
  at: At,
  asked?: Asked<PartOf<At, 'body'>>,
): Promise<AnswerOf<At>> {
  const response = await send(at, asked, { token });
  if (!response.ok) throw await readError(response);
  return readAnswer<At>(response);
}

/**
 * Sends a request and returns the successful response. A request that is rejected for its token is sent again unchanged
 * after the sign-in, so that nothing is lost. Throws RequestError.
 */
async function open(at: Address, asked?: Asked, log?: string): Promise<Response> {
  for (;;) {
    const { token } = await waitForSession();
    const response = await send(at, asked, { token, log });
    if (response.ok) return response;
    if (response.status !== 401) throw await readError(response);
    refuseToken(token);
  }
}

/** Time, in milliseconds, before a reconnect; the stream itself asks for the same time. */
const RECONNECT_MS = 2_000;

/**
 * Returns records as they arrive, until the signal aborts. After a disconnect it continues where it was. Throws
 * RequestError.
 */
export async function* followRecords(query: URLSearchParams, signal: AbortSignal): AsyncGenerator<LogRecord> {
  let last: string | undefined;
  while (!signal.aborted) {
    const { token } = await waitForSession();
    try {
      const response = await send('GET /api/v1/records/stream', { query }, { token, signal, last });
      if (response.status === 401) refuseToken(token);
      else if (response.ok && response.body !== null) {
        for await (const event of readEvents(response.body)) {
          last = event.id ?? last;
          const record: unknown = event.name === 'record' ? JSON.parse(event.data) : undefined;
          if (isAnswer<'GET /api/v1/records/:id'>(record)) yield record;
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

interface Sending extends Partial<Pick<Session, 'token'>> {
  /** Text of a log, as the body. */
  readonly log?: string | undefined;
  readonly signal?: AbortSignal;
  /** Id of the last event that was received. */
  readonly last?: string | undefined;
}

function send(
  at: Address,
  { params = {}, query = {}, body }: Asked = {},
  { token, log, signal, last }: Sending,
): Promise<Response> {
  const [method, path = ''] = at.split(' ');
  const filled = path.replace(/:(\w+)/, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams(query).toString();
  const headers = new Headers();
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  if (last !== undefined) headers.set('last-event-id', last);
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (log !== undefined) headers.set('content-type', 'text/plain; charset=utf-8');
  return fetch(search === '' ? filled : `${filled}?${search}`, {
    method,
    headers,
    signal,
    body: body === undefined ? log : JSON.stringify(body),
  });
}

async function readAnswer<At extends Address>(response: Response): Promise<AnswerOf<At>> {
  const body: unknown = await response.json();
  if (isAnswer<At>(body)) return body;
  throw new RequestError(response.status, 'The answer is not a JSON object.', '');
}

/**
 * True if the body is a JSON object. It is not compared with its schema here: the compiler checks what each route
 * answers, api/fuzz.test.ts checks the answers themselves, and the schemas alone would add 16 KB gzip to the page.
 */
function isAnswer<At extends Address>(body: unknown): body is AnswerOf<At> {
  return typeof body === 'object' && body !== null;
}

async function readError(response: Response): Promise<RequestError> {
  const body: unknown = await response.json().catch(() => undefined);
  return toError(response.status, body);
}

function toError(status: number, body: unknown): RequestError {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  if (typeof error === 'object' && error !== null && 'message' in error && 'fix' in error)
    return new RequestError(status, String(error.message), String(error.fix));
  return new RequestError(status, `HTTP ${status}`, '');
}
