// Tests the separation kit under many short jobs: five hundred end on one cluster next to one that keeps running, every
// tenth fails, and neither descriptors nor appenders are left over. One TaskManager logs with log4j, the other with
// logback; most jobs run on both.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../testing/describe-part.js';
import { listJobs } from './rest.js';
import { getJava } from '../parts.js';
import { runCommand, waitFor } from '../process.js';
import { startSeparated, type SeparatedCluster, type SeparatedProcess } from './kit-cluster.js';
import { countDescriptors, jobFile, listJobFiles, listOpenJobFiles, readJob } from './files.js';

const JOBS = 150;
/** Number of submissions at a time; the cluster has slots for more. */
const CLIENTS = 4;
/**
 * Appender classes (one appender per file) and their maximum number, by library. Logback remembers its first and last
 * 150 status messages, each with the appender that it is about: 48 of them were seen after 500 jobs as well as after
 * 1,500.
 */
const APPENDERS = {
  log4j: {
    max: 4,
    classes: [
      'org.apache.logging.log4j.core.appender.RollingFileAppender',
      'org.apache.logging.log4j.core.appender.rolling.RollingFileManager',
    ],
  },
  logback: {
    max: 60,
    classes: [
      'ch.qos.logback.core.rolling.RollingFileAppender',
      'ch.qos.logback.core.rolling.FixedWindowRollingPolicy',
    ],
  },
} as const;

describeWithParts(['flink-1.20', 'logback'], `the separation kit and ${JOBS} short jobs`, () => {
  let cluster: SeparatedCluster;
  let dir: string;
  let stop = (): Promise<void> => Promise.resolve();
  let witness: string;
  const names = new Map<string, string>();
  const before = new Map<SeparatedProcess, number>();

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'jobtrace-separation-many-'));
    cluster = await startSeparated({
      version: '1.20',
      dir,
      jobManager: { logging: 'log4j', layout: 'yarn' },
      taskManagers: [
        { logging: 'log4j', layout: 'yarn' },
        { logging: 'logback', layout: 'yarn' },
      ],
      config: { 'taskmanager.numberOfTaskSlots': '8', 'restart-strategy.type': 'none' },
    });
    stop = cluster.stop;
    witness = await cluster.runJob('witness');
    for (let job = 0; job < 2; job += 1) await runShort(`warming-${job}`);
    await waitForEnds(2);
    for (const process of processes()) before.set(process, countDescriptors(process.pid));
    let next = 0;
    const submit = async (): Promise<void> => {
      while (next < JOBS) {
        next += 1;
        const says = `short-${next}`;
        names.set(await runShort(says, says.endsWith('0') ? 'fail' : 'finish'), says);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, submit));
    await waitForEnds(JOBS + 2);
  }, 600_000);

  afterAll(async () => {
    await stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const processes = (): SeparatedProcess[] => [cluster.jobManager, ...cluster.taskManagers];
  const runShort = (says: string, end = 'finish'): Promise<string> =>
    cluster.runJob(says, ['--rounds', '4', '--end', end]);
  const waitForEnds = (count: number): Promise<void> =>
    waitFor(`${count} jobs have ended`, 300_000, async () => {
      const ended = (await listJobs(cluster.restUrl)).filter(
        ({ state }) => state === 'FINISHED' || state === 'FAILED',
      ).length;
      return ended >= count ? true : `${ended} have`;
    });

  it('gives each job a file of its own wherever it ran, with what it said and nothing that another said', async () => {
    const states = (await listJobs(cluster.restUrl)).filter(({ id }) => names.has(id)).map(({ state }) => state);
    expect(states.filter((state) => state === 'FAILED').length).toBe(JOBS / 10);
    expect(states.filter((state) => state === 'FINISHED').length).toBe((JOBS * 9) / 10);
    expect(listJobFiles(cluster.jobManager).length).toBeGreaterThanOrEqual(JOBS);
    for (const worker of cluster.taskManagers) expect(listJobFiles(worker).length).toBeGreaterThan(JOBS / 4);
    for (const [id, says] of names) {
      const said = cluster.taskManagers.flatMap((worker) =>
        [...readJob(worker, id).matchAll(/ - (\S+) (?:logged|printed) \d+/g)].map((match) => match[1]),
      );
      expect([...new Set(said)]).toEqual([says]);
    }
  });

  it('holds open no file but that of the job that goes on', async () => {
    for (const process of processes()) {
      await waitFor(`idle files of the ${process.role} with ${process.logging} are closed`, 60_000, () => {
        const open = listOpenJobFiles(process.pid).filter((file) => file !== jobFile(process, witness));
        return Promise.resolve(open.length === 0 ? true : `${open.length} open`);
      });
      expect(countDescriptors(process.pid) - (before.get(process) ?? 0)).toBeLessThan(JOBS / 10);
    }
  });

  it('keeps no appender of a job that has ended', async () => {
    const java = await getJava(17);
    for (const { pid, logging } of processes()) {
      const { stdout: histogram } = await runCommand(join(java, 'bin', 'jcmd'), [String(pid), 'GC.class_histogram']);
      for (const name of APPENDERS[logging].classes) {
        const instances = Number(
          new RegExp(`^ *\\d+: +(\\d+) +\\d+ +${name.replaceAll('.', '\\.')}(?: |$)`, 'm').exec(histogram)?.[1],
        );
        expect(instances).toBeGreaterThanOrEqual(1);
        expect(instances).toBeLessThanOrEqual(APPENDERS[logging].max);
      }
    }
  });
});
