// Derives from a file's path what it is: kind, component, process, host, job. Only names are read, never the file.
// Names: flink-facts §1.3 of the project's notes, that is Flink's start scripts, YARN container folders, Kubernetes
// pods, Docker, and Jobtrace's own log separation kit.
import type { Component, FileKind, LogRecord } from '../../core/types.js';
import { omitMissing } from '../../core/json.js';

export interface FileNames {
  readonly kind: FileKind;
  readonly component: Component;
  /** Key that is the same for all files of a process: its .log, rotations, .out, .err, GC log, per-job files. */
  readonly processKey: string;
  readonly host?: string;
  /** YARN application or Kubernetes cluster id. */
  readonly cluster?: string;
  readonly jobId?: string;
  /** UID of the pod whose volume holds the file. */
  readonly podUid?: string;
  /** Further names from the path, as fields of each of its records. */
  readonly named?: Partial<LogRecord>;
  /** True for a closed file: a rotation, a compressed one. */
  readonly rotated: boolean;
  readonly rotation?: number;
}

interface Name {
  readonly folder: string;
  /** Name without rotation, compression, extension, job and GC markers. */
  readonly stem: string;
  readonly kind: FileKind;
  readonly jobId?: string;
  readonly rotated: boolean;
  readonly rotation?: number;
}

const COMPRESSION = /\.(?:gz|zst|bz2|xz|zip)$/i;
const ROTATION = /[.-](?:(\d{1,3})|\d{4}-?\d\d-?\d\d(?:[-T.]\d+)*)(?:\.current)?$/;
const INNER_ROTATION = /[.-](\d{1,3})\.(log|out|err)$/;
const EXTENSION = /\.(log|out|err)$/i;
const JOB = /[.-]job-([0-9a-f]{32})$/;
const GC = /(?:^|[-_.])gc(?:[-_.]?log)?(?=$|[-_.])/i;
const STANDALONE =
  /^flink-(.*?)-(standalonesession|standalonejob|taskexecutor|taskmanager|jobmanager|kubernetes-session|kubernetes-application|kubernetes-taskmanager|historyserver|zookeeper|sql-gateway|sql-client|scala-shell|yarn-session|client|cli|python)-(?:(\d+)-)?(.+)$/;
const YARN_CONTAINER = /container_(?:e\d+_)?(\d+_\d+)_\d+_(\d+)/;
const YARN_APPLICATION = /application_\d+_\d+/;
const POD_FOLDER = /\/pods\/([^/_]+)_([^/_]+)_[^/]+\/([^/]+)\/(\d+)\.log/;
const POD_LINK = /^([^_]+)_([^_]+)_(.+)-[0-9a-f]{64}$/;
/** Volume of a pod, as the kubelet mounts it: `pods/UID/volumes/kubernetes.io~empty-dir/…`, or `volume-subpaths`. */
const POD_VOLUME = /\/pods\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})\/volume(?:s|-subpaths)\//;
/** Pod of a deployment: its name, the hash of its template and five characters, in the alphabet of Kubernetes. */
const DEPLOYED_POD = /-[bcdf-hj-np-tv-xz2456789]{6,10}-[bcdf-hj-np-tv-xz2456789]{5}$/;
/** Pod of a TaskManager in the native deployment. */
const TASKMANAGER_POD = /-taskmanager-\d+-\d+$/;
const DOCKER = /^([0-9a-f]{64})-json$/;

const DAEMONS: Readonly<Record<string, Component>> = {
  standalonesession: 'jobmanager',
  standalonejob: 'jobmanager',
  jobmanager: 'jobmanager',
  'kubernetes-session': 'jobmanager',
  'kubernetes-application': 'jobmanager',
  taskexecutor: 'taskmanager',
  taskmanager: 'taskmanager',
  'kubernetes-taskmanager': 'taskmanager',
  'sql-gateway': 'gateway',
  'sql-client': 'client',
  'scala-shell': 'client',
  'yarn-session': 'client',
  client: 'client',
  cli: 'client',
  python: 'client',
};

