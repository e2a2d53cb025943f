import { describe, expect, it } from 'vitest';
import type { Diagnosis, Incident } from '../../core/documents/incident.js';
import { loadCatalog } from '../catalog/catalog.js';
import {
  chainShared,
  choosePrimary,
  decidePlatformOutcome,
  findShared,
  isLongEnough,
  PLATFORM_WINDOW_MS,
  renderPlatform,
} from './platform.js';

const KINDS = loadCatalog().engine.shared;
const START = Date.parse('2026-11-20T10:00:00Z');

interface Failed {
  readonly cause?: string;
  readonly cluster?: string;
  readonly afterMs?: number;
  readonly values?: Readonly<Record<string, string>>;
  readonly text?: string;
  readonly host?: string;
  readonly more?: Partial<Diagnosis>;
  readonly outcome?: Incident['outcome'];
}

function fail(job: string, failed: Failed = {}): Incident {
  const {
    cause = 'cluster.zookeeper-unavailable',
    cluster = job,
    afterMs = 0,
    values = { quorum: 'zk:2181' },
  } = failed;
  const { text = '', host = 'node-1', more = {}, outcome = 'failing' } = failed;
  const firstSeen = new Date(START + afterMs).toISOString();
  const diagnosis: Diagnosis = {
    cause,
    rule: `${cause}/any`,
    title: 'ZooKeeper cannot be reached',
    summary: 'It cannot.',
    severity: 'critical',
    confidence: 1,
    symptom: false,
    owner: 'platform',
    status: 'stable',
    firstSeen,
    count: 1,
    reasons: [],
    fixes: [],
    evidence: [{ file: 'f', line: 1, text, host }],
    explains: [],
    references: [],
    values,
    score: {},
    ...more,
  };
  return {
    id: `${cluster}/${job}`,
    cluster,
    job: { id: job, name: job },
    processes: [],
    firstSeen,
    lastSeen: firstSeen,
    outcome,
    restarts: 0,
    attempts: [],
    diagnoses: { en: [diagnosis], zh: [{ ...diagnosis, title: 'ZooKeeper 不可用' }] },
    unknown: [],
    facts: {},
  };
}

function join(incidents: readonly Incident[]): readonly Incident[] {
  const shared = incidents.flatMap((incident) => findShared(incident, KINDS) ?? []);
  return chainShared(shared)
    .filter(isLongEnough)
    .flatMap((chain) => {
      const lead = incidents.find(({ id }) => id === choosePrimary(chain)?.id);
      return (lead && renderPlatform(chain, lead)) ?? [];
    });
}

describe('findShared', () => {
  it.each<[string, Failed, string | undefined]>([
    [
      'the servers of a quorum, in any order and spelling',
      { values: { quorum: 'ZK2/10.0.0.2:2181, zk1:2181/f' } },
      'zk1:2181,zk2:2181',
    ],
    ['nothing that every machine calls itself', { values: { quorum: '127.0.0.1:2181' } }, undefined],
    [
      'a namenode that was called',
      {
        cause: 'storage.hdfs-unavailable',
        values: {},
        text: 'Call From w/10.0.0.5 to namenode-1:8020 failed on connection exception',
      },
      'namenode-1:8020',
    ],
    ['a namenode in a path', { cause: 'storage.hdfs-unavailable', values: { path: 'hdfs://nn:8020/out' } }, 'nn:8020'],
    ['a broker', { cause: 'kafka.unreachable', values: { address: 'kafka-1:9092' } }, 'kafka-1:9092'],
    ['a database', { cause: 'connector.jdbc', values: { url: 'jdbc:mysql://db:3306/shop?a=b' } }, 'db:3306'],
    ['a machine', { cause: 'cluster.disk-full', values: {}, host: 'Node-7' }, 'node-7'],
    [
      'the name in a certificate',
      { cause: 'network.tls', values: { problem: "Certificate for <es.shop> doesn't match" } },
      'es.shop',
    ],
  ])('names %s', (_name, failed, thing) => {
    expect(findShared(fail('a', failed), KINDS)?.thing).toBe(thing);
  });

  it("leaves out what only follows, what nobody else can have, and what is nobody else's task", () => {
    expect(findShared(fail('a', { more: { symptom: true } }), KINDS)).toBeUndefined();
    expect(findShared(fail('a', { cause: 'code.cast' }), KINDS)).toBeUndefined();
    expect(findShared(fail('a', { cause: 'connector.jdbc', more: { owner: 'user-code' } }), KINDS)).toBeUndefined();
  });
});

