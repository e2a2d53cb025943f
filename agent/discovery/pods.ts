// Asks the Kubernetes API server for the labels of a pod whose logs lie on this node, if the path of its files does not
// name the cluster or the component. It asks once per pod and remembers the answer. Flink's native deployment and
// operator set `app` (the cluster id) and `component` (org.apache.flink.kubernetes.utils.Constants); so do the
// manifests of Flink's documentation. Nothing waits for long, and nothing but these two names depends on an answer.
import { BoundedMap } from '../../core/cache.js';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { describeFault } from '../../core/fault.js';
import { fieldAt, isObject, textAt } from '../../core/json.js';
import type { Log } from '../../core/log.js';
import type { Component } from '../../core/types.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';

/** Pod as a path names it: by namespace and name in /var/log/pods, by UID in the folder of its volumes. */
export type Pod = { readonly namespace: string; readonly name: string } | { readonly uid: string };

/** Names of a pod. All of them are undefined if the pod is gone. */
export interface PodNames {
  readonly namespace?: string;
  readonly name?: string;
  readonly cluster?: string;
  readonly component?: Component;
}

export interface PodDirectory {
  /** Returns the names, 'asking' while a request is on its way, or undefined if they are unknown or come too late. */
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
  /** Address of the API server: `https://host:port`. */
  readonly address: string;
  /** Pods that were asked for, by namespace and name or by UID, the oldest first. */
  readonly asked: Map<string, Asked>;
  /** Namespaces that refuse access, and until when they are not asked; '' is the server itself. */
  readonly closed: Map<string, number>;
  readonly agent: Agent;
  /** Request for the pods of the node, while it is on its way. */
  listing: Promise<Answer> | undefined;
}

/** Key of all pods of the node, which are listed to find one by its UID. */
const NODE = '*';
/**
 * Address of the API server within a cluster. Every pod can resolve this name, and the server's certificate holds it.
 */
const IN_CLUSTER = 'https://kubernetes.default.svc';
/** Longest time, in milliseconds, that a file waits for an answer. */
const WAIT_MS = 3000;
const REQUEST_TIMEOUT_MS = 5000;
const CLOSED_MS = { denied: 300_000, silent: 30_000 } as const;
const MAX_PODS = 5000;
const MAX_SOCKETS = 4;
const MAX_ANSWER_BYTES = 1_048_576;
const MAX_LIST_BYTES = 16 * MAX_ANSWER_BYTES;

/** Opens the directory of pods; returns undefined if there is no API server to ask. */
export function openPods(parts: PodParts): PodDirectory | undefined {
  const address = findAddress(parts.settings);
  if (address === undefined) return undefined;
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  const directory: Directory = {
    ...parts,
    address,
    asked: new BoundedMap(MAX_PODS),
    closed: new Map(),
    agent,
    listing: undefined,
  };
  return { find: (pod) => findNames(directory, pod), close: () => agent.destroy() };
}

/** Returns the address of the API server. `auto` finds one only in a pod that has a service account. */
function findAddress({ kubernetes, kubernetesDir }: PodParts['settings']): string | undefined {
  if (kubernetes === 'off') return undefined;
  if (kubernetes !== 'auto') return kubernetes.endsWith('/') ? kubernetes.slice(0, -1) : kubernetes;
  return readCredential(kubernetesDir, 'token') === undefined ? undefined : IN_CLUSTER;
}

/** Reads a credential for each request, because a token is renewed every hour. */
function readCredential(folder: string, name: 'token' | 'ca.crt'): string | undefined {
  try {
    return readFileSync(join(folder, name), 'utf8').trim();
  } catch {
    // The credential is missing or unreadable: the server decides about a request without it.
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
  void ask(directory, pod, key, question);
  return 'asking';
}

/** Returns the place that access is granted for: a namespace, or the whole node. */
function placeOf(pod: Pod): string {
  return 'uid' in pod ? NODE : pod.namespace;
}

function isClosed({ closed, now }: Directory, place: string): boolean {
  return now() < (closed.get(place) ?? 0);
}

/** Asks the API server for a pod. A pod without an answer is asked for again when the server is reachable again. */
async function ask(directory: Directory, pod: Pod, key: string, question: Asked): Promise<void> {
  const { asked } = directory;
  try {
    const { status, body } = await ('uid' in pod ? list(directory, pod) : get(directory, pod));
    // A pod that is gone (404) will have no other answer.
    if (status === 200 || status === 404) question.names = status === 200 ? readAnswer(body, pod) : {};
    else refuse(directory, status === 401 || status === 403 ? placeOf(pod) : '', `status ${status} for ${key}`);
    if (question.names !== undefined) clearSilence(directory, pod);
  } catch (error) {
    refuse(directory, '', describeFault(error));
  }
  if (question.names === undefined) asked.delete(key);
}

/**
 * Lists the pods of the node. Simultaneous callers share one answer. A list that was requested earlier may not know the
 * pod yet, so it is requested once more.
 */
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

/** Closes a place for a while. It is reported once per place, until the place answers again. */
function refuse({ address, board, log, closed, now }: Directory, place: string, problem: string): void {
  closed.set(place, now() + (place === '' ? CLOSED_MS.silent : CLOSED_MS.denied));
  if (board.raise('JT_KUBERNETES_SILENT', { address, problem }, place))
    log.warn(
      { address, problem },
      'The API server of Kubernetes says nothing of a pod; files go on without its labels.',
    );
}

function clearSilence({ board, log }: Directory, pod: Pod): void {
  const wasSilent = ['', placeOf(pod)].filter((place) => board.clear('JT_KUBERNETES_SILENT', place)).length > 0;
  if (wasSilent) log.info('The API server of Kubernetes answers again.');
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Describes the request for a pod. The server cannot search by UID, so the pods of the node are listed by its name. */
function describeRequest(pod: Pod, host: string): { readonly path: string; readonly kind: string; max: number } {
  if ('uid' in pod) {
    const query = new URLSearchParams({ fieldSelector: `spec.nodeName=${host}`, resourceVersion: '0' });
    return { path: `/api/v1/pods?${query.toString()}`, kind: 'PartialObjectMetadataList', max: MAX_LIST_BYTES };
  }
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}`;
  return { path, kind: 'PartialObjectMetadata', max: MAX_ANSWER_BYTES };
}

function get({ address, agent, settings }: Directory, pod: Pod): Promise<Answer> {
  const token = readCredential(settings.kubernetesDir, 'token');
  const ca = readCredential(settings.kubernetesDir, 'ca.crt');
  const { path, kind, max } = describeRequest(pod, settings.host);
  // Servers that can leave out everything but the metadata do so.
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
          if (body.length > max) call.destroy(new Error('the answer is too long'));
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end();
  });
}

/** Labels that name the cluster or the component; the first one that is present counts. */
const CLUSTER_LABELS = ['app', 'app.kubernetes.io/instance'];
const COMPONENT_LABELS = ['component', 'app.kubernetes.io/component'];

/** Reads the names out of an answer. Throws if the answer is no pod, or no list of pods. */
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
