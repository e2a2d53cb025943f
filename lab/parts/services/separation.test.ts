// Tests the log separation kit (docker/flink) on real clusters of every version: two jobs, both in each TaskManager,
// and processes that differ in logging library and deployment layout. The tested files are those that users install
// (kit.ts lists the reduced limits). Each cluster has both libraries, so that four clusters show all eight
// combinations.
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEntry } from '../../../flink/layout/layout.js';
import { describeFile } from '../../../flink/layout/names.js';
import { describeWithParts } from '../testing/describe-part.js';
import { cancelJob, waitForJobState } from './rest.js';
import { waitFor } from '../process.js';
import { startSeparated, type SeparatedCluster, type SeparatedProcess } from './kit-cluster.js';
import {
  jobFile,
  listEntries,
  listJobFiles,
  listNaming,
  listOpenJobFiles,
  readJob,
  readOwners,
  readProcessLog,
} from './files.js';
import { KIT, hasJobIds } from './kit.js';

const log4j = 'log4j',
  logback = 'logback',
  standalone = 'standalone',
  kubernetes = 'kubernetes',
  yarn = 'yarn';
const CLUSTERS = [
  {
    version: '2.3',
    jobManager: { logging: log4j, layout: kubernetes },
    taskManagers: [
      { logging: log4j, layout: kubernetes },
      { logging: logback, layout: yarn },
    ],
  },
  {
    version: '1.20',
    jobManager: { logging: logback, layout: standalone },
    taskManagers: [
      { logging: log4j, layout: standalone },
      { logging: logback, layout: kubernetes },
    ],
  },
  {
    version: '1.17',
    jobManager: { logging: log4j, layout: yarn },
    taskManagers: [
      { logging: log4j, layout: yarn },
      { logging: logback, layout: standalone },
    ],
  },
  {
    version: '1.13',
    jobManager: { logging: logback, layout: kubernetes },
    taskManagers: [
      { logging: log4j, layout: standalone },
      { logging: logback, layout: kubernetes },
    ],
  },
] as const;

/**
 * Messages that name a job and still stay in the process log, from 1.20 on, without the kit's jar;
 * docs/flink-log-separation.md lists them.
 */
