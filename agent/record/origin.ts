// What a file's path says about everything in it. The values captured by the operator's pattern come first, then what
// the names of Flink, YARN and Kubernetes say, then the settings; what is still open the labels of a pod may name.
// Called by begin.ts once per file.
import { describeFile, type FileNames } from '../../flink/layout/names.js';
import { omitMissing } from '../../core/json.js';
import type { PodOrigin, RecordOrigin } from './parse.js';
import type { Captures } from '../files/pattern.js';
import type { PodNames } from '../files/pods.js';
import type { AgentSettings } from '../settings.js';

export function describeOrigin(
  file: { readonly path: string; readonly captures: Captures },
  settings: Pick<AgentSettings, 'host' | 'cluster' | 'isStoreShared'>,
): RecordOrigin {
  const names = describeFile(file.path);
  // A pod's name is no host's name; the file name of a start script ends with the host.
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
    // A path means something on its own host only; ids of containers and pods are unique.
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
 * Undefined where its labels have nothing to add. The folder of a pod's volume never names the namespace: clusters of
 * one name in two namespaces are told apart by the server only.
 */
function findPod({ cluster, component, named, podUid }: FileNames, isGiven: boolean): PodOrigin | undefined {
  const isClusterOpen = !isGiven && (cluster === undefined || podUid !== undefined);
  if (!isClusterOpen && component !== 'unknown') return undefined;
  if (podUid !== undefined) return { uid: podUid, isClusterOpen };
  const namespace = named?.['orchestrator.namespace'];
  const name = named?.['kubernetes.pod.name'];
  return namespace === undefined || name === undefined ? undefined : { namespace, name, isClusterOpen };
}

/** What the path says stands: a file that was begun without an answer goes to the same place as before. */
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
 * Processes of one cluster explain each other, so what nobody named must not meet the logs of strangers: in a shared
 * store it is a cluster of this node. A store of its own holds this machine's logs only, and they belong together.
 */
function nameUnnamed({ host, isStoreShared }: Pick<AgentSettings, 'host' | 'isStoreShared'>): string {
  return isStoreShared ? host : 'default';
}
