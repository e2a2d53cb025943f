import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../testing/describe-part.js';
import { startFlink, type FlinkCluster } from './flink.js';
import { waitFor } from '../process.js';

const BOUNDED = `
CREATE TABLE source (x INT) WITH ('connector' = 'datagen', 'number-of-rows' = '100');
CREATE TABLE sink (x INT) WITH ('connector' = 'blackhole');
INSERT INTO sink SELECT x FROM source;
`;

/**
 * Lists a log and its rotations, oldest first. The stock configuration of log4j may begin a new file while a process
 * starts.
 */
function listWithRotations(logFile: string): string[] {
  const rotated = readdirSync(dirname(logFile))
    .filter((name) => name.startsWith(`${basename(logFile)}.`))
    .sort((a, b) => Number(b.split('.').at(-1)) - Number(a.split('.').at(-1)));
  return [...rotated.map((name) => join(dirname(logFile), name)), logFile];
}

// The sample of the lab (lab/play/sample.test.ts) starts the other versions.
describeWithParts(['flink-1.20'], 'startFlink', () => {
  let cluster: FlinkCluster;

  beforeAll(async () => {
    cluster = await startFlink({ version: '1.20', taskManagers: 1, config: { 'taskmanager.numberOfTaskSlots': '2' } });
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

  it('writes the logs of a stock installation', () => {
    const files = listWithRotations(cluster.jobManager.logFile);
    // A failure shows the beginning, which tells whose log it is.
    const beginning = files
      .map((file) => readFileSync(file, 'utf8'))
      .join('')
      .slice(0, 20_000);

    expect(basename(cluster.jobManager.logFile)).toMatch(/^flink-\w+-standalonesession-0-.+\.log$/);
    expect(beginning, files.join()).toContain(`Version: ${cluster.version}`);
    expect(beginning, files.join()).toMatch(/-Dlog4j\.configurationFile=file:/);
  });

  it('tells the error of a wrong statement', async () => {
    const sql = await cluster.runSql('SELECT * FROM nowhere;\n');

    expect(sql.error).toContain("Object 'nowhere' not found");
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