const STAYS: readonly RegExp[] = [
  /^Job [0-9a-f]{32} is submitted\.$/,
  /^Submitting Job with JobId=/,
  /^(Received application submission|Submitting application|Application) '?SingleJobApplication\(/,
  /^Archiving application \([0-9a-f]{32}\)/,
  /^(Registering job manager|Disconnect job manager|Starting allocation of slot) .* for job /,
  /^Successful registration at job manager .* for job /,
  /^(Establish|Close) JobManager connection for job /,
  /^Offer reserved slots to the leader of job /,
  /^Free slot TaskSlot\(/,
];

describe('the files of the kit', () => {
  it('route by job in the same way for daemons and for processes in the foreground', () => {
    const read = (file: string, part: RegExp): string[] =>
      readFileSync(join(KIT, file), 'utf8')
        .split('\n')
        .filter((line) => part.test(line));
    const log4jPart = /^(appender\.(main|router)|logger)\./;
    const logbackPart =
      /<(property|include|discriminator|key|timeout|file|append>|rollingPolicy|fileNamePattern|maxIndex|maxFileSize|logger) /;

    expect(read('log4j-console.properties', log4jPart)).toEqual(read('log4j.properties', log4jPart));
    expect(read('log4j.properties', log4jPart).length).toBeGreaterThan(30);
    expect(read('logback-console.xml', logbackPart)).toEqual(read('logback.xml', logbackPart));
    expect(read('logback.xml', logbackPart).length).toBeGreaterThan(10);
  });
});

for (const { version, ...shapes } of CLUSTERS) {
  describeWithParts([`flink-${version}`, 'logback'], `the separation kit on Flink ${version}`, () => {
    let cluster: SeparatedCluster;
    let dir: string;
    let stop = (): Promise<void> => Promise.resolve();
    const jobs: { id: string; says: string }[] = [];

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'jobtrace-separation-'));
      cluster = await startSeparated({ version, dir, ...shapes });
      stop = cluster.stop;
      for (const says of ['billing', 'shipping']) {
        const id = await cluster.runJob(says);
        jobs.push({ id, says });
        await waitForJobState(cluster.restUrl, id, 'RUNNING', 90_000, () => '');
      }
      await waitFor('both jobs have logged and printed in each TaskManager, and a file was rotated', 120_000, () => {
        const missing = jobs.flatMap(({ id, says }) =>
          cluster.taskManagers
            .filter((worker) => !existsSync(`${jobFile(worker, id)}.1`))
            .map(({ logging }) => `${says} with ${logging}`),
        );
        return Promise.resolve(
          missing.length === 0
            ? true
            : `not yet: ${missing.join(', ')}; ${cluster.taskManagers.map(({ logFile }) => readdirSync(dirname(logFile)).join(', ')).join('; ')}`,
        );
      });
    }, 480_000);

    afterAll(async () => {
      await stop();
      if (process.env['KEEP'] === undefined) rmSync(dir, { recursive: true, force: true });
    });

    const processes = (): SeparatedProcess[] => [cluster.jobManager, ...cluster.taskManagers];

    it("writes each job's lines, and no other's, into a file of its own in every process", () => {
      for (const process of processes()) {
        for (const { id } of jobs) expect([...readOwners(readJob(process, id))]).toEqual([id]);
      }
    });

    it("puts user code's log lines and printed lines into its job's file", () => {
      for (const worker of cluster.taskManagers) {
        for (const { id, says } of jobs) {
          const text = readJob(worker, id);
          expect(text).toMatch(new RegExp(`${says} logged \\d+ orders`));
          expect(text).toMatch(new RegExp(` - ${says} printed \\d+\n`));
          expect(text).not.toContain(says === 'billing' ? 'shipping' : 'billing');
        }
      }
    });

    it('keeps lines of the process itself, and only those without a job id, in the process log', () => {
      for (const process of processes()) {
        const text = readProcessLog(process);
        expect(text).toMatch(/ Starting \S.*\(Version: /);
        expect(text).toMatch(/Loading configuration property: taskmanager\.numberOfTaskSlots, "?2/);
        expect([...readOwners(text)]).toEqual(['']);
        expect(
          listEntries(text).filter((line) => / (billing|shipping) (logged|printed|complained)/.test(line)),
        ).toEqual([]);
      }
    });

    it('leaves lines that name a job in the process log only where the documentation says so', () => {
      const known = hasJobIds(version) ? STAYS : [];

      const naming = processes().flatMap((process) =>
        listNaming(
          readProcessLog(process),
          jobs.map(({ id }) => id),
        ),
      );

      expect(
        naming.filter(({ message }) => !known.some((form) => form.test(message))).map(({ message }) => message),
      ).toEqual([]);
    });

    it('shows every line with its job on the console where there is one, and nothing of user code in .out and .err elsewhere', () => {
      for (const { layout, outFile, errFile } of cluster.taskManagers) {
        const out = readFileSync(outFile, 'utf8') + (errFile === undefined ? '' : readFileSync(errFile, 'utf8'));
        const dated = listEntries(out).map((line) => parseEntry(Buffer.from(line)));
        for (const { id, says } of jobs) {
          expect(dated.some(({ jobId, message }) => jobId === id && message.startsWith(`${says} printed `))).toBe(
            layout === kubernetes,
          );
        }
        expect(/^(billing|shipping) (printed|complained)/m.test(out)).toBe(false);
      }
    });

    it('gives files that the agent takes for what they are', () => {
      for (const process of processes()) {
        const own = describeFile(process.logFile);
        for (const file of listJobFiles(process)) {
          const read = describeFile(file);
          expect(jobs.map(({ id }) => id)).toContain(read.jobId);
          expect(read).toMatchObject({
            kind: 'log',
            component: process.role,
            processKey: own.processKey,
            rotated: /\.\d$/.test(basename(file)),
          });
        }
      }
    });

    it("follows a task's whole life in its job's files", () => {
      const [{ id } = { id: '' }] = jobs;

      expect(readJob(cluster.jobManager, id)).toMatch(
        / Job '?billing'? \([0-9a-f]{32}\) switched from state CREATED to RUNNING/,
      );
      expect(readJob(cluster.jobManager, id)).toMatch(/ \([0-9a-f_]+\) switched from CREATED to SCHEDULED/);
      expect(readJob(cluster.jobManager, id)).toMatch(/Completed checkpoint 1 /);
      for (const worker of cluster.taskManagers) {
        expect(readJob(worker, id)).toMatch(/Received task .* deploy into slot/);
        expect(readJob(worker, id)).toMatch(/ switched from CREATED to DEPLOYING/);
        expect(readJob(worker, id)).toMatch(/ switched from INITIALIZING to RUNNING/);
      }
    });

    it("puts what a thread of user code's own logs into the job's file where the kit's jar is, and leaves it in the process log elsewhere", () => {
      for (const worker of cluster.taskManagers) {
        const withJar = existsSync(join(worker.libDir, 'jobtrace-job-id.jar'));
        for (const { id, says } of jobs) {
          expect(readJob(worker, id).includes(`${says} speaks aside.`)).toBe(withJar);
          expect(readProcessLog(worker).includes(`${says} speaks aside.`)).toBe(!withJar);
        }
      }
    });

    it('closes the files of a cancelled job once they have been idle, and keeps those of the running one open', async () => {
      const [billing = { id: '' }, shipping = { id: '' }] = jobs;
      for (const worker of cluster.taskManagers)
        expect(listOpenJobFiles(worker.pid)).toContain(jobFile(worker, billing.id));

      await cancelJob(cluster.restUrl, billing.id);

      await waitFor('the idle files are closed', 55_000, () => {
        const open = processes().filter((process) =>
          listOpenJobFiles(process.pid).includes(jobFile(process, billing.id)),
        );
        return Promise.resolve(
          open.length === 0 ? true : `still open: ${open.map(({ role, logging }) => `${role} ${logging}`).join(', ')}`,
        );
      });
      for (const worker of cluster.taskManagers) {
        // A machine that is so busy that the job logs nothing for that long also closes the file, until the next line.
        await waitFor('the file of the running job is open', 55_000, () =>
          Promise.resolve(listOpenJobFiles(worker.pid).includes(jobFile(worker, shipping.id)) || 'closed'),
        );
        expect(readJob(worker, billing.id)).toContain('switched from CANCELING to CANCELED');
      }
    });
  });
}
