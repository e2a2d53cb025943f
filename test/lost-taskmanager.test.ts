// Tests which process died, and why, if no log says it. On a real cluster of two TaskManagers one is killed from
// outside, and the other one reports a lost connection. Then one dies of a full heap and says so only in its .out file.
// Both go through "jobtrace up"; each incident must show first what a person would have found after reading four logs.
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Diagnosis, Incident } from '../core/documents/incident.js';
import { packJobs } from '../lab/play/jobs.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import type { FlinkTaskManager } from '../lab/parts/services/flink.js';
import { waitUntil } from './program.js';
import { openSite, type Site } from './site.js';

const LOST = 'cluster.taskmanager-lost';
const HEAP = 'memory.heap-oom';
const RESTART = [
  '-Dparallelism.default=2',
  '-Drestart-strategy.type=fixed-delay',
  '-Drestart-strategy.fixed-delay.attempts=20',
  '-Drestart-strategy.fixed-delay.delay=3 s',
];

describeWithParts(['flink-1.20'], 'a TaskManager that dies', () => {
  let site: Site;
  let close: () => Promise<void> = () => Promise.resolve();
  let jar = '';

  beforeAll(async () => {
    // Each has one slot, so a job of parallelism 2 runs on both. A dead one is noticed after some five seconds, not
    // twenty.
    const config = {
      'taskmanager.numberOfTaskSlots': '1',
      'taskmanager.memory.process.size': '900m',
      'taskmanager.memory.managed.size': '64m',
      'heartbeat.interval': '2 s',
      'env.java.opts.taskmanager': '-XX:+ExitOnOutOfMemoryError',
    };
    ({ site, close } = await openSite(false, 'up', { taskManagers: 2, config, hasHealthyJob: false }));
    const dir = join(site.folder, 'jobs');
    mkdirSync(dir);
    jar = await packJobs(site.cluster.home, dir);
  });
  afterAll(() => close(), 120_000);

  describe('by kill -9', () => {
    let dead: FlinkTaskManager;
    let incident: Incident;
    let first: Diagnosis;

    beforeAll(async () => {
      const jobId = await startJob(site, jar, 'com.acme.shop.CustomerTotals', [
        '--name',
        'clickstream-sessions',
        '--say',
        'clicks',
        '--per-second',
        '1000',
      ]);
      // Both have received records, so records cross between them: the living one is connected to the one that dies.
      await waitForText(site.cluster.taskManagers, ' - clicks added up ', 2);
      dead = lastOf(site.cluster.taskManagers);
      expect(dead.signal('SIGKILL')).toBe(true);
      await waitForText([site.cluster.jobManager], `TaskManager with id ${dead.id} is no longer reachable`, 1);
      await site.cluster.addTaskManager();
      await site.cluster.waitForJob(jobId, 'RUNNING', 120_000);
      incident = await waitForIncident(
        site,
        jobId,
        (found) => found.diagnoses.en[0]?.cause === LOST && found.restarts > 0,
      );
      first = firstOf(incident);
      await site.cluster.cancel(jobId);
    });

    it('stands first on the card of the job, with the dead process by name', () => {
      expect(first.cause).toBe(LOST);
      expect(first.symptom).toBe(false);
      expect(first.title).toContain(dead.id);
      expect(incident.job?.name).toBe('clickstream-sessions');
    });

    it('is told by its last line, and that it logged no end of its own', () => {
      const lastLine = lastLineOf(dead.logFile);
      const [reason] = first.reasons;

      expect(reason?.id).toBe('killed');
      expect(reason?.text).toContain('killed from outside');
      expect(reason?.text).toContain(lastLine);
      expect(incident.diagnoses.zh[0]?.reasons[0]?.text).toContain(lastLine);
    });

    it('has the lost connection and the restart below it', () => {
      const below = incident.diagnoses.en.slice(1);

      expect(below.filter(({ symptom }) => !symptom)).toEqual([]);
      // The result depends on what was in progress.
      expect(below.map(({ rule }) => rule).join(' ')).toMatch(
        /cluster\.taskmanager-lost\/connection-closed|network\.connection-reset\//,
      );
      expect(below.flatMap(({ evidence }) => evidence.map(({ text }) => text)).join('\n')).toContain(dead.id);
      expect(incident.restarts).toBeGreaterThan(0);
      expect(incident.unknown).toEqual([]);
    });

    it('is one card, of the lost TaskManager, with the job on it', async () => {
      // Agents check processes only every few seconds, so the job's own lines may be evaluated before.
      const incidents = await waitUntil('the card of the TaskManager', async () => {
        const all = await site.incidents();
        return all.some(({ parent }) => parent !== undefined) ? all : undefined;
      });
      const top = incidents.filter(({ parent }) => parent === undefined);
      const below = incidents.filter(({ parent }) => parent !== undefined);

      expect(top.map(({ ending }) => ending?.kind)).toEqual(['taskmanager-lost']);
      expect(below.map(({ id, parent }) => [id, parent])).toEqual([[incident.id, top[0]?.id]]);
    });
  });

  describe('of a full heap, said in its .out file alone', () => {
    let dead: FlinkTaskManager;
    let incident: Incident;
    let first: Diagnosis;

    beforeAll(async () => {
      const jobId = await startJob(site, jar, 'com.acme.shop.CustomerProfiles', ['--one-subtask', 'true']);
      const living = site.cluster.taskManagers.filter((worker) => worker.isAlive());
      dead = await waitUntil('a TaskManager to die', () => living.find((worker) => !worker.isAlive()), {
        deadlineMs: 150_000,
      });
      await waitForText([site.cluster.jobManager], `TaskManager with id ${dead.id} is no longer reachable`, 1);
      incident = await waitForIncident(
        site,
        jobId,
        (found) => found.diagnoses.en[0]?.cause === HEAP && found.diagnoses.en.some(({ cause }) => cause === LOST),
      );
      first = firstOf(incident);
      await site.cluster.cancel(jobId);
    });

    it('is the cause, with the line of the .out file', () => {
      expect(readFileSync(dead.logFile, 'utf8')).not.toContain('java.lang.OutOfMemoryError');
      expect(first.cause).toBe(HEAP);
      expect(first.symptom).toBe(false);
      expect(first.evidence.map(({ file, text }) => [basename(file), text.split('\n', 1)[0]])).toContainEqual([
        basename(dead.outFile),
        'Terminating due to java.lang.OutOfMemoryError: Java heap space',
      ]);
      expect(incident.job?.name).toBe('customer-profiles');
    });

    it('explains the lost TaskManager, which stands below', () => {
      const lost = incident.diagnoses.en.filter(({ cause }) => cause === LOST);

      expect(lost.length).toBeGreaterThan(0);
      expect(incident.diagnoses.en.slice(1).filter(({ symptom }) => !symptom)).toEqual([]);
      expect(first.explains).toContain(LOST);
    });
  });
});

