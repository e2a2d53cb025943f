// What Kubernetes says of a pod whose logs lie on this node, where the path of its files does not name the cluster or
// the component: its labels, asked of the API server once a pod and remembered. The native deployment of Flink and its
// operator set `app` (the cluster id) and `component` (org.apache.flink.kubernetes.utils.Constants), the manifests of
// Flink's documentation do the same. Nothing waits for long, and nothing depends on an answer but these two names.
// Called by follow/begin.ts; the only door to the API server.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { describeFault } from '../../core/fault.js';
import { fieldAt, isObject, textAt } from '../../core/json.js';
import type { Log } from '../../core/log.js';
import type { Component } from '../../core/types.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';

/** A pod as a path names it: in /var/log/pods by namespace and name, in the folder of its volumes by its UID. */
export type Pod = { readonly namespace: string; readonly name: string } | { readonly uid: string };

/** All of it is undefined of a pod that is gone. */
export interface PodNames {
  readonly namespace?: string;
  readonly name?: string;
  readonly cluster?: string;
  readonly component?: Component;
}

export interface PodDirectory {
  /** Undefined when nobody can say, or not in time. */
  find(pod: Pod): PodNames | 'asking' | undefined;
  close(): void;
}

export interface PodParts {
  readonly settings: Pick<AgentSettings, 'host' | 'kubernetes' | 'kubernetesDir'>;
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
  /** By namespace and name, or by UID; the oldest first. */
  readonly asked: Map<string, Asked>;
  /** Namespaces that are closed to us, and until when; '' is the server itself. */
  readonly closed: Map<string, number>;
  readonly agent: Agent;
  /** The pods of the node, while they are asked for. */
  listing: Promise<Answer> | undefined;
}

/** The place of all pods of the node: to find one by its UID they are listed. */
const NODE = '*';
/** In a pod this name is always there, and in the certificate of the server. */
const IN_CLUSTER = 'https://kubernetes.default.svc';
/** A file is not held up for longer. */
const WAIT_MS = 3000;
const REQUEST_TIMEOUT_MS = 5000;
const CLOSED_MS = { denied: 300_000, silent: 30_000 } as const;
const MOST_PODS = 5000;
const MOST_SOCKETS = 4;
const MOST_ANSWER_BYTES = 1_048_576;
const MOST_LIST_BYTES = 16 * MOST_ANSWER_BYTES;

/** Undefined where there is nobody to ask. */
export function openPods(parts: PodParts): PodDirectory | undefined {
  const address = findAddress(parts.settings);
  if (address === undefined) return undefined;
  const agent = new Agent({ keepAlive: true, maxSockets: MOST_SOCKETS });
  const directory: Directory = {
    ...parts,
    address,
    asked: new Map(),
    closed: new Map(),
    agent,
    listing: undefined,
  };
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
  const key = 'uid' in pod ? pod.uid : `${pod.namespace}/${pod.name}`;
  const known = asked.get(key);
  if (known !== undefined) return known.names ?? (now() - known.at < WAIT_MS ? 'asking' : undefined);
  if (isClosed(directory, '') || isClosed(directory, placeOf(pod))) return undefined;
  const question: Asked = { at: now(), names: undefined };
  asked.set(key, question);
  const [oldest] = asked.keys();
  if (asked.size > MOST_PODS && oldest !== undefined) asked.delete(oldest);
  void ask(directory, pod, key, question);
  return 'asking';
}

/** Where a right is given or not. */
function placeOf(pod: Pod): string {
  return 'uid' in pod ? NODE : pod.namespace;
}

function isClosed({ closed, now }: Directory, place: string): boolean {
  return now() < (closed.get(place) ?? 0);
}