/** Limit of a path. No system opens a longer one, but an archive may hold one. */
const MAX_PATH_UNITS = 4096;

export function describeFile(whole: string): FileNames {
  const path = whole.slice(-MAX_PATH_UNITS);
  const name = readName(path.replaceAll('\\', '/'));
  const podUid = POD_VOLUME.exec(name.folder)?.[1];
  const common = {
    kind: name.kind,
    rotated: name.rotated,
    jobId: name.jobId,
    rotation: name.rotation,
    ...omitMissing({ podUid }),
  };
  return (
    describePod(path, name, common) ??
    describeYarn(path, name, common) ??
    describeStandalone(name, common) ??
    describeOther(name, common)
  );
}

type Common = Pick<FileNames, 'kind' | 'rotated' | 'jobId' | 'rotation' | 'podUid'>;

function readName(path: string): Name {
  const slash = path.lastIndexOf('/');
  const packed = path.slice(slash + 1).replace(COMPRESSION, '');
  const rotation = takeRotation(packed);
  const extension = EXTENSION.exec(rotation.text)?.[1]?.toLowerCase();
  const bare = rotation.text.replace(EXTENSION, '');
  const job = JOB.exec(bare);
  const stem = bare.replace(JOB, '').replace(EXTENSION, '');
  const gc = GC.test(stem);
  return {
    folder: path.slice(0, slash + 1),
    stem: gc ? stem.replace(GC, '') : stem,
    kind: gc ? 'gc' : kindOf(extension, stem),
    rotated: rotation.rotated || packed.length < path.length - slash - 1,
    rotation: rotation.rotation,
    jobId: job?.[1] === undefined ? undefined : job[1],
  };
}

/**
 * Splits off a rotation: `x.log.3`, `x.log.2026-01-31`, `x.3.log`. A name that only ends in a number is no rotation.
 */
function takeRotation(name: string): { readonly text: string; readonly rotated: boolean; readonly rotation?: number } {
  const match = ROTATION.exec(name);
  const text = match === null ? name : name.slice(0, match.index);
  if (match !== null && (EXTENSION.test(text) || GC.test(text))) {
    return { text, rotated: true, rotation: match[1] === undefined ? undefined : Number(match[1]) };
  }
  const inner = JOB.test(name.replace(INNER_ROTATION, '')) ? INNER_ROTATION.exec(name) : null;
  if (inner === null) return { text: name, rotated: false };
  return { text: `${name.slice(0, inner.index)}.${inner[2] ?? 'log'}`, rotated: true, rotation: Number(inner[1]) };
}

function kindOf(extension: string | undefined, stem: string): FileKind {
  if (extension === 'log' || extension === 'out' || extension === 'err') return extension;
  if (stem === 'stdout') return 'out';
  return stem === 'stderr' ? 'err' : 'unknown';
}

/**
 * Describes `/var/log/pods/<namespace>_<pod>_<uid>/<container>/<restart>.log` and the links in `/var/log/containers`.
 */
function describePod(path: string, name: Name, common: Common): FileNames | undefined {
  const folder = POD_FOLDER.exec(path);
  const link = POD_LINK.exec(name.stem);
  const namespace = folder?.[1] ?? link?.[2];
  const pod = folder?.[2] ?? link?.[1];
  const container = folder?.[3] ?? link?.[3];
  if (namespace === undefined || pod === undefined || container === undefined) return undefined;
  const component = /taskmanager|taskexecutor/.test(`${pod} ${container}`)
    ? 'taskmanager'
    : /jobmanager|flink-main-container/.test(`${pod} ${container}`)
      ? 'jobmanager'
      : 'unknown';
  const cluster = clusterOfPod(pod);
  const restart = folder?.[4] ?? name.stem.slice(-64, -52);
  return {
    ...common,
    kind: 'log',
    component,
    processKey: `${namespace}/${pod}/${container}/${restart}`,
    host: pod,
    named: { 'orchestrator.namespace': namespace, 'kubernetes.pod.name': pod },
    ...omitMissing({ cluster: cluster === undefined ? undefined : `${namespace}/${cluster}` }),
  };
}

