import { beforeAll, expect, it } from 'vitest';
import { describeWithParts } from './describe-part.js';
import { startZookeeper, type Zookeeper } from './zookeeper.js';

describeWithParts(['zookeeper'], 'startZookeeper', () => {
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
});
