import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CAUSE } from '../../core/testing/incidents.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { runProgram } from '../../test/program.js';

let dataDir: string;
let store: Store;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'jobtrace-triage-'));
  store = await openStore({ kind: 'sqlite', path: join(dataDir, 'jobtrace.db') });
  await store.saveIncident(CAUSE);
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

function run(...args: string[]) {
  return runProgram(['triage', ...args, '--data', dataDir]);
}

describe('jobtrace triage', () => {
  it('keeps who said what of an incident, and lists what stands', async () => {
    expect((await run()).stdout).toBe('No triage history.\n');
    expect((await run('incident-1', 'acknowledged', '--by', 'anna')).stdout).toMatch(
      /^\S+Z {2}incident-1 {2}acknowledged by anna\n$/,
    );
    const { stdout } = await run(
      ...['incident-1', 'ignored', '--duration', '8h', '--by', 'ben', '--comment', 'moves tonight', '--format', 'json'],
    );

    const word = JSON.parse(stdout);
    expect(word).toMatchObject({ incidentId: 'incident-1', state: 'ignored', by: 'ben', comment: 'moves tonight' });
    expect(Date.parse(word.until) - Date.parse(word.at)).toBe(8 * 3_600_000);
    expect((await run()).stdout).toBe(`${word.at}  incident-1  ignored until ${word.until} by ben: moves tonight\n`);
    expect((await store.triage.find()).map(({ state }) => state)).toEqual(['ignored', 'acknowledged']);
  });

  it('merges one incident into another, and no further', async () => {
    await store.saveIncident({ ...CAUSE, id: 'incident-2' });
    expect((await run('incident-1', 'merged', '--into', 'incident-2', '--by', 'anna')).stdout).toContain(
      'incident-1  merged into incident-2 by anna',
    );
    expect((await run('incident-2', 'merged', '--into', 'incident-1')).stderr).toContain(
      'into: "incident-1" is merged into "incident-2" itself',
    );
    expect((await run('incident-2', 'merged', '--into', 'none')).stderr).toContain('The incident "none"');
  });

  it.each([
    [['incident-1', 'mended'], 'one of open, acknowledged, resolved, ignored, merged, not "mended"'],
    [['incident-1', 'merged'], 'into is for what is merged, and names the other incident'],
    [['incident-1', 'ignored', '--duration', 'long'], '--duration is "long"'],
    [['incident-1', 'acknowledged', '--duration', '8h'], 'until is for what is to be ignored'],
    [['incident-2', 'open'], 'The incident "incident-2"'],
  ])('refuses %j', async (args, problem) => {
    const { code, stderr } = await run(...args);

    expect(code).not.toBe(0);
    expect(stderr).toContain(problem);
    expect(await store.triage.find()).toEqual([]);
  });
});
