import { describe, expect, it } from 'vitest';
import { describeOrigin } from './origin.js';

const STANDALONE = '/opt/flink/log/flink-u-taskexecutor-0-h1.log';
const SHARED = { host: 'node-1', cluster: '', isStoreShared: true };

function clusterOf(path: string, settings: typeof SHARED, cluster?: string): string {
  return describeOrigin({ path, captures: { cluster } }, settings).cluster;
}

describe('the cluster of a file that nothing names', () => {
  it('is one of this node in a shared store, so that strangers never explain each other', () => {
    expect(clusterOf(STANDALONE, SHARED)).toBe('node-1');
    expect(clusterOf(STANDALONE, { ...SHARED, host: 'node-2' })).toBe('node-2');
    expect(describeOrigin({ path: STANDALONE, captures: {} }, SHARED).isUnnamed).toBe(true);
  });

  it('is the same for all folders of a machine', () => {
    for (const path of ['/srv/a/flink-u-standalonesession-0-h1.log', '/srv/b/flink-u-taskexecutor-3-h2.log'])
      expect(clusterOf(path, SHARED)).toBe('node-1');
  });

  it('is "default" in the embedded store, which holds one machine, as it was before', () => {
    expect(clusterOf(STANDALONE, { ...SHARED, isStoreShared: false })).toBe('default');
  });
});

describe('the cluster of a file', () => {
  it('comes from the pattern, then from the settings, then from the path', () => {
    const yarn = '/logs/application_1700000000000_0001/container_1700000000000_0001_01_000002/taskmanager.log';

    expect(clusterOf(yarn, { ...SHARED, cluster: 'orders' }, 'captured')).toBe('captured');
    expect(clusterOf(yarn, { ...SHARED, cluster: 'orders' })).toBe('orders');
    expect(clusterOf(yarn, SHARED)).toBe('application_1700000000000_0001');
    expect(describeOrigin({ path: yarn, captures: {} }, SHARED).isUnnamed).toBe(false);
  });
});
