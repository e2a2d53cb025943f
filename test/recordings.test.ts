// Runs every recording of the lab through the real agent. What it reads, splits and parses must equal the recording's
// manifest and the bytes themselves; what the analyzer finds in the store must equal what is found in the files; and a
// search for the failed job must find its lines. A plain pattern, not the splitter, decides where an entry begins.
import { copyFileSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { listSignalWords } from '../analyzer/catalog/signal-words.js';
import { FACT_TYPES } from '../analyzer/topology/meaning.js';
import { FIELD_ROWS } from '../core/record.js';
import type { LogRecord, Source } from '../core/types.js';
import type { Fact } from '../flink/facts/fact.js';
import { readFacts, readJarVersion } from '../flink/facts/facts.js';
import { parseEntry } from '../flink/layout/layout.js';
import { RECORDINGS_DIR, listRecordings, loadManifest, type Manifest } from '../lab/play/manifest.js';
import type { Store } from '../store/store.js';
import { openAgentFixture, type AgentFixture } from './agent-fixture.js';
import { findLines } from './job-lines.js';
import { judgeFiles, judgeStore } from './shipped.js';

const DATED = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[,.]\d{3} /;

const words = listSignalWords(loadCatalog());
let fixture: AgentFixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

/** Fields of all records that were read from the store. */
const written = new Set<string>();
/** Types of all facts in these records. */
const stated = new Set<string>();
/** Counts over all recordings: those with a failed job, those with other jobs as well, and lines of evidence. */
const looked = { jobs: 0, beside: 0, evidence: 0 };

describe('the agent reads the recording', () => {
  it.each(listRecordings())('%s', async (folder) => {
    const dir = join(RECORDINGS_DIR, folder);
    const manifest = loadManifest(dir);
    fixture = openAgentFixture({
      undecidedFlushMs: 1_000,
      words,
      paths: manifest.processes.flatMap(({ files }) => files).map((file) => join(dir, file)),
    });
    await fixture.poll(3);
    await fixture.agent.flush();
    const records = await fixture.records();
    noteFields(records);

    for (const { name, files } of manifest.processes)
      for (const file of files)
        checkFile(
          join(dir, file),
          records.filter((record) => basename(record['log.file.path']) === file),
          name,
        );
    checkProcesses(manifest, records);
    checkFacts(manifest, records);
    expect(await judgeStore(fixture.store)).toEqual(
      judgeFiles(manifest.processes.flatMap(({ files }) => files).map((file) => join(dir, file))),
    );
    await checkLines(manifest, records, fixture.store);
  });
});

// This test comes last, because it checks what all tests above have read.
describe('the table of fields', () => {
  it('is what the agent writes, no more and no less, over all recordings and where YARN and Kubernetes keep logs', async () => {
    fixture = openAgentFixture({ words });
    const [recording = ''] = listRecordings();
    const log = join(RECORDINGS_DIR, recording, 'flink-flink-taskexecutor-0-node-1.log');
    for (const place of [
      'application_1700000000000_0042/container_1700000000000_0042_01_000002/taskmanager.log',
      'pods/flink_orders-taskmanager-1-1_0b5d4f3e/flink-main-container/0.log',
    ]) {
      mkdirSync(dirname(join(fixture.logs, place)), { recursive: true });
      copyFileSync(log, join(fixture.logs, place));
    }
    await fixture.poll(3, 2000);
    noteFields(await fixture.records());

    expect([...written].sort()).toEqual(FIELD_ROWS.map((row) => row.name).sort());
  });
});

describe('a search for the job that failed', () => {
  it('was tried on many, and on some beside healthy jobs', () => {
    expect(looked.jobs).toBeGreaterThan(100);
    expect(looked.beside).toBeGreaterThan(5);
    expect(looked.evidence).toBeGreaterThan(500);
  });
});

describe('the types of facts', () => {
  it('are those that the recordings state: each has rows that read it', () => {
    expect([...stated].sort()).toEqual([...FACT_TYPES].sort());
  });
});

/** Checks that a search by id and by name finds each line that the diagnosis shows, and none of a healthy neighbour. */
async function checkLines(manifest: Manifest, records: readonly LogRecord[], store: Store): Promise<void> {
  const found = await findLines(manifest, records, store);
  if (found === undefined) return;
  const { evidence, ...wrong } = found;
  expect(wrong).toEqual({ missedById: [], missedByName: [], neighbours: [], onlyById: [] });
  looked.jobs += 1;
  looked.beside += manifest.jobs.some(({ name }) => name !== manifest.jobs[0]?.name) ? 1 : 0;
  looked.evidence += evidence;
}

function noteFields(records: readonly LogRecord[]): void {
  for (const record of records) for (const field of Object.keys(record)) written.add(field);
}

/**
 * Checks that every byte is in exactly one record, or is a line break or a blank line between two; an entry with its
 * whole trace is one record.
 */
function checkFile(path: string, records: readonly LogRecord[], name: string): void {
  const text = readFileSync(path, 'utf8');
  const bytes = Buffer.from(text);
  const ordered = [...records].sort((a, b) => a['log.offset'] - b['log.offset']);
  let end = 0;
  for (const record of ordered) {
    expect(dropGaps(bytes.subarray(end, record['log.offset'])), `${path}: bytes between records`).toBe('');
    end = record['log.offset'] + record['jobtrace.length'];
    if (record['jobtrace.flags'] === undefined)
      expect(bytes.subarray(record['log.offset'], end).toString(), path).toBe(record['event.original']);
  }
  expect(dropGaps(bytes.subarray(end)), `${path}: bytes after the last record`).toBe('');
  expect(statSync(path).size, `${path} of ${name}`).toBe(bytes.length);
  if (!/\.log(\.job-[0-9a-f]{32}\.log)?(\.\d+)?$/.test(path) || path.endsWith('.gc.log')) return;
  const starts = text.split('\n').filter((line) => DATED.test(line)).length;
  const dated = ordered.filter((record) => DATED.test(record['event.original']));
  expect(dated.length, `${path}: one record for each entry`).toBe(starts);
  expect(
    ordered
      .slice(1)
      .filter((record) => !DATED.test(record['event.original']))
      .map((record) => record['event.original']),
    `${path}: no part of an entry stands alone`,
  ).toEqual([]);
}

/** Removes what may be between entries: line breaks, blank lines, the NULs of a hole. */
function dropGaps(bytes: Buffer): string {
  return bytes.toString().replaceAll('\0', '').trim();
}

/** Checks that all files of a process, and no others, have its name. */
function checkProcesses({ processes }: Manifest, records: readonly LogRecord[]): void {
  const groups = new Map<string, Set<string>>();
  for (const record of records)
    groups.set(
      record['jobtrace.process'],
      (groups.get(record['jobtrace.process']) ?? new Set()).add(basename(record['log.file.path'])),
    );
  const written = new Set(records.map((record) => basename(record['log.file.path'])));
  const expected = processes
    .map(({ files }) => files.filter((file) => written.has(file)).sort())
    .filter((files) => files.length > 0);
  expect([...groups.values()].map((files) => [...files].sort()).sort()).toEqual(expected.sort());
}

/** Checks version, options, resource ids and the states of jobs against the manifest. */
function checkFacts(manifest: Manifest, records: readonly LogRecord[]): void {
  for (const { name, files, resourceId } of manifest.processes.filter((process) =>
    /^(job|task)manager/.test(process.name),
  )) {
    const facts = readAllFacts(records.filter((record) => files.includes(basename(record['log.file.path']))));
    if (!facts.some((fact) => fact.type === 'process-start')) continue; // it died in its start script
    const versions = facts.flatMap((fact) => (fact.type === 'version' ? [fact.version] : []));
    expect([...new Set(versions)], `${name}: version`).toEqual([manifest.flink]);
    const ids = facts.flatMap((fact) => (fact.type === 'process-id' ? [fact.resourceId] : []));
    if (resourceId !== undefined) expect(ids, `${name}: resource id`).toContain(resourceId);
    if (name !== 'jobmanager') continue;
    const options = new Map(
      facts.flatMap((fact) => (fact.type === 'option' && !fact.dynamic ? [[fact.key, fact.value] as const] : [])),
    );
    // Flink itself or the agent masks what may be a secret.
    for (const [key, value] of Object.entries(manifest.cluster.config))
      if (!/^\*+$/.test(options.get(key) ?? '')) expect(options.get(key), `${name}: ${key}`).toBe(value);
  }
  for (const { id, states } of manifest.jobs) expect(listStates(records, id), `states of job ${id}`).toEqual(states);
  for (const record of records) {
    const job = /\.job-([0-9a-f]{32})\.log/.exec(record['log.file.path'])?.[1];
    if (job !== undefined) expect(record['flink.job.id']).toBe(job);
  }
}

function listStates(records: readonly LogRecord[], jobId: string): string[] {
  const ordered = [...records].sort((a, b) =>
    a['@timestamp'] < b['@timestamp'] ? -1 : a['@timestamp'] > b['@timestamp'] ? 1 : 0,
  );
  const changes = readAllFacts(ordered).flatMap((fact) =>
    fact.type === 'job-state' && fact.jobId === jobId && fact.from !== 'UNKNOWN' ? [fact] : [],
  );
  const [first] = changes;
  return first === undefined ? [] : [first.from, ...changes.map(({ to }) => to)];
}

function readAllFacts(records: readonly LogRecord[]): Fact[] {
  const facts = records.flatMap((record) => {
    const source: Source = {
      path: record['log.file.path'],
      component: record['flink.component'] ?? 'unknown',
      kind: record['jobtrace.kind'],
      process: record['jobtrace.process'],
      host: record['host.name'],
      cluster: record['flink.cluster'],
    };
    const parsed = parseEntry(Buffer.from(record['event.original']));
    return [...readFacts(parsed, source), ...readJarVersion(parsed)];
  });
  for (const fact of facts) stated.add(fact.type);
  return facts;
}
