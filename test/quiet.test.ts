// Tests "right or quiet" through the whole product: healthy recordings, played as they happened, cause no incident and
// no alert; a first start on a folder of month-old failures stores them and alerts nobody.
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Incident } from '../core/documents/incident.js';
import { findRecordings, replayRecording } from '../lab/play/rewrite.js';
import { runProgram, startProgram, startReceiver, waitUntil, type RunningProgram } from './program.js';

const RECORDINGS = fileURLToPath(new URL('../lab/recordings', import.meta.url));
const MONTH_MS = 30 * 86_400_000;

describe('jobtrace up', () => {
  let folder: string;
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let up: RunningProgram | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jobtrace-quiet-'));
    receiver = await startReceiver();
  });
  afterEach(async () => {
    await up?.stop();
    await receiver.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('finds nothing in the healthy recordings and alerts nobody', async () => {
    const healthy = findRecordings(RECORDINGS).filter((recording) => recording.healthy);
    expect(healthy.length).toBeGreaterThanOrEqual(2);
    for (const recording of healthy)
      await replayRecording(recording, join(folder, 'logs'), {
        delayMs: 0,
        durationMs: 1,
        signal: new AbortController().signal,
      });

    up = start();
    await waitForLines(countLines(join(folder, 'logs')));
    const { incidents } = await readIncidents();

    expect(incidents.map((incident) => [incident.diagnoses.en[0]?.rule, incident.unknown[0]?.chain])).toEqual([]);
    expect(receiver.received).toEqual([]);
  });

  it('stores month-old failures but alerts nobody', async () => {
    const [old, present] = ['network.insufficient-buffers/total', 'code.user-exception/null-pointer'].map((name) =>
      findRecordings(RECORDINGS).find((item) => item.name.startsWith(name)),
    );
    if (old === undefined || present === undefined) throw new Error('a recording is gone');
    cpSync(old.folder, join(folder, 'logs'), { recursive: true });
    makeOld(join(folder, 'logs'));

    up = start();
    const { incidents } = await waitUntil('the incident', async () => {
      const found = await readIncidents();
      return found.incidents.length > 0 ? found : undefined;
    });

    expect(incidents[0]?.diagnoses.en[0]?.cause).toBe('network.insufficient-buffers');
    // The receiver works: a failure that happens now is announced, and no earlier one was.
    await replayRecording(present, join(folder, 'logs', 'now'), {
      delayMs: 0,
      durationMs: 1,
      signal: new AbortController().signal,
    });
    await waitUntil('the alert of a failure now', () => (receiver.received.length > 0 ? true : undefined), {
      saw: () => [up?.stdout(), up?.stderr()],
    });
    const told = receiver.received.map(
      ({ body }) => (body['data'] as { incident: { firstSeen: string } }).incident.firstSeen,
    );
    expect(told.filter((time) => Date.now() - Date.parse(time) > MONTH_MS / 2)).toEqual([]);
  });

  function start(): RunningProgram {
    const config = join(folder, 'jobtrace.yaml');
    writeFileSync(config, `notify:\n  receivers:\n    - { name: test, kind: webhook, url: "${receiver.url}" }\n`);
    return startProgram([
      'up',
      join(folder, 'logs'),
      '--data',
      join(folder, 'data'),
      '--config',
      config,
      '--listen',
      '127.0.0.1:0',
      '--log-level',
      'info',
    ]);
  }

  async function readIncidents(): Promise<{ incidents: Incident[] }> {
    const { stdout } = await runProgram(['incidents', '--data', join(folder, 'data'), '--format', 'json']);
    return stdout === '' ? { incidents: [] } : (JSON.parse(stdout) as { incidents: Incident[] });
  }

  /** Waits until every line of the logs is in the store and the analyzer had time to read one more batch. */
  async function waitForLines(lines: number): Promise<void> {
    await waitUntil(
      'every line in the store',
      async () => {
        const { stdout } = await runProgram([
          'search',
          '--data',
          join(folder, 'data'),
          '--format',
          'ndjson',
          '--limit',
          '0',
        ]);
        const stored = stdout
          .trim()
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => (JSON.parse(line) as { 'event.original': string })['event.original']);
        return stored.join('\n').split('\n').length >= lines ? true : undefined;
      },
      { saw: () => [up?.stdout(), up?.stderr()] },
    );
  }
});

function listLogs(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile() && /\.(log|out)/.test(item.name))
    .map((item) => join(item.parentPath, item.name));
}

function countLines(folder: string): number {
  return listLogs(folder).reduce(
    (sum, path) =>
      sum +
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '').length,
    0,
  );
}

/** Rewrites the times of all lines to a month ago. */
function makeOld(folder: string): void {
  const old = new Date(Date.now() - MONTH_MS).toISOString().slice(0, 10);
  for (const path of listLogs(folder))
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^\d{4}-\d\d-\d\d/gm, old));
}
