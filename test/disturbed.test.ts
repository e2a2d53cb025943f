// Tests the promise "nothing lost, nothing twice" on real parts: while a real Flink job fails and restarts, log4j
// rotates the files every few seconds, agent and analyzer are killed again and again, and Elasticsearch is killed and
// stays down for a while. At the end each entry of each log file is in the store exactly once, byte for byte, and the
// incidents equal those of the undisturbed offline engine on the same logs. The schedule comes from a printed seed;
// DISTURB_SEED=<number> repeats it.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { diagnose } from '../analyzer/incident/diagnose.js';
import { readEntries } from '../analyzer/input/read.js';
import type { Diagnosis, Incident } from '../core/documents/incident.js';
import type { LogRecord } from '../core/types.js';
import { packJobs } from '../lab/play/jobs.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { disturb, planDisturbances, type Blow } from './disturbance.js';
import { compareEntries, listEntries } from './ledger.js';
import { waitUntil } from './program.js';
import { KIT, openSite, type Site } from './site.js';

const CAUSE = 'network.insufficient-buffers';
const RESTARTS = 4;
const SEED = Number(process.env['DISTURB_SEED'] ?? Date.now() % 1_000_000);

describeWithParts(['flink-1.20', 'elasticsearch-8'], 'a disturbed installation', () => {
  let folder: string;
  let site: Site;
  let close: () => Promise<void> = () => Promise.resolve();
  let failedId = '';
  let blows: readonly Blow[] = [];
  let records: readonly LogRecord[] = [];
  let expected: ReadonlyMap<string, number>;

  beforeAll(async () => {
    const plan = planDisturbances(SEED);
    console.log(
      `seed ${SEED}: ${plan.map(({ target, atMs, downMs }) => `${target} at ${atMs} for ${downMs} ms`).join(', ')}`,
    );
    folder = mkdtempSync(join(tmpdir(), 'jobtrace-disturbed-'));
    const log4jProperties = join(folder, 'log4j.properties');
    writeFileSync(log4jProperties, makeRestless(readFileSync(join(KIT, 'log4j.properties'), 'utf8')));
    ({ site, close } = await openSite(true, 'elasticsearch', {
      hasOwnElasticsearch: true,
      log4jProperties,
      config: { 'heartbeat.interval': '250 ms' },
      hasHealthyJob: false,
    }));
    [blows, failedId] = await Promise.all([disturb(site, plan), runJobs(site, folder)]);
    await endCluster(site);
    // No file changes after this point.
    expected = listEntries(site.cluster.logDir);
    await waitUntil(
      'the store to hold what the files hold',
      async () => {
        records = await site.search('');
        return compareEntries(records, expected).length === 0 ? true : undefined;
      },
      {
        deadlineMs: 180_000,
        saw: () => ({
          records: records.length,
          differences: compareEntries(records, expected).slice(0, 10),
          agent: site.service('agent').stderr().slice(-2000),
        }),
      },
    );
  }, 600_000);
  afterAll(async () => {
    await close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('was disturbed: files were rotated, the store was away, programs were killed', () => {
    const rotated = readdirSync(site.cluster.logDir).filter((name) => /\.log\.\d+$/.test(name));

    expect(rotated.filter((name) => name.includes('.job-')).length).toBeGreaterThan(10);
    expect(rotated.filter((name) => !name.includes('.job-')).length).toBeGreaterThan(2);
    expect(new Set(blows.map(({ target }) => target)).size).toBe(3);
    expect(site.service('agent').stderr() + site.service('analyzer').stderr()).toContain('JT_STORE_UNREACHABLE');
  });

  it('has every entry of every file exactly once, byte for byte', () => {
    console.log(`${records.length} entries of ${readdirSync(site.cluster.logDir).length} files`);
    expect(compareEntries(records, expected)).toEqual([]);
    expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
    expect(records.length).toBeGreaterThan(2000);
  });

  it('has the incidents of the undisturbed engine', async () => {
    const undisturbed = diagnose(readEntries([site.cluster.logDir]), loadCatalog(), {
      // Nothing names the cluster, so a shared store names it after its node.
      cluster: hostname(),
      zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }).map(essence);
    let seen: readonly Essence[] = [];
    // The comparison below shows the difference if the time runs out.
    await waitUntil(
      'the same incidents',
      async () => {
        seen = (await site.incidents()).map(essence);
        return isDeepStrictEqual(seen.map(withoutId), undisturbed.map(withoutId)) ? true : undefined;
      },
      { deadlineMs: 90_000 },
    ).catch(() => undefined);

    expect(seen.map(withoutId)).toEqual(undisturbed.map(withoutId));
    const [incident] = undisturbed;
    expect(undisturbed).toHaveLength(1);
    expect(incident).toMatchObject({
      job: { id: failedId, name: 'order-dimensions' },
      restarts: RESTARTS,
      outcome: 'failed',
    });
    expect(incident?.attempts).toHaveLength(RESTARTS + 1);
    expect(incident?.diagnoses[0]).toMatchObject({ cause: CAUSE, symptom: false });
    expect(incident?.diagnoses[0]?.patches.some((patch) => patch['taskmanager.memory.network.min'] !== undefined)).toBe(
      true,
    );
  });

  it('told the webhook once, or once more where the analyzer died before it could write that down', async () => {
    const listNews = () => site.receiver.received.filter(({ body }) => reasonOf(body) === 'new-incident');
    await waitUntil('the message', () => (listNews().length > 0 ? true : undefined), { deadlineMs: 60_000 });
    const news = listNews();
    const excuses = blows.filter(
      ({ pendingAlerts, deadAt }) => pendingAlerts !== 0 && news.some(({ at }) => at <= deadAt),
    );

    console.log(`${news.length} message(s) about the new incident, ${excuses.length} could be sent again`);
    const said = news.map(
      ({ at, headers, body }) =>
        `${new Date(at).toISOString()} ${headers['webhook-id']} ${JSON.stringify(body['data']).slice(0, 1500)}`,
    );
    expect(news.length, [JSON.stringify(blows), ...said].join('\n')).toBeLessThanOrEqual(1 + excuses.length);
    // A repeated message has the same id, by which a receiver recognizes it; the incident may have grown in between.
    expect(new Set(news.map(({ headers }) => headers['webhook-id'])).size, said.join('\n')).toBe(1);
  });
});

/** Loggers at DEBUG, so that the process logs grow as well. */
const TALKATIVE = ['checkpoint', 'heartbeat', 'taskexecutor', 'resourcemanager'];

/**
 * Makes the files small, so that they are rotated all the time and none is deleted. A process's first file holds its
 * whole start.
 */
function makeRestless(text: string): string {
  const small = text
    .replace('size = 100MB', 'size = 48KB')
    .replace('size = 50MB', 'size = 24KB')
    .replace(/max = \$\{env:MAX_\w+:-\d+\}/g, 'max = 900');
  expect([...small.matchAll(/size = (?:48|24)KB|max = 900/g)]).toHaveLength(4);
  return `${small}\n${TALKATIVE.map((name) => `logger.${name}.name = org.apache.flink.runtime.${name}\nlogger.${name}.level = DEBUG\n`).join('')}`;
}

/**
 * Runs a healthy job that writes much, and one that cannot get its buffers; returns the id of the second one when it
 * has ended.
 */
async function runJobs({ cluster }: Site, folder: string): Promise<string> {
  const dir = join(folder, 'jobs');
  mkdirSync(dir);
  const jar = await packJobs(cluster.home, dir);
  const healthy = await cluster.runJar({
    jar,
    mainClass: 'com.acme.shop.CustomerTotals',
    args: ['--name', 'shop-totals', '--say', 'shop', '--per-second', '4000'],
    options: ['-Dexecution.checkpointing.interval=500ms'],
  });
  expect(healthy.code, healthy.stderr).toBe(0);
  // Each client overwrites the log of the one before; the rename keeps lines that the agent could not have read.
  for (const name of readdirSync(cluster.logDir).filter((item) => /-client-.*\.log$/.test(item)))
    renameSync(join(cluster.logDir, name), join(cluster.logDir, `${name}.1`));
  const failing = await cluster.runJar({
    jar,
    mainClass: 'com.acme.shop.OrderDimensions',
    args: ['--dimensions', '8'],
    options: [
      '-Dparallelism.default=16',
      '-Drestart-strategy.type=fixed-delay',
      `-Drestart-strategy.fixed-delay.attempts=${RESTARTS}`,
      '-Drestart-strategy.fixed-delay.delay=8 s',
    ],
  });
  const [id = ''] = failing.jobIds;
  expect(id, failing.stderr).not.toBe('');
  await cluster.waitForJob(id, 'FAILED', 180_000);
  return id;
}

async function endCluster({ cluster }: Site): Promise<void> {
  for (const job of await cluster.jobs()) {
    if (job.state !== 'RUNNING') continue;
    await cluster.cancel(job.id);
    await cluster.waitForJob(job.id, 'CANCELED');
  }
  await cluster.stop();
}

interface Essence extends Omit<Incident, 'diagnoses' | 'unknown'> {
  readonly diagnoses: readonly (Omit<Diagnosis, 'evidence' | 'fixes'> & {
    readonly evidence: readonly string[];
    readonly patches: readonly Readonly<Record<string, string>>[];
  })[];
  readonly unknown: readonly (readonly string[])[];
}

/**
 * Returns an incident without the places of its lines, which are ids and times in a store but lines in files. Undefined
 * values have no key, as in the store.
 */
function essence(incident: Incident): Essence {
  const stored = JSON.parse(JSON.stringify(incident)) as Incident;
  return {
    ...stored,
    processes: incident.processes.map(withoutHost),
    diagnoses: incident.diagnoses.en.map(({ evidence, fixes, values, ...rest }) => {
      const { file, process = '', ...others } = values;
      void file;
      return {
        ...rest,
        values: { ...others, process: withoutHost(process) },
        evidence: evidence.map(({ text }) => text),
        patches: fixes.map(({ patch }) => patch),
      };
    }),
    unknown: incident.unknown.map(({ chain }) => chain),
  };
}

/** Removes the host, which the agent adds to a path. */
function withoutHost(process: string): string {
  return process.replace(/^[^/]*:\//, '/');
}

/**
 * Removes the id. It comes from the run that failed first, or from the job alone if a TaskManager's lines came before
 * the JobManager's.
 */
function withoutId({ id, ...rest }: Essence): Omit<Essence, 'id'> {
  void id;
  return rest;
}

function reasonOf(body: Readonly<Record<string, unknown>>): unknown {
  return (body['data'] as { reason?: string } | undefined)?.reason;
}
