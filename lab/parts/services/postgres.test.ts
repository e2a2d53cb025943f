import { beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../testing/describe-part.js';
import { startPostgres, type Postgres } from './postgres.js';

describeWithParts(['postgres'], 'startPostgres', () => {
  let server: Postgres;

  beforeAll(async () => {
    server = await startPostgres({ settings: { max_connections: '7' } });
    return async () => {
      await server.stop();
      expect(server.isAlive()).toBe(false);
    };
  });

  it('runs statements', async () => {
    await server.sql(
      "CREATE TABLE orders (id INT PRIMARY KEY, item TEXT);\nINSERT INTO orders VALUES (1, 'a'), (2, 'b');",
    );

    expect(await server.sql('SELECT * FROM orders ORDER BY id')).toBe('1|a\n2|b');
    expect(await server.sql('SHOW max_connections')).toBe('7');
  });

  it('tells what it refuses', async () => {
    await expect(server.sql('INSERT INTO orders VALUES (1, NULL)')).rejects.toThrow(/duplicate key value/);
  });

  it('has its rows still after a kill', async () => {
    await server.kill();
    await server.restart();

    expect(await server.sql('SELECT count(*) FROM orders')).toBe('2');
  });
});
