import { describe, expect, it } from 'vitest';
import { causesOf } from '../testing/verdict.js';

function describePod(end: string, events = '', state = 'Running'): string {
  return `Name:             shop-taskmanager-1-2
Namespace:        flink
Priority:         0
Service Account:  flink
Node:             worker-3/10.0.0.13
Start Time:       Mon, 02 Mar 2026 09:40:11 +0100
Labels:           app=shop
                  component=taskmanager
Status:           Running
Containers:
  flink-main-container:
    Container ID:  containerd://8b0c6c0a4f53
    Image:         flink:1.20.0
    State:          ${state}
      Started:      Mon, 02 Mar 2026 10:15:09 +0100
${end}    Ready:          True
    Restart Count:  1
    Limits:
      memory:  2Gi
Conditions:
  Type              Status
  Ready             True
Events:
  Type     Reason     Age                From               Message
  ----     ------     ----               ----               -------
${events}`;
}

const OOM = `    Last State:     Terminated
      Reason:       OOMKilled
      Exit Code:    137
      Started:      Mon, 02 Mar 2026 09:40:14 +0100
      Finished:     Mon, 02 Mar 2026 10:15:01 +0100
`;
const HEAD = 'LAST SEEN   TYPE      REASON             OBJECT                     MESSAGE\n';

describe('kubectl describe pod', () => {
  it('names a container that was killed, with the time and the pod', () => {
    const [first] = causesOf(describePod(OOM)).diagnoses;

    expect(first).toMatchObject({ cause: 'memory.container-killed', firstSeen: '2026-03-02T09:15:01.000Z', count: 1 });
    expect(first?.evidence[0]).toMatchObject({ process: 'shop-taskmanager-1-2', host: 'shop-taskmanager-1-2' });
    expect(first?.evidence[0]?.text).toContain(
      'Container flink-main-container of pod shop-taskmanager-1-2 ended: Exit Code: 137, Reason: OOMKilled, Restart Count: 1',
    );
  });

  it.each([
    [
      'cluster.resource-manager-denied',
      describePod(
        '',
        '  Warning  FailedScheduling  5m (x9 over 40m)  default-scheduler  0/5 nodes are available: 2 Insufficient cpu, 3 Insufficient memory.\n',
        'Waiting\n      Reason:       ContainerCreating',
      ),
    ],
    [
      'cluster.image-pull',
      describePod(
        '',
        '  Warning  Failed  5m (x4 over 7m)  kubelet  Failed to pull image "flink:1.99": rpc error: code = NotFound desc = failed to resolve reference\n  Normal   BackOff  4m  kubelet  Back-off pulling image "flink:1.99"\n',
        'Waiting\n      Reason:       ImagePullBackOff',
      ),
    ],
    [
      'cluster.node-lost',
      'Name:             shop-taskmanager-1-2\nNamespace:        flink\nPriority:         0\nNode:             worker-3/\nStatus:           Failed\nReason:           Evicted\nMessage:          The node was low on resource: memory. Threshold quantity: 100Mi, available: 61Mi.\nContainers:\n  flink-main-container:\n    Image:      flink:1.20.0\nEvents:         <none>\n',
    ],
  ])('names %s', (cause, text) => {
    expect(causesOf(text).diagnoses.map((diagnosis) => diagnosis.cause)).toEqual([cause]);
  });

  it('is silent about a pod that runs, whatever it waited for, and about one that ended in order', () => {
    const waited =
      '  Warning  FailedScheduling  41m  default-scheduler  0/5 nodes are available: 5 Insufficient cpu.\n  Warning  Failed  40m  kubelet  Failed to pull image "flink:1.20.0": rpc error\n  Warning  Unhealthy  39m  kubelet  Readiness probe failed: connection refused\n';
    const ended = OOM.replace('OOMKilled', 'Completed').replace('137', '0');

    expect(causesOf(describePod('', waited))).toMatchObject({ diagnoses: [], unknown: [] });
    expect(causesOf(describePod(ended))).toMatchObject({ diagnoses: [], unknown: [] });
  });

  const KILLED = OOM.replace('OOMKilled', 'Error');
  const STOPPED = KILLED.replace('137', '143');
  const LIVENESS =
    '  Warning  Unhealthy  12m (x3 over 13m)  kubelet  Liveness probe failed: Get "http://10.2.3.4:8081/": context deadline exceeded\n' +
    '  Normal   Killing    12m                kubelet  Container flink-main-container failed liveness probe, will be restarted\n';
  const END = 'Status:           Failed\nReason:           REASON\nMessage:          MESSAGE';

  it.each([
    ['137 for a probe', ['cluster.probe-failed'], describePod(KILLED, LIVENESS)],
    ['143 for a probe', ['cluster.probe-failed'], describePod(STOPPED, LIVENESS)],
    [
      '137 for a probe of another container',
      ['memory.container-killed', 'cluster.probe-failed'],
      describePod(KILLED, LIVENESS.replace('flink-main-container', 'sidecar')),
    ],
    [
      '137 for memory, a probe beside it',
      ['memory.container-killed', 'cluster.probe-failed'],
      describePod(OOM, LIVENESS),
    ],
    ['137 and no word of why', ['memory.container-killed'], describePod(KILLED)],
    ['143 and no word of why', [], describePod(STOPPED)],
    ...['Preempted', 'Evicted', 'NodeShutdown', 'Terminated'].map((reason): [string, string[], string] => [
      `137 of a pod that failed as a whole: ${reason}`,
      ['cluster.node-lost'],
      describePod(KILLED).replace(/Status: +Running/, END.replace('REASON', reason)),
    ]),
    [
      '137 of a pod that had to go for another',
      ['cluster.node-lost'],
      describePod(
        KILLED,
        '  Normal   Preempted  2m  default-scheduler  Preempted by pod 7b0a on node worker-3\n  Normal   Killing    2m  kubelet  Stopping container flink-main-container\n',
      ),
    ],
    [
      '137 of a pod that was deleted',
      [],
      describePod(KILLED, '  Normal   Killing    2m  kubelet  Stopping container flink-main-container\n'),
    ],
  ])('believes what is stated before it guesses by the code: %s', (_, causes, text) => {
    const { diagnoses, unknown } = causesOf(text);

    expect(diagnoses.map((diagnosis) => diagnosis.cause).sort()).toEqual([...causes].sort());
    expect(unknown).toEqual([]);
  });

  it('tells the pods of one file apart', () => {
    const crash = OOM.replace('OOMKilled', 'Error').replace('137', '139');
    const two =
      describePod(OOM) +
      describePod(crash).replaceAll('taskmanager-1-2', 'taskmanager-1-3') +
      describePod('').replaceAll('taskmanager-1-2', 'taskmanager-1-4');
    const found = causesOf(two).diagnoses.map((item) => [
      item.cause,
      ...item.evidence.map((evidence) => evidence.process),
    ]);

    expect(found.sort()).toEqual([
      ['cluster.jvm-crash', 'shop-taskmanager-1-3'],
      ['memory.container-killed', 'shop-taskmanager-1-2'],
    ]);
  });
});

