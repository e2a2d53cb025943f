// The log separation kit (docker/flink) on a real cluster: two jobs in one TaskManager, each with its own files.
// What users install is what is tested; only the idle time and the rotation size are made small, so that both show.
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packJobs } from './jobs.js';
import { describeWithParts } from './parts/describe-part.js';
import { startFlink, type FlinkCluster, type FlinkProcess } from './parts/flink.js';
import { waitFor } from './parts/process.js';

const KIT = fileURLToPath(new URL('../docker/flink/', import.meta.url));
const LINE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ +\S+ +\[(.*?)\] - /;

/** The daemons' file on the one version, the foreground's on the other: what both share is compared below. */
const KITS = [
  { version: '1.20', file: 'log4j.properties', hasConsole: false },
  { version: '2.3', file: 'log4j-console.properties', hasConsole: true },
] as const;

describe('the separation kit', () => {
  it('routes by job in the same way for daemons and for processes in the foreground', () => {
    const [daemon, foreground] = KITS.map(({ file }) => readFileSync(join(KIT, file), 'utf8').split('\n').filter((line) => /^(appender\.(main|router)|logger)\./.test(line)));

    expect(foreground).toEqual(daemon);
    expect(daemon?.length).toBeGreaterThan(30);
  });
});

for (const { version, file, hasConsole } of KITS) {
  describeWithParts([`flink-${version}`], `${file} on Flink ${version}`, () => {
    let cluster: FlinkCluster;
    let dir: string;
    const jobs: { id: string; says: string }[] = [];

    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'jobtrace-separation-'));
      const log4jProperties = join(dir, 'log4j.properties');
      writeFileSync(log4jProperties, shrinkKit(readFileSync(join(KIT, file), 'utf8')));
      cluster = await startFlink({
        version, dir: join(dir, 'cluster'), taskManagers: 1, logging: { log4jProperties },
        config: { 'taskmanager.numberOfTaskSlots': '2', 'taskmanager.system-out.mode': 'LOG' },
      });
      const jar = await packJobs(cluster.home, dir);
      const submitted = await Promise.all(['billing', 'shipping'].map((says) => cluster.runJar({
        jar, mainClass: 'com.acme.shop.CustomerTotals', args: ['--name', `${says}-totals`, '--say', says, '--per-second', '2000'],
      })));
      submitted.forEach(({ jobIds }, index) => jobs.push({ id: jobIds[0] ?? '', says: index === 0 ? 'billing' : 'shipping' }));
      await waitFor('both jobs have logged and printed, and a file was rotated', 60_000, () => {
        const missing = jobs.filter(({ id, says }) => !readJob(worker(), id).includes(`${says} printed `) || !existsSync(`${jobFile(worker(), id)}.1`));
        return Promise.resolve(missing.length === 0 ? true : `not yet: ${missing.map(({ says }) => says).join(', ')}; ${readdirSync(cluster.logDir).join(', ')}`);
      });
    }, 300_000);

    afterAll(async () => {
      await cluster.stop();
      rmSync(dir, { recursive: true, force: true });
    });

    const worker = (): FlinkProcess => {
      const [only] = cluster.taskManagers;
      if (only === undefined) throw new Error('The cluster has no TaskManager.');
      return only;
    };

    it("writes each job's lines, and no other's, into a file of its own in both processes", () => {
      for (const process of [worker(), cluster.jobManager]) {
        for (const { id } of jobs) {
          const owners = new Set(readJob(process, id).split('\n').flatMap((line) => LINE.exec(line)?.[1] ?? []));
          expect([...owners]).toEqual([id]);
        }
      }
    });

    it("puts user code's log lines and printed lines into its job's file", () => {
      const [billing, shipping] = jobs.map(({ id }) => readJob(worker(), id));

      expect(billing).toMatch(/ com\.acme\.shop\.CustomerTotals\$AddUp +\[[0-9a-f]{32}\] - billing added up \d+ orders\./);
      expect(billing).toMatch(/ - billing printed \d+/);
      expect(billing).not.toContain('shipping');
      expect(shipping).toMatch(/ - shipping printed \d+/);
      expect(shipping).not.toContain('billing');
    });

    it(hasConsole ? 'shows every line on the console with the id of its job' : 'leaves nothing of user code in the .out file', () => {
      const out = readFileSync(worker().outFile, 'utf8');

      for (const { id, says } of jobs) expect(out.includes(`[${id}] - ${says} printed `)).toBe(hasConsole);
      expect(out.includes('Loading configuration property: taskmanager.numberOfTaskSlots, 2')).toBe(hasConsole);
      expect(/^(billing|shipping) printed/m.test(out)).toBe(false);
    });

    it('keeps lines of the process itself, and only those without a job id, in the process log', () => {
      for (const process of [worker(), cluster.jobManager]) {
        const lines = readFileSync(process.logFile, 'utf8').split('\n');
        expect(lines.some((line) => / Starting (TaskManager|StandaloneSessionClusterEntrypoint) \(Version: /.test(line))).toBe(true);
        expect(lines.some((line) => line.includes('Loading configuration property: taskmanager.numberOfTaskSlots, 2'))).toBe(true);
        expect(lines.filter((line) => (LINE.exec(line)?.[1] ?? '') !== '')).toEqual([]);
        expect(lines.filter((line) => /added up|printed/.test(line))).toEqual([]);
      }
    });

    it("follows a task's whole life in its job's file", () => {
      const [{ id } = { id: '' }] = jobs;

      expect(readJob(worker(), id)).toContain('Received task ');
      expect(readJob(cluster.jobManager, id)).toContain('switched from state CREATED to RUNNING');
    });

    it('closes the file of a cancelled job once it has been idle, and keeps the running one open', async () => {
      const [billing = { id: '' }, shipping = { id: '' }] = jobs;
      expect(listOpenFiles(worker().pid)).toContain(jobFile(worker(), billing.id));

      await cluster.cancel(billing.id);

      await waitFor('the idle file is closed', 40_000, () => Promise.resolve(listOpenFiles(worker().pid).includes(jobFile(worker(), billing.id)) ? 'still open' : true));
      expect(listOpenFiles(worker().pid)).toContain(jobFile(worker(), shipping.id));
      expect(readJob(worker(), billing.id)).toContain('switched from CANCELING to CANCELED');
    });
  });
}

/** Idle after seconds instead of minutes, rotated at kilobytes instead of megabytes. */
function shrinkKit(text: string): string {
  const small = text.replace('timeToLive = 10', 'timeToLive = 4').replace('timeUnit = minutes', 'timeUnit = seconds').replace('size = 50MB', 'size = 20KB');
  expect(small).not.toBe(text);
  return small;
}

/** The name that docker/flink/README.md promises. */
function jobFile(process: FlinkProcess, jobId: string): string {
  return `${process.logFile}.job-${jobId}.log`;
}

/** All generations of a job's file in one process, the oldest first. */
function readJob(process: FlinkProcess, jobId: string): string {
  const name = basename(jobFile(process, jobId));
  const folder = process.logFile.slice(0, -basename(process.logFile).length);
  const generations = readdirSync(folder).filter((found) => found.startsWith(name)).sort((a, b) => rank(a) - rank(b));
  return generations.map((found) => readFileSync(join(folder, found), 'utf8')).join('');
}

/** log4j2 numbers closed files upwards: .1 is the oldest, the one without a number the newest. */
function rank(file: string): number {
  const number = /\.log\.(\d+)$/.exec(file)?.[1];
  return number === undefined ? Number.MAX_SAFE_INTEGER : Number(number);
}

function listOpenFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      return []; // closed between the listing and this look
    }
  });
}