describe('renderPlatform', () => {
  it('stands for three jobs of one thing, whatever their clusters', () => {
    const [platform, ...others] = join([fail('a'), fail('b', { afterMs: 9000 }), fail('c', { afterMs: 20_000 })]);

    expect(others).toEqual([]);
    expect(platform).toMatchObject({
      cluster: '*',
      firstSeen: '2026-11-20T10:00:00.000Z',
      outcome: 'failing',
      platform: { kind: 'zookeeper', thing: 'zk:2181', jobs: 3, clusters: 3 },
    });
    expect(platform?.platform?.children.map(({ job }) => job?.name)).toEqual(['a', 'b', 'c']);
    expect(platform?.diagnoses.en[0]).toMatchObject({
      title: '3 jobs: ZooKeeper cannot be reached (zk:2181)',
      count: 3,
    });
    expect(platform?.diagnoses.zh[0]?.title).toBe('3 个作业：ZooKeeper 不可用（zk:2181）');
  });

  it('is the same in any order, and keeps its id when more come', () => {
    const some = [fail('a'), fail('b', { afterMs: 1000 }), fail('c', { afterMs: 2000 })];

    expect(join([...some].reverse())).toEqual(join(some));
    expect(join([...some, fail('d', { afterMs: 90_000 })])[0]?.id).toBe(join(some)[0]?.id);
  });

  it('is none of two jobs, of one job in two runs, of other things, of other times, or of clusters that name nothing', () => {
    const unnamed = { values: {} };
    const later = { afterMs: 2 * PLATFORM_WINDOW_MS };

    expect(join([fail('a'), fail('b')])).toEqual([]);
    expect(join([fail('a'), fail('b'), { ...fail('b', { afterMs: 1000 }), id: 'again' }])).toEqual([]);
    expect(join([fail('a'), fail('b'), fail('c', { values: { quorum: 'other:2181' } })])).toEqual([]);
    expect(join([fail('a'), fail('b'), fail('c', later)])).toEqual([]);
    expect(join([fail('a', unnamed), fail('b', unnamed), fail('c', unnamed)])).toEqual([]);
  });

  it('stands for two jobs already that name the same process of their cluster, and for those of no other cluster', () => {
    const lost = (job: string, cluster: string, peerProcess: string, afterMs = 0): Incident =>
      fail(job, {
        cause: 'cluster.taskmanager-lost',
        cluster,
        values: { lost: 'localhost:34429', peerProcess },
        afterMs,
      });
    const process = 'node-7:/opt/flink/log/flink-flink-taskexecutor-1-node-7';
    const jobs = ['a', 'b', 'c', 'd'].map((job, index) => lost(job, 'session-a', process, index * 400));
    const others = [lost('e', 'session-b', process), lost('f', 'session-a', 'node-7:/opt/flink/log/another')];
    const found = join([...jobs, ...others]);

    expect(found.map(({ platform }) => [platform?.kind, platform?.thing, platform?.jobs])).toEqual([
      ['process', 'TaskManager 1 on node-7', 4],
    ]);
    expect(found[0]?.diagnoses.en[0]?.summary).toContain('a, b, c, d');
  });

  it('leaves to an ending of its cluster what that took along', () => {
    const incident = { ...fail('a', { cause: 'cluster.taskmanager-lost', values: { lost: 'x' } }), parent: 'ending-1' };

    expect(findShared(incident, KINDS)).toBeUndefined();
  });

  it('takes jobs of one cluster together where nothing names what they share', () => {
    const inOne = { cluster: 'session', values: {} };

    expect(join([fail('a', inOne), fail('b', inOne), fail('c', inOne)])[0]?.platform).toMatchObject({
      jobs: 3,
      clusters: 1,
    });
  });
});

describe('decidePlatformOutcome', () => {
  it('goes on while one of its jobs does, and recovers when none failed for good', () => {
    const of = (...outcomes: Incident['outcome'][]): Incident['outcome'] =>
      decidePlatformOutcome(outcomes.map((outcome) => ({ outcome })));

    expect(of('recovered', 'failing', 'failed')).toBe('failing');
    expect(of('recovered', 'failed')).toBe('failed');
    expect(of('recovered', 'canceled')).toBe('recovered');
  });
});
