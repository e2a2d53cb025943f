import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSkimmer } from '../../flink/layout/skim.js';
import { loadCatalog } from './catalog.js';
import { JOB_A, JOB_B, makeCatalog } from '../testing/samples.js';
import { wantedBy } from './wanted.js';

const HEAD = '2026-01-01 00:00:00,000 INFO  org.apache.flink.runtime.checkpoint.CheckpointCoordinator [] - ';

const GRAPH = HEAD.replace(/org.*Coordinator/, 'org.apache.flink.runtime.executiongraph.ExecutionGraph      ');
const TASK = HEAD.replace(/org.*Coordinator/, 'org.apache.flink.runtime.taskmanager.Task                   ');

function completed(id: number, job: string): string {
  return `${HEAD}Completed checkpoint ${id} for job ${job} (17 bytes, checkpointDuration=3 ms).\n`;
}

/** Returns the messages that the skimmer gives if the log comes in these chunks, after a first line. */
function skim(chunks: readonly string[], catalog = loadCatalog()): readonly string[] {
  const skimmer = createSkimmer({ kind: 'log' }, wantedBy(catalog));
  skimmer.push(Buffer.from(`${HEAD}Starting.\n`));
  const given = [...chunks.flatMap((chunk) => skimmer.push(Buffer.from(chunk))), ...skimmer.flush()];
  return given.map(({ bytes }) => bytes.toString().replace(/^.*? - /, '')).filter((message) => message !== 'Starting.');
}