async function startJob({ cluster }: Site, jar: string, mainClass: string, args: readonly string[]): Promise<string> {
  const { jobIds, stderr } = await cluster.runJar({ jar, mainClass, args, options: RESTART });
  const [jobId = ''] = jobIds;
  expect(jobId, stderr).not.toBe('');
  return jobId;
}

/** Waits until the text is in the logs of this many of the processes. */
async function waitForText(
  processes: readonly { readonly logFile: string }[],
  text: string,
  count: number,
): Promise<void> {
  const hits = (): number => processes.filter(({ logFile }) => readFileSync(logFile, 'utf8').includes(text)).length;
  await waitUntil(`"${text}"`, () => (hits() >= count ? true : undefined), { deadlineMs: 120_000, saw: hits });
}

async function waitForIncident(site: Site, jobId: string, isReady: (incident: Incident) => boolean): Promise<Incident> {
  let seen: readonly unknown[] = [];
  return waitUntil(
    'the incident',
    async () => {
      const incidents = await site.incidents();
      seen = incidents.map((incident) => [
        incident.job?.name,
        incident.process,
        incident.restarts,
        incident.diagnoses.en.map(({ rule, symptom }) => `${rule}${symptom ? ' (symptom)' : ''}`),
        incident.unknown.map(({ chain }) => chain),
      ]);
      return incidents.find((incident) => incident.job?.id === jobId && isReady(incident));
    },
    { deadlineMs: 90_000, saw: () => [seen, site.service('up').stderr()] },
  );
}

function firstOf(incident: Incident): Diagnosis {
  const [first] = incident.diagnoses.en;
  if (first === undefined) throw new Error('the incident has no diagnosis');
  return first;
}

function lastOf(workers: readonly FlinkTaskManager[]): FlinkTaskManager {
  const worker = workers[workers.length - 1];
  if (worker === undefined) throw new Error('the cluster has no TaskManager');
  return worker;
}

/** Returns the first line of the last entry, as people read it. */
function lastLineOf(file: string): string {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^\d{4}-\d\d-\d\d /.test(line));
  return lines[lines.length - 1] ?? '';
}
