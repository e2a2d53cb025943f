// The page's only way to the server: the same API as everyone's (docs/api.md).
import type { Diagnosis, Incident, Language, LogRecord, UnknownFailure } from '../../../core/types.ts';
import type { AgentStatus, RecordPage } from '../../../store/store.ts';

export interface RuleRow {
  readonly id: string;
  readonly cause: string;
  readonly status: string;
  readonly severity: string;
  readonly owner: Diagnosis['owner'];
  readonly title: Readonly<Record<Language, string>>;
}

/** A failed request with what the server says about it. */
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
  context: (id: string, lines: number): Promise<{ records: readonly LogRecord[]; index: number }> => request(`/api/v1/records/${encodeURIComponent(id)}/context?before=${lines}&after=${lines}`),
  incidents: (): Promise<{ incidents: readonly Incident[] }> => request('/api/v1/incidents?limit=200'),
  incident: (id: string): Promise<Incident> => request(`/api/v1/incidents/${encodeURIComponent(id)}`),
  rules: (): Promise<{ rules: readonly RuleRow[] }> => request('/api/v1/rules'),
  agents: (): Promise<{ agents: readonly AgentStatus[] }> => request('/api/v1/agents'),
  diagnose: (text: string, lang: Language): Promise<{ diagnoses: readonly Diagnosis[]; unknown: readonly UnknownFailure[] }> =>
    request('/api/v1/diagnose', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text, lang }) }),
};

async function request<T>(path: string, init?: RequestInit): Promise<T> {
  const token = localStorage.getItem('jobtrace.token');
  const response = await fetch(path, { ...init, headers: { ...init?.headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) } });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw toError(response.status, body);
  return body as T;
}

function toError(status: number, body: unknown): RequestError {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  if (typeof error === 'object' && error !== null && 'message' in error && 'fix' in error) return new RequestError(status, String(error.message), String(error.fix));
  return new RequestError(status, `HTTP ${status}`, '');
}