describe('wantedBy', () => {
  const failed = `${HEAD}Job orders (${JOB_A}) switched from state RUNNING to FAILING.\n`;
  const newest = [
    `Completed checkpoint 12 for job ${JOB_B} (`,
    `Completed checkpoint 13 for job ${JOB_A} (`,
    `Job orders (${JOB_A}) switched`,
  ];

  it('asks of completed checkpoints for the last of each job before anything else, wherever a chunk ends', () => {
    const catalog = loadCatalog();
    const log = [
      completed(9, JOB_A),
      completed(10, JOB_A),
      completed(11, JOB_A),
      completed(11, JOB_B),
      completed(12, JOB_B),
      completed(12, JOB_A),
      completed(13, JOB_A),
      `${HEAD}Triggering checkpoint 14.\n`,
      failed,
    ].join('');
    for (let cut = 0; cut < log.length; cut += 5) {
      const given = skim([log.slice(0, cut), log.slice(cut)], catalog);

      expect(
        newest.filter((message) => !given.some((words) => words.startsWith(message))),
        `cut at ${cut}`,
      ).toEqual([]);
      expect(given.length, `cut at ${cut}`).toBeLessThan(7);
    }
  });

  it('asks of the subtasks of which a JobManager tells for the last of each task before anything else, wherever a chunk ends', () => {
    const catalog = loadCatalog();
    const turn = (task: string, subtask: number, graph: string, to: string): string =>
      `${GRAPH}${task} (${subtask}/3) (${graph}_${JOB_B}_${subtask - 1}_0) switched from DEPLOYING to ${to}.\n`;
    const log = [
      ...[1, 2, 3].map((subtask) => turn('Source: (a) -> b', subtask, JOB_A, 'INITIALIZING')),
      ...[1, 2, 3].map((subtask) => turn('Source: (a) -> b', subtask, JOB_A, 'RUNNING')),
      ...[1, 2].map((subtask) => turn('Sink', subtask, JOB_A, 'RUNNING')),
      turn('Source: (a) -> b', 1, JOB_B, 'RUNNING'),
      failed,
      turn('Sink', 3, JOB_A, 'RUNNING'),
      turn('Sink', 1, JOB_A, 'CANCELED'),
      turn('Sink', 2, JOB_A, 'CANCELED'),
      `${TASK}Sink (1/3)#0 (${JOB_A}_${JOB_B}_0_0) switched from DEPLOYING to RUNNING.\n`,
      `${TASK}Sink (2/3)#0 (${JOB_A}_${JOB_B}_1_0) switched from DEPLOYING to RUNNING.\n`,
    ].join('');
    const wanted = [
      `Source: (a) -> b (3/3) (${JOB_A}`,
      `Sink (2/3) (${JOB_A}`,
      `Source: (a) -> b (1/3) (${JOB_B}`,
      `Job orders (${JOB_A}) switched`,
      `Sink (3/3) (${JOB_A}`,
      `Sink (2/3) (${JOB_A}`,
      'Sink (1/3)#0',
      'Sink (2/3)#0',
    ];
    for (let cut = 0; cut < log.length; cut += 5) {
      const given = skim([log.slice(0, cut), log.slice(cut)], catalog);

      expect(
        wanted.filter((message) => !given.some((words) => words.startsWith(message))),
        `cut at ${cut}`,
      ).toEqual([]);
      expect(given.length, `cut at ${cut}`).toBeLessThan(wanted.length + 3);
    }
  });

  it('takes the options that a process prints at its start together, and each that holds more alone, wherever a chunk ends', () => {
    const catalog = loadCatalog();
    const option = (key: string, value: string): string => `${HEAD}Loading configuration property: ${key}, ${value}\n`;
    const options = [
      option('env.java.opts', '-XX:+UseG1GC'),
      option('parallelism.default', '4'),
      option('classloader.parent-first-patterns.additional', 'a.b.OutOfMemoryError: '),
      option('taskmanager.numberOfTaskSlots', '2'),
      option('rest.port', '8081\n8082'),
    ];
    const log = [
      ...options,
      `${HEAD}    -D\n`,
      `${HEAD}    rest.port=8083\n`,
      `${HEAD}Nothing of note.\n`,
      failed,
    ].join('');
    const given = skim([log], catalog);

    expect(given).toHaveLength(5);
    expect(given[0]?.split('\n')).toHaveLength(2);
    expect(given[1]).toContain('OutOfMemoryError');
    expect(given[2]?.split('\n')).toHaveLength(3);
    expect(given[3]?.split('\n')).toHaveLength(2);
    for (let cut = 0; cut < log.length; cut += 5) {
      const joined = skim([log.slice(0, cut), log.slice(cut)], catalog).join('\n');

      for (const entry of options) expect(joined, `cut at ${cut}`).toContain(entry.slice(HEAD.length, -1));
    }
  });

  it('says of an entry what its scan would find', () => {
    const catalog = loadCatalog();
    const folder = join(import.meta.dirname, '..', '..', 'lab', 'recordings', 'network.insufficient-buffers');
    const log = Buffer.concat(
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.log'))
        .map((name) => readFileSync(join(folder, name))),
    );
    const find = wantedBy(catalog);
    let met = 0;
    for (const cut of [log.length, 100_000, 9973]) {
      const skimmer = createSkimmer({ kind: 'log' }, find);
      const entries = Array.from({ length: Math.ceil(log.length / cut) }, (_, index) =>
        skimmer.push(log.subarray(index * cut, (index + 1) * cut)),
      ).flat();
      const given = entries.filter((entry) => entry.matchedAnchors !== undefined);

      expect(given.map((entry) => [entry.bytes.toString(), [...(entry.matchedAnchors ?? [])].sort()])).toEqual(
        given.map(({ bytes }) => [bytes.toString(), [...catalog.scanner.scan(bytes)].sort()]),
      );
      met += given.length;
    }
    expect(met).toBeGreaterThan(300);
  });

  it('asks for all of them when a rule does', () => {
    const catalog = makeCatalog({
      'checkpoint.declined/every': 'match: [{ id: every, anchor: "Completed checkpoint " }]',
    });

    expect(skim([[1, 2, 3, 4].map((id) => completed(id, JOB_A)).join('')], catalog)).toHaveLength(4);
  });
});
