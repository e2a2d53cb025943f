import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { describeWithParts } from './describe-part.js';
import { FLINK_VERSIONS } from './flink-conf.js';
import { startFlink, type FlinkCluster } from './flink.js';
import { waitFor } from './process.js';

const BOUNDED = `
CREATE TABLE source (x INT) WITH ('connector' = 'datagen', 'number-of-rows' = '100');
CREATE TABLE sink (x INT) WITH ('connector' = 'blackhole');
INSERT INTO sink SELECT x FROM source;
`;

for (const version of FLINK_VERSIONS) {
  describeWithParts([`flink-${version}`], `startFlink ${version}`, () => {
    let cluster: FlinkCluster;

    beforeAll(async () => {
      cluster = await startFlink({ version, taskManagers: 1, config: { 'taskmanager.numberOfTaskSlots': '2' } });
      return async () => {
        await cluster.stop();
        expect([cluster.jobManager, ...cluster.taskManagers].filter((daemon) => daemon.isAlive())).toEqual([]);
      };
    });

    it('runs a bounded SQL job to its end', async () => {
      const sql = await cluster.runSql(BOUNDED);
      expect(sql).toMatchObject({ code: 0, error: '' });

      await cluster.waitForJob(sql.jobIds[0] ?? '', 'FINISHED');

      expect(await cluster.jobs()).toMatchObject([{ id: sql.jobIds[0], state: 'FINISHED' }]);
    });

    it('tells the error of a wrong statement', async () => {
      const sql = await cluster.runSql('SELECT * FROM nowhere;\n');

      expect(sql.error).toContain("Object 'nowhere' not found");
    });

    it('writes the logs of a stock installation', () => {
      const log = readFileSync(cluster.jobManager.logFile, 'utf8');

      expect(basename(cluster.jobManager.logFile)).toMatch(/^flink-\w+-standalonesession-0-.+\.log$/);
      expect(log).toContain(`Version: ${cluster.version}`);
      expect(log).toMatch(/-Dlog4j\.configurationFile=file:/);
    });

    it('gets a further TaskManager, and loses it by kill -9', async () => {
      const added = await cluster.addTaskManager({ 'taskmanager.numberOfTaskSlots': '3' });
      expect(basename(added.logFile)).toContain('-taskexecutor-1-');
      expect(JSON.stringify(await cluster.rest('/taskmanagers'))).toContain(added.id);

      added.signal('SIGKILL');

      await waitFor('its end', 5_000, async () => !added.isAlive() || 'alive');
    });

    it('says at once why a TaskManager does not start', async () => {
      const starting = cluster.addTaskManager({
        'taskmanager.memory.network.min': '2g',
        'taskmanager.memory.network.max': '2g',
      });

      await expect(starting).rejects.toThrow(/configured Network Memory|Total Flink Memory|IllegalConfiguration/i);
    });
  });
}