describe('kubectl get events', () => {
  it.each([
    [
      'cluster.resource-manager-denied',
      '4m          Warning   FailedScheduling   pod/shop-taskmanager-1-2   0/5 nodes are available: 5 Insufficient memory. preemption: not eligible.\n',
    ],
    [
      'cluster.image-pull',
      '4m          Warning   Failed             pod/shop-taskmanager-1-2   Failed to pull image "flink:1.99": not found\n',
    ],
    [
      'cluster.node-lost',
      '4m          Warning   Evicted            pod/shop-taskmanager-1-2   The node was low on resource: ephemeral-storage.\n',
    ],
    [
      'memory.container-killed',
      '4m          Warning   OOMKilling         node/worker-3              Memory cgroup out of memory: Killed process 21034 (java) total-vm:4820000kB\n',
    ],
    [
      'cluster.resource-manager-denied',
      '4m          Warning   FailedCreate       job/shop                   Error creating: pods "shop-x" is forbidden: exceeded quota: team, requested: cpu=4, used: cpu=8, limited: cpu=10\n',
    ],
  ])('names %s', (cause, line) => {
    expect(causesOf(HEAD + line).diagnoses.map((diagnosis) => diagnosis.cause)).toEqual([cause]);
  });

  it('is silent about what is over and what is normal', () => {
    const lines = [
      '5m          Warning   FailedScheduling   pod/shop-taskmanager-1-2   0/5 nodes are available: 5 Insufficient memory.',
      '4m          Normal    Started            pod/shop-taskmanager-1-2   Started container flink-main-container',
      '3m          Normal    Killing            pod/shop-taskmanager-1-1   Stopping container flink-main-container',
    ];

    expect(causesOf(`${HEAD}${lines.join('\n')}\n`)).toMatchObject({ diagnoses: [], unknown: [] });
  });
});
