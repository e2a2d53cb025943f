import { readFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../testing/describe-part.js';
import { startFlink } from './flink.js';
import { startZookeeper, type Zookeeper } from './zookeeper.js';

describeWithParts(['zookeeper', 'flink-1.20'], 'startZookeeper', () => {
  let server: Zookeeper;

  beforeAll(async () => {
    server = await startZookeeper();
    return async () => {
      await server.stop();
      expect(server.isAlive()).toBe(false);
    };
  });

  it('serves, stands still and goes on', () => {
    expect(server.connect).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(server.signal('SIGSTOP')).toBe(true);
    expect(server.signal('SIGCONT')).toBe(true);
    expect(server.isAlive()).toBe(true);
  });

  it('carries the high availability of a Flink cluster', async () => {
    const cluster = await startFlink({ version: '1.20', taskManagers: 1, zookeeper: server.connect });

    const log = readFileSync(cluster.jobManager.logFile, 'utf8');
    await cluster.stop();

    expect(log).toContain('State change: CONNECTED');
    expect(log).toContain('was granted leadership');
  });
});
