// What Kubernetes says of a pod whose logs lie on this node, where the path of its files does not name the cluster or
// the component: its labels, asked of the API server once a pod and remembered. The native deployment of Flink and its
// operator set `app` (the cluster id) and `component` (org.apache.flink.kubernetes.utils.Constants), the manifests of
// Flink's documentation do the same. Nothing waits for long, and nothing depends on an answer but these two names.
// Called by follow/begin.ts; the only door to the API server.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { describeFault } from '../../core/fault.js';
import { isObject } from '../../core/json.js';
import type { Log } from '../../core/log.js';
import type { Component } from '../../core/types.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';

export interface Pod {
  readonly namespace: string;
  readonly name: string;
}

export interface PodNames {
  readonly cluster?: string;
  readonly component?: Component;
}

export interface PodDirectory {
  /** Undefined when nobody can say, or not in time. */
  find(pod: Pod): PodNames | 'asking' | undefined;
  close(): void;
}

export interface PodParts {
  readonly settings: Pick<AgentSettings, 'kubernetes' | 'kubernetesDir'>;
  readonly board: Board;
  readonly log: Log;
  readonly now: () => number;
}

interface Asked {
  readonly at: number;
  /** Undefined while there is no answer. */
  names: PodNames | undefined;
}

interface Directory extends PodParts {
  /** `https://host:port` */
  readonly address: string;
  /** By namespace and name, the oldest first. */
  readonly asked: Map<string, Asked>;
  /** Namespaces that are closed to us, and until when; '' is the server itself. */
  readonly closed: Map<string, number>;
  readonly agent: Agent;
}

/** In a pod this name is always there, and in the certificate of the server. */
const IN_CLUSTER = 'https://kubernetes.default.svc';
/** A file is not held up for longer. */
const WAIT_MS = 3000;
const REQUEST_TIMEOUT_MS = 5000;
const CLOSED_MS = { denied: 300_000, silent: 30_000 } as const;
const MOST_PODS = 5000;
const MOST_SOCKETS = 4;
const MOST_ANSWER_BYTES = 1_048_576;
/** Servers that can leave out all but the metadata do. */
const ACCEPT = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json';

/** Undefined where there is nobody to ask. */
export function openPods(parts: PodParts): PodDirectory | undefined {
  const address = findAddress(parts.settings);
  if (address === undefined) return undefined;
  const agent = new Agent({ keepAlive: true, maxSockets: MOST_SOCKETS });
  const directory: Directory = { ...parts, address, asked: new Map(), closed: new Map(), agent };
  return { find: (pod) => findNames(directory, pod), close: () => agent.destroy() };
}

/** `auto`: in a pod that has a service account. */
function findAddress({ kubernetes, kubernetesDir }: PodParts['settings']): string | undefined {
  if (kubernetes === 'off') return undefined;
  if (kubernetes !== 'auto') return kubernetes.endsWith('/') ? kubernetes.slice(0, -1) : kubernetes;
  return readCredential(kubernetesDir, 'token') === undefined ? undefined : IN_CLUSTER;
}

/** Read for each request: a token is renewed every hour. */
function readCredential(folder: string, name: 'token' | 'ca.crt'): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8').trim();
  } catch {
    // Not there or not readable: the server says what it thinks of a request without it.
    return undefined;
  }
}

function findNames(directory: Directory, pod: Pod): PodNames | 'asking' | undefined {
  const { asked, now } = directory;
  const key = `${pod.namespace}/${pod.name}`;
  const known = asked.get(key);
  if (known !== undefined) return known.names ?? (now() - known.at < WAIT_MS ? 'asking' : undefined);
  if (isClosed(directory, '') || isClosed(directory, pod.namespace)) return undefined;
  const question: Asked = { at: now(), names: undefined };
  asked.set(key, question);
  const [oldest] = asked.keys();
  if (asked.size > MOST_PODS && oldest !== undefined) asked.delete(oldest);
  void ask(directory, pod, key, question);
  return 'asking';
}

function isClosed({ closed, now }: Directory, place: string): boolean {
  return now() < (closed.get(place) ?? 0);
}

/** A pod of which there is no answer now is asked for again when the server is open again. */
async function ask(directory: Directory, pod: Pod, key: string, question: Asked): Promise<void> {
  const { asked } = directory;
  try {
    const { status, body } = await get(directory, pod);
    // Gone meanwhile: there will be no other answer.
    if (status === 200 || status === 404) question.names = status === 200 ? readNames(body) : {};
    else refuse(directory, status === 401 || status === 403 ? pod.namespace : '', `status ${status} for ${key}`);
    if (question.names !== undefined) welcome(directory, pod);
  } catch (error) {
    refuse(directory, '', describeFault(error));
  }
  if (question.names === undefined) asked.delete(key);
}

/** Said once for each place, until it answers again. */
function refuse({ address, board, log, closed, now }: Directory, place: string, problem: string): void {
  closed.set(place, now() + (place === '' ? CLOSED_MS.silent : CLOSED_MS.denied));
  if (board.raise('JT_KUBERNETES_SILENT', { address, problem }, place))
    log.warn(
      { address, problem },
      'The API server of Kubernetes says nothing of a pod; files go on without its labels.',
    );
}

function welcome({ board, log }: Directory, { namespace }: Pod): void {
  const wasSilent = ['', namespace].filter((place) => board.clear('JT_KUBERNETES_SILENT', place)).length > 0;
  if (wasSilent) log.info('The API server of Kubernetes answers again.');
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function get({ address, agent, settings }: Directory, { namespace, name }: Pod): Promise<Answer> {
  const token = readCredential(settings.kubernetesDir, 'token');
  const ca = readCredential(settings.kubernetesDir, 'ca.crt');
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
  return new Promise((resolve, reject) => {
    const call = request(
      `${address}${path}`,
      {
        agent,
        ca,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        headers: { accept: ACCEPT, ...(token === undefined ? undefined : { authorization: `Bearer ${token}` }) },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
          if (body.length > MOST_ANSWER_BYTES) call.destroy(new Error('the answer is too long'));
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end();
  });
}

/** Label → what it names; the first that is there counts. */
const CLUSTER_LABELS = ['app', 'app.kubernetes.io/instance'];
const COMPONENT_LABELS = ['component', 'app.kubernetes.io/component'];

/** Throws for an answer that is no pod. */
function readNames(body: string): PodNames {
  const pod: unknown = JSON.parse(body);
  const metadata = isObject(pod) ? pod['metadata'] : undefined;
  if (!isObject(metadata)) throw new Error('the answer is no pod');
  const labels = isObject(metadata['labels']) ? metadata['labels'] : {};
  const read = (names: readonly string[]): string | undefined =>
    names
      .map((name) => labels[name])
      .find((text) => typeof text === 'string' && text !== '')
      ?.toString();
  const component = read(COMPONENT_LABELS);
  return {
    cluster: read(CLUSTER_LABELS),
    component: component === 'jobmanager' || component === 'taskmanager' ? component : undefined,
  };
}
