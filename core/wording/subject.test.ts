import { describe, expect, it } from 'vitest';
import { nameSubject } from './subject.js';

const NOBODY = { cluster: 'orders' };

describe('whom an incident is about', () => {
  it('is its job, by the name or by the id', () => {
    expect(nameSubject({ ...NOBODY, job: { id: 'a1', name: 'bills' } }, 'en')).toBe('bills');
    expect(nameSubject({ ...NOBODY, job: { id: 'a1' } }, 'zh')).toBe('a1');
  });

  it.each([
    ['node-1:/opt/flink/log/flink-flink-taskexecutor-0-node-1', 'TaskManager on node-1', 'node-1 上的 TaskManager'],
    ['log/flink-u-taskexecutor-2-w5.example', 'TaskManager 2 on w5.example', 'w5.example 上的 TaskManager 2'],
    ['flink-u-standalonesession-0-h', 'JobManager on h', 'h 上的 JobManager'],
    ['flink-u-client-h', 'Client on h', 'h 上的 客户端'],
    ['prod/orders-taskmanager-1-1/main/0', 'TaskManager orders-taskmanager-1-1', 'TaskManager orders-taskmanager-1-1'],
    ['C:\\flink\\log\\taskmanager', 'TaskManager taskmanager', 'TaskManager taskmanager'],
    ['container_1_0001_01_000002', 'container_1_0001_01_000002', 'container_1_0001_01_000002'],
  ])('is the process where there is no job: %s', (process, en, zh) => {
    expect(nameSubject({ ...NOBODY, process }, 'en')).toBe(en);
    expect(nameSubject({ ...NOBODY, process }, 'zh')).toBe(zh);
  });

  it('is what its jobs share', () => {
    const platform = { kind: 'zookeeper', thing: 'zk-1:2181', jobs: 118, clusters: 2, children: [] };

    expect(nameSubject({ ...NOBODY, platform }, 'en')).toBe('zk-1:2181 · 118 jobs');
    expect(nameSubject({ ...NOBODY, platform }, 'zh')).toBe('zk-1:2181 · 118 个作业');
  });

  it('is the cluster where there is neither', () => {
    expect(nameSubject(NOBODY, 'en')).toBe('Cluster orders');
    expect(nameSubject(NOBODY, 'zh')).toBe('集群 orders');
  });
});