/**
 * Returns the cluster of `<cluster>-taskmanager-1-2`, `<cluster>-jobmanager-0`, and `<cluster>-<hash>-<id>`, which is
 * the deployment of a JobManager.
 */
function clusterOfPod(pod: string): string | undefined {
  const named = /^(.+?)-(?:taskmanager|jobmanager|taskexecutor)(?:-|$)/.exec(pod);
  return named?.[1] ?? /^(.+)-[a-z0-9]{6,10}-[a-z0-9]{5}$/.exec(pod)?.[1];
}

function describeYarn(path: string, name: Name, common: Common): FileNames | undefined {
  const container = YARN_CONTAINER.exec(path);
  if (container === null) return undefined;
  const application = YARN_APPLICATION.exec(path)?.[0] ?? `application_${container[1] ?? ''}`;
  const component = name.stem.startsWith('taskmanager')
    ? 'taskmanager'
    : name.stem.startsWith('jobmanager') || Number(container[2]) === 1
      ? 'jobmanager'
      : 'taskmanager';
  const named = { 'container.id': container[0] };
  return { ...common, component, processKey: container[0], cluster: application, named };
}

function describeStandalone(name: Name, common: Common): FileNames | undefined {
  const match = STANDALONE.exec(name.stem);
  if (match === null) return undefined;
  const [, , daemon = '', , host = ''] = match;
  return {
    ...common,
    component: DAEMONS[daemon] ?? 'unknown',
    processKey: name.folder + name.stem,
    host,
    ...(isPodName(daemon, host, common) ? describeOwnPod(host) : undefined),
  };
}

/**
 * Describes Flink's own files in a pod: the host in their names is the pod's name. The path does not name its
 * namespace.
 */
function describeOwnPod(pod: string): Pick<FileNames, 'named' | 'cluster'> {
  return { named: { 'kubernetes.pod.name': pod }, ...omitMissing({ cluster: clusterOfPod(pod) }) };
}

/** Returns true for the name of a pod: by the daemon, the folder, or a form that only names of pods have. */
function isPodName(daemon: string, host: string, { podUid }: Common): boolean {
  return (
    daemon.startsWith('kubernetes-') || podUid !== undefined || TASKMANAGER_POD.test(host) || DEPLOYED_POD.test(host)
  );
}

function describeOther(name: Name, common: Common): FileNames {
  const docker = DOCKER.exec(name.stem);
  if (docker?.[1] !== undefined)
    return {
      ...common,
      kind: 'log',
      component: 'unknown',
      processKey: docker[1].slice(0, 12),
      named: { 'container.id': docker[1] },
    };
  return {
    ...common,
    component: componentOf(name.stem),
    processKey: name.folder + (name.stem === '' ? common.kind : name.stem),
    ...describePodFolder(name.folder),
  };
}

/**
 * Describes a folder per pod, as `subPathExpr: $(POD_NAME)` creates it. Only names that surely are those of a pod
 * count.
 */
function describePodFolder(folder: string): Pick<FileNames, 'named' | 'cluster' | 'host'> | undefined {
  const pod = folder.split('/').findLast((part) => TASKMANAGER_POD.test(part) || DEPLOYED_POD.test(part));
  return pod === undefined ? undefined : { host: pod, ...describeOwnPod(pod) };
}

function componentOf(stem: string): Component {
  const text = stem.toLowerCase();
  if (/task-?(?:manager|executor)|(?:^|[-_.])tm(?:[-_.\d]|$)/.test(text)) return 'taskmanager';
  if (/job-?(?:manager|master)|standalone(?:session|job)|(?:^|[-_.])jm(?:[-_.\d]|$)/.test(text)) return 'jobmanager';
  if (/sql-?gateway/.test(text)) return 'gateway';
  return /(?:^|[-_.])(?:client|cli)(?:[-_.]|$)/.test(text) ? 'client' : 'unknown';
}
