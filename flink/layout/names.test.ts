import { describe, expect, it } from 'vitest';
import { describeFile } from './names.js';

const JOB = '88e211ca1877755cb3e0ac644cd0ad81';
const HASH = 'ab'.repeat(32);

describe('describeFile', () => {
  it('reads the names of the start scripts, with and without a user', () => {
    expect(describeFile('/log/flink-flink-taskexecutor-0-node-1.log')).toEqual({
      kind: 'log',
      component: 'taskmanager',
      processKey: '/log/flink-flink-taskexecutor-0-node-1',
      host: 'node-1',
      rotated: false,
    });
    expect(describeFile('/log/flink--standalonesession-2-a.b.c.out')).toMatchObject({
      kind: 'out',
      component: 'jobmanager',
      host: 'a.b.c',
    });
    expect(describeFile('flink-my-user-client-node-1.log')).toMatchObject({
      component: 'client',
      host: 'node-1',
      processKey: 'flink-my-user-client-node-1',
    });
    expect(describeFile('flink-u-sql-gateway-0-h.log')).toMatchObject({ component: 'gateway', host: 'h' });
  });

  it('gives all files of a process the same key', () => {
    const names = [
      '.log',
      '.log.1',
      '.log.12.gz',
      '.out',
      '.err',
      '.gc.log',
      '.gc.log.0.current',
      `.job-${JOB}.log`,
      `.job-${JOB}.log.2`,
      `.job-${JOB}.2.log`,
      `.log.job-${JOB}.log`,
      `.log.job-${JOB}.log.3`,
      '.log.2026-01-31',
    ];

    const keys = names.map((name) => describeFile(`/log/flink-u-taskexecutor-0-h${name}`).processKey);

    expect([...new Set(keys)]).toEqual(['/log/flink-u-taskexecutor-0-h']);
  });

  it('tells rotations and the job of a separated file', () => {
    expect(describeFile('/log/x.log.3.gz')).toMatchObject({ kind: 'log', rotated: true, rotation: 3 });
    expect(describeFile(`/log/flink-u-taskexecutor-0-h.job-${JOB}.log.1`)).toMatchObject({
      kind: 'log',
      jobId: JOB,
      rotated: true,
      rotation: 1,
      host: 'h',
    });
    expect(describeFile('/log/host-7.log')).toMatchObject({ rotated: false, processKey: '/log/host-7' });
    expect(describeFile('/log/gc.log.0.current')).toMatchObject({ kind: 'gc', rotated: true, rotation: 0 });
  });

  it('joins the files of a YARN container and names its application', () => {
    const folder = '/logs/application_1669378398064_0078/container_e07_1669378398064_0078_01_000002';

    expect(describeFile(`${folder}/taskmanager.log`)).toMatchObject({
      kind: 'log',
      component: 'taskmanager',
      cluster: 'application_1669378398064_0078',
      processKey: 'container_e07_1669378398064_0078_01_000002',
    });
    expect(describeFile(`${folder}/prelaunch.err`)).toMatchObject({
      kind: 'err',
      component: 'taskmanager',
      processKey: 'container_e07_1669378398064_0078_01_000002',
    });
    expect(describeFile('/logs/container_1669378398064_0078_01_000001/stdout')).toMatchObject({
      kind: 'out',
      component: 'jobmanager',
      cluster: 'application_1669378398064_0078',
    });
  });

  it('reads pods of Kubernetes by folder and by link', () => {
    expect(describeFile('/var/log/pods/prod_orders-taskmanager-1-3_0a-1b/flink-main-container/2.log')).toMatchObject({
      kind: 'log',
      component: 'taskmanager',
      named: { 'orchestrator.namespace': 'prod', 'kubernetes.pod.name': 'orders-taskmanager-1-3' },
      cluster: 'prod/orders',
      processKey: 'prod/orders-taskmanager-1-3/flink-main-container/2',
    });
    expect(
      describeFile(`/var/log/containers/orders-6c7d8f9b5c-x2x4z_prod_flink-main-container-${HASH}.log`),
    ).toMatchObject({
      component: 'jobmanager',
      cluster: 'prod/orders',
      named: { 'kubernetes.pod.name': 'orders-6c7d8f9b5c-x2x4z' },
    });
  });

  it.each([
    [
      'an empty directory',
      '/var/lib/kubelet/pods/11111111-aaaa-4444-8888-000000000001/volumes/kubernetes.io~empty-dir/l',
    ],
    ['a claim', '/var/lib/kubelet/pods/11111111-aaaa-4444-8888-000000000001/volumes/kubernetes.io~csi/pvc-0a1b/mount'],
    [
      'a part of a volume',
      '/var/lib/k8s/pods/11111111-aaaa-4444-8888-000000000001/volume-subpaths/l/flink-main-container/0',
    ],
    ['a folder of the node that all pods share', '/data/flink-logs'],
  ])("finds the pod and its cluster in the names of Flink's own files in %s", (_, folder) => {
    const uid = folder.startsWith('/var') ? { podUid: '11111111-aaaa-4444-8888-000000000001' } : {};
    const native = describeFile(`${folder}/flink--kubernetes-taskmanager-0-pricing-taskmanager-1-1.log.3`);
    const others = [
      'kubernetes-application-0-pricing-6c9f8b7d5-x2x7k',
      'kubernetes-session-0-pricing-6c9f8b7d5-x2x7k',
      'taskexecutor-0-pricing-taskmanager-6c9f8b7d5-x2z7k',
      'standalonesession-0-pricing-jobmanager-6c9f8b7d5-x2z7k',
    ].map((name) => describeFile(`${folder}/flink--${name}.log`));

    expect(native).toEqual({
      kind: 'log',
      component: 'taskmanager',
      processKey: `${folder}/flink--kubernetes-taskmanager-0-pricing-taskmanager-1-1`,
      host: 'pricing-taskmanager-1-1',
      cluster: 'pricing',
      named: { 'kubernetes.pod.name': 'pricing-taskmanager-1-1' },
      rotated: true,
      rotation: 3,
      ...uid,
    });
    expect(others.map(({ cluster }) => cluster)).toEqual(['pricing', 'pricing', 'pricing', 'pricing']);
    expect(others.map(({ component }) => component)).toEqual(['jobmanager', 'jobmanager', 'taskmanager', 'jobmanager']);
  });

  it('finds the pod in a folder that is named after it, and takes no host or folder for one', () => {
    expect(describeFile('/data/logs/pricing-taskmanager-1-2/taskmanager.log')).toMatchObject({
      cluster: 'pricing',
      component: 'taskmanager',
      named: { 'kubernetes.pod.name': 'pricing-taskmanager-1-2' },
    });
    expect(describeFile('/data/prod-taskmanager-1/taskmanager.log').cluster).toBeUndefined();
    expect(describeFile('/log/flink-u-taskexecutor-0-prod-taskmanager-1.log').cluster).toBeUndefined();
    expect(describeFile('/log/flink-u-taskexecutor-0-rack-worker01-paris.log').cluster).toBeUndefined();
  });

  it('falls back to words in the name', () => {
    expect(describeFile(`/var/lib/docker/containers/${HASH}/${HASH}-json.log`)).toMatchObject({
      kind: 'log',
      named: { 'container.id': HASH },
    });
    expect(describeFile('taskmanager.log')).toMatchObject({ component: 'taskmanager', kind: 'log' });
    expect(describeFile('C:\\logs\\jobmanager.out')).toMatchObject({
      component: 'jobmanager',
      kind: 'out',
      processKey: 'C:/logs/jobmanager',
    });
    expect(describeFile('notes.txt')).toMatchObject({ component: 'unknown', kind: 'unknown' });
  });
});
