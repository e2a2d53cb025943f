import { describe, expect, it } from 'vitest';
import { readEntries } from './read.js';
import { causesOf } from '../testing/verdict.js';

const JOBMANAGER =
  '2026-03-02 10:15:01,120 INFO  org.apache.flink.runtime.entrypoint.ClusterEntrypoint [] - Starting YarnJobClusterEntrypoint';
const TASKMANAGER = [
  '2026-03-02 10:15:02,120 INFO  org.apache.flink.runtime.taskexecutor.TaskManagerRunner [] - Starting TaskManager',
  'java.lang.OutOfMemoryError: Java heap space',
];

function hadoop2(container: string, host: string, files: Readonly<Record<string, string>>): string {
  const logs = Object.entries(files).map(
    ([name, text]) =>
      `LogType:${name}\nLog Upload Time:Mon Mar 02 10:20:01 +0100 2026\nLogLength:${text.length}\nLog Contents:\n${text}\nEnd of LogType:${name}\n\n`,
  );
  return `\n\nContainer: ${container} on ${host}_45454\n${'='.repeat(80)}\n${logs.join('')}`;
}

function hadoop3(container: string, host: string, files: Readonly<Record<string, string>>): string {
  const logs = Object.entries(files).map(
    ([name, text]) =>
      `Container: ${container} on ${host}_45454_1772443201000\nLogAggregationType: AGGREGATED\n${'='.repeat(80)}\nLogType:${name}\nLogLastModifiedTime:Mon Mar 02 10:20:01 +0100 2026\nLogLength:${text.length}\nLogContents:\n${text}\nEnd of LogType:${name}\n${'*'.repeat(80)}\n\n`,
  );
  return logs.join('');
}

/** Prints logs as Hadoop before 2.6 did, without the end of a file. */
function hadoop22(container: string, host: string, files: Readonly<Record<string, string>>): string {
  const logs = Object.entries(files).map(
    ([name, text]) => `LogType: ${name}\nLogLength: ${text.length}\nLog Contents:\n${text}\n`,
  );
  return `\n\nContainer: ${container} on ${host}_45454\n${'='.repeat(80)}\n${logs.join('')}`;
}

const FIRST = 'container_e17_1772440000000_0042_01_000001';
const SECOND = 'container_e17_1772440000000_0042_01_000002';

function read(text: string, chunkBytes = 1 << 20): readonly (readonly string[])[] {
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  return [...readEntries(['-'], { stdin: () => chunks })].map(({ source, bytes: entry }) => [
    source.path,
    source.process,
    source.host ?? '',
    source.component ?? '',
    source.kind,
    entry.toString('utf8').trimEnd(),
  ]);
}

describe('the output of yarn logs', () => {
  it.each([
    ['Hadoop 2', hadoop2],
    ['Hadoop 3', hadoop3],
    ['Hadoop 2.2', hadoop22],
  ] as const)('of %s is split into the files of the containers', (_, print) => {
    const client = '26/03/02 10:21:00 INFO client.RMProxy: Connecting to ResourceManager at rm/10.0.0.1:8032';
    const text = `${client}\n${print(FIRST, 'worker-1.example', { 'jobmanager.log': JOBMANAGER, 'jobmanager.out': '' })}${print(SECOND, 'worker-2.example', { 'taskmanager.log': TASKMANAGER[0] ?? '', 'taskmanager.out': TASKMANAGER[1] ?? '' })}`;

    for (const chunkBytes of [1 << 20, 1000, 37]) {
      expect(read(text, chunkBytes)).toEqual([
        ['stdin', 'stdin', '', 'unknown', 'log', client],
        [`stdin/${FIRST}/jobmanager.log`, FIRST, 'worker-1.example', 'jobmanager', 'log', JOBMANAGER],
        [`stdin/${SECOND}/taskmanager.log`, SECOND, 'worker-2.example', 'taskmanager', 'log', TASKMANAGER[0]],
        [`stdin/${SECOND}/taskmanager.out`, SECOND, 'worker-2.example', 'taskmanager', 'out', TASKMANAGER[1]],
      ]);
    }
  });

  it('is read as far as it goes, and chunk by chunk', () => {
    const long = `${JOBMANAGER}\n`.repeat(40_000);
    const text = hadoop2(FIRST, 'worker-1', { 'jobmanager.log': long });

    expect(read(text).length).toBe(40_000);
    expect(read(text.slice(0, text.length / 2)).length).toBeGreaterThan(19_990);
  });
});

describe('the diagnostics of YARN', () => {
  it('name a container that used too much memory', () => {
    const text = `Application Report :
	Application-Id : application_1772440000000_0042
	Application-Name : Flink per-job cluster
	State : FAILED
	Final-State : FAILED
	Diagnostics : Application application_1772440000000_0042 failed 2 times due to AM Container for appattempt_1772440000000_0042_000002 exited with  exitCode: -104
Failing this attempt.Diagnostics: [2026-03-02 10:15:01.120]Container [pid=21034,containerID=container_1772440000000_0042_02_000001] is running 1310720B beyond the 'PHYSICAL' memory limit. Current usage: 1.0 GB of 1 GB physical memory used; 3.1 GB of 2.1 GB virtual memory used. Killing container.
For more detailed output, check the application tracking page: http://rm:8088/cluster/app/application_1772440000000_0042 Then click on links to logs of each attempt.
`;

    expect(causesOf(text).diagnoses[0]?.cause).toBe('memory.container-killed');
  });
});
