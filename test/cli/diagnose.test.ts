// Tests the built program on real files: what it prints about a failure, and its exit code.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../program.js';
import { BUFFERS_LOG, CAUSE, causesOf, useFolder } from '../cli-folder.js';

const { folder, file } = useFolder();

describe('diagnose', () => {
  it('prints the contract as JSON', async () => {
    const { code, stdout } = await runProgram(['diagnose', '--format', 'json', BUFFERS_LOG]);
    const document = JSON.parse(stdout) as {
      diagnoses: Record<string, unknown>[];
      unknown: unknown[];
      facts: Record<string, unknown>;
    };

    expect(code).toBe(0);
    expect(document.diagnoses[0]).toMatchObject({
      cause: CAUSE,
      rule: `${CAUSE}/total`,
      symptom: false,
      owner: 'configuration',
      severity: 'error',
    });
    for (const key of [
      'title',
      'summary',
      'confidence',
      'job',
      'firstSeen',
      'count',
      'reasons',
      'fixes',
      'evidence',
      'explains',
      'references',
    ])
      expect(document.diagnoses[0]).toHaveProperty(key);
    expect(document.facts['flinkVersion']).toMatch(/^1\.20/);
  });

  it('does not call healthy what it has not read', async () => {
    const empty = join(folder, 'empty.log');
    writeFileSync(empty, '');
    const { code, stdout } = await runProgram(['diagnose', empty]);

    expect(code).toBe(0);
    expect(stdout).toContain('No log lines to diagnose');
    expect(stdout).not.toContain('No failure');
  });

  it('prints people a cause, a fix with its options, and the line that proves it', async () => {
    const { stdout } = await runProgram(['diagnose', BUFFERS_LOG]);

    expect(stdout).toContain('taskmanager.memory.network.min: 112m');
    expect(stdout).toMatch(new RegExp(`${basename(BUFFERS_LOG)}:\\d+`));
    expect(
      Math.max(
        ...stdout
          .split('\n')
          .filter((line) => !line.includes('/'))
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(120);
  });

  it('speaks Chinese', async () => {
    const { stdout } = await runProgram(['diagnose', '--lang', 'zh', BUFFERS_LOG]);

    expect(stdout).toContain('网络缓冲区不足');
    expect(stdout).toContain('taskmanager.memory.network.min: 112m');
  });

  it('reads standard input, folders and gzip files', async () => {
    const log = readFileSync(BUFFERS_LOG);
    file('folder/jm.log', log);
    const packed = file('jm.log.gz', gzipSync(log));

    for (const run of [
      runProgram(['diagnose', '--format', 'json', '-'], { input: log }),
      runProgram(['diagnose', '--format', 'json', join(folder, 'folder')]),
      runProgram(['diagnose', '--format', 'json', packed]),
    ]) {
      const { stdout } = await run;
      expect(causesOf(stdout)).toEqual([CAUSE]);
    }
  });

  it('exits with 1 only when asked to and something that severe was found', async () => {
    const healthy = file(
      'healthy.log',
      '2026-03-02 10:15:01,120 INFO  org.apache.flink.runtime.jobmaster.JobMaster [] - Starting.\n',
    );

    expect((await runProgram(['diagnose', '--fail-on', 'error', BUFFERS_LOG])).code).toBe(1);
    expect((await runProgram(['diagnose', '--fail-on', 'critical', BUFFERS_LOG])).code).toBe(0);
    expect((await runProgram(['diagnose', '--fail-on', 'info', healthy])).code).toBe(0);
  });
});
