import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../testing/describe-part.js';
import { startKafka, type Kafka } from './kafka.js';

describeWithParts(['kafka'], 'startKafka', () => {
  let broker: Kafka;

  beforeAll(async () => {
    broker = await startKafka({ users: { shop: 'secret' } });
    return async () => {
      await broker.stop();
      expect(broker.isAlive()).toBe(false);
    };
  });

  it('takes records and drops them', async () => {
    await broker.createTopic('orders', { partitions: 2 });
    await broker.produce('orders', ['one', 'two']);
    await broker.deleteRecords('orders', { partition: 1 });

    expect(readFileSync(broker.logFile, 'utf8')).toContain('orders-1');
  });

  it('refuses a topic that is there', async () => {
    await expect(broker.createTopic('orders')).rejects.toThrow(/already exists/);
  });

  it('listens for its users too, and after a kill it is there again', async () => {
    const before = broker.pid;
    await broker.kill();
    expect(broker.isAlive()).toBe(false);

    await broker.restart();

    expect(broker.pid).not.toBe(before);
    await expect(connect(broker.bootstrap)).resolves.toBe(true);
    await expect(connect(broker.saslBootstrap)).resolves.toBe(true);
  });
});

function connect(address: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: 'localhost', port: Number(address.split(':')[1]) }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', reject);
  });
}