/** A pod of which there is no answer now is asked for again when the server is open again. */
async function ask(directory: Directory, pod: Pod, key: string, question: Asked): Promise<void> {
  const { asked } = directory;
  try {
    const { status, body } = await ('uid' in pod ? list(directory, pod) : get(directory, pod));
    // Gone meanwhile: there will be no other answer.
    if (status === 200 || status === 404) question.names = status === 200 ? readAnswer(body, pod) : {};
    else refuse(directory, status === 401 || status === 403 ? placeOf(pod) : '', `status ${status} for ${key}`);
    if (question.names !== undefined) welcome(directory, pod);
  } catch (error) {
    refuse(directory, '', describeFault(error));
  }
  if (question.names === undefined) asked.delete(key);
}

/** Those who ask at one time share an answer; one that was on its way before may not know the pod yet. */
async function list(directory: Directory, pod: { readonly uid: string }): Promise<Answer> {
  const isUnderWay = directory.listing !== undefined;
  const answer = await shareList(directory, pod);
  return isUnderWay && !answer.body.includes(pod.uid) ? shareList(directory, pod) : answer;
}

function shareList(directory: Directory, pod: Pod): Promise<Answer> {
  directory.listing ??= get(directory, pod).finally(() => {
    directory.listing = undefined;
  });
  return directory.listing;
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

function welcome({ board, log }: Directory, pod: Pod): void {
  const wasSilent = ['', placeOf(pod)].filter((place) => board.clear('JT_KUBERNETES_SILENT', place)).length > 0;
  if (wasSilent) log.info('The API server of Kubernetes answers again.');
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The server has no search by UID: the pods of the node are listed, which it can do by the node's name. */
function describeRequest(pod: Pod, host: string): { readonly path: string; readonly kind: string; most: number } {
  if ('uid' in pod) {
    const query = new URLSearchParams({ fieldSelector: `spec.nodeName=${host}`, resourceVersion: '0' });
    return { path: `/api/v1/pods?${query.toString()}`, kind: 'PartialObjectMetadataList', most: MOST_LIST_BYTES };
  }
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}`;
  return { path, kind: 'PartialObjectMetadata', most: MOST_ANSWER_BYTES };
}

function get({ address, agent, settings }: Directory, pod: Pod): Promise<Answer> {
  const token = readCredential(settings.kubernetesDir, 'token');
  const ca = readCredential(settings.kubernetesDir, 'ca.crt');
  const { path, kind, most } = describeRequest(pod, settings.host);
  // Servers that can leave out all but the metadata do.
  const accept = `application/json;as=${kind};g=meta.k8s.io;v=v1, application/json`;
  return new Promise((resolve, reject) => {
    const call = request(
      `${address}${path}`,
      {
        agent,
        ca,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        headers: { accept, ...(token === undefined ? undefined : { authorization: `Bearer ${token}` }) },
      },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => {
          body += text;
          if (body.length > most) call.destroy(new Error('the answer is too long'));
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

/** Throws for an answer that is no pod, or no list of pods. */
function readAnswer(body: string, pod: Pod): PodNames {
  const answer: unknown = JSON.parse(body);
  if (!('uid' in pod)) return readNames(answer);
  const items = isObject(answer) ? answer['items'] : undefined;
  if (!Array.isArray(items)) throw new Error('the answer is no list of pods');
  const found: unknown = items.find((item) => textAt(fieldAt(item, 'metadata'), 'uid') === pod.uid);
  return found === undefined ? {} : readNames(found);
}

function readNames(pod: unknown): PodNames {
  const metadata = fieldAt(pod, 'metadata');
  if (!isObject(metadata)) throw new Error('the answer is no pod');
  const labels = fieldAt(metadata, 'labels');
  const read = (names: readonly string[]): string | undefined =>
    names.map((name) => textAt(labels, name)).find((text) => text !== '');
  const component = read(COMPONENT_LABELS);
  return {
    namespace: textAt(metadata, 'namespace') || undefined,
    name: textAt(metadata, 'name') || undefined,
    cluster: read(CLUSTER_LABELS),
    component: component === 'jobmanager' || component === 'taskmanager' ? component : undefined,
  };
}
