// Runs the measurement of shippers from end to end: a small corpus, Jobtrace alone, the sinks that answer at once.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readResults, type Measured } from './report/results.js';

describe('bench/agent.ts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-bench-'));
  let measured: Measured;

  beforeAll(() => {
    const json = join(folder, 'results.json');
    const options = '--mib 2 --files 2 --rounds 1 --sinks discard --mbps 1 --seconds 1 --only jobtrace'.split(' ');
    const args = ['tsx', join(import.meta.dirname, 'agent.ts'), ...options, '--json', json];
    execFileSync('npx', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    measured = readResults(folder)[0] ?? { session: undefined, runs: [] };
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // This includes a file that takes several turns to read. On a slow machine, the open entry at the end of a file may
  // be sent when the file is idle and again when it has grown; a store keeps it once.
  it('finds each entry of the corpus at the sink, once', () => {
    const drain = measured.runs.find(({ kind }) => kind === 'drain');

    expect(drain).toMatchObject({ peer: 'jobtrace', sink: 'discard' });
    expect(drain?.['documentsPerEntry']).toBeGreaterThanOrEqual(1);
    expect(drain?.['documentsPerEntry']).toBeLessThan(1.001);
  });

  it('has figures that can be', () => {
    const drain = measured.runs.find(({ kind }) => kind === 'drain');
    const figures = ['cpuPerGib', 'peakMib', 'firstDocumentMs', 'mbPerSecond', 'bodyPerByte', 'wirePerByte'] as const;

    for (const figure of figures) expect(drain?.[figure], figure).toBeGreaterThan(0);
    expect(drain?.['wirePerByte']).toBeLessThan(Number(drain?.['bodyPerByte']));
  });

  it('measures the lag of what is written at a pace', () => {
    const paced = measured.runs.find(({ kind }) => kind === 'paced');

    expect(paced?.['documentsPerEntry']).toBeGreaterThanOrEqual(1);
    expect(paced?.['lagP99Ms']).toBeGreaterThan(0);
    expect(paced?.['lagP99Ms']).toBeGreaterThanOrEqual(Number(paced?.['lagP50Ms']));
  });

  it('says with which version and configuration', () => {
    expect(measured.session?.programs).toEqual([
      {
        name: 'jobtrace',
        version: expect.stringMatching(/\d+\.\d+\.\d+/) as string,
        configuration: expect.stringContaining('paths:') as string,
      },
    ]);
  });
});
