// Derives from a file's path what holds for everything in the file. The values captured by the operator's pattern come
// first, then the names of Flink, YARN and Kubernetes, then the settings. The labels of a pod may name what is still
// open.
import { describeFile, type FileNames } from '../../flink/layout/names.js';
import { omitMissing } from '../../core/json.js';
import type { PodOrigin, RecordOrigin } from './parse.js';
import type { Captures } from '../discovery/pattern.js';
import type { PodNames } from '../discovery/pods.js';
import type { AgentSettings } from '../settings.js';

export function describeOrigin(
  file: { readonly path: string; readonly captures: Captures },
  settings: Pick<AgentSettings, 'host' | 'cluster' | 'isStoreShared'>,
): RecordOrigin {
  const names = describeFile(file.path);
  // The name of a pod is no host name. The file name that a start script gives ends with the host.
  const host =
    file.captures.host ??
    (names.named?.['kubernetes.pod.name'] === undefined ? names.host : undefined) ??
    settings.host;
  const given = file.captures.cluster ?? (settings.cluster === '' ? undefined : settings.cluster);
  const cluster = given ?? names.cluster;
  const jobId = file.captures.jobId ?? names.jobId;
  return {
    path: file.path,
    kind: names.kind,
    // A path is unique only on its own host; ids of containers and pods are unique everywhere.
    process: names.processKey.startsWith('/') ? `${host}:${names.processKey}` : names.processKey,
    host,
    cluster: cluster ?? nameUnnamed(settings),
    isUnnamed: cluster === undefined,
    ...(names.component === 'unknown' ? {} : { component: names.component }),
    ...omitMissing({ jobId }),
    named: names.named ?? {},
    pod: findPod(names, given !== undefined),
  };
}

/**
 * Returns the pod to ask for; undefined if its labels have nothing to add. The folder of a pod's volume never names the
 * namespace, so only the server can distinguish clusters of the same name in two namespaces.
 */
function findPod({ cluster, component, named, podUid }: FileNames, isGiven: boolean): PodOrigin | undefined {
  const isClusterOpen = !isGiven && (cluster === undefined || podUid !== undefined);
  if (!isClusterOpen && component !== 'unknown') return undefined;
  if (podUid !== undefined) return { uid: podUid, isClusterOpen };
  const namespace = named?.['orchestrator.namespace'];
  const name = named?.['kubernetes.pod.name'];
  return namespace === undefined || name === undefined ? undefined : { namespace, name, isClusterOpen };
}

/**
 * Adds the names of a pod. Names from the path stay, so that a file that was begun without an answer keeps its place.
 */
export function addPodNames(origin: RecordOrigin, names: PodNames): RecordOrigin {
  const { pod } = origin;
  const { namespace, name, component = origin.component } = names;
  const named = {
    ...omitMissing({ 'orchestrator.namespace': namespace, 'kubernetes.pod.name': name }),
    ...origin.named,
  };
  const known = { ...origin, named, ...omitMissing({ component }) };
  const cluster = names.cluster ?? (origin.isUnnamed ? undefined : origin.cluster);
  if (pod === undefined || !pod.isClusterOpen || cluster === undefined || namespace === undefined) return known;
  return { ...known, cluster: `${namespace}/${cluster}`, isUnnamed: false };
}

/**
 * Returns the cluster of files that nothing names. Processes of one cluster explain each other, so these files must not
 * be mixed with unrelated logs: in a shared store they form a cluster of this node. A store that is not shared holds
 * only the logs of this machine, which belong together.
 */
function nameUnnamed({ host, isStoreShared }: Pick<AgentSettings, 'host' | 'isStoreShared'>): string {
  return isStoreShared ? host : 'default';
}
