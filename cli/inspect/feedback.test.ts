import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDiagnosis, makeIncident } from '../../core/testing/incidents.js';
import { openStore } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { runProgram } from '../../test/program.js';

const RULE = 'network.insufficient-buffers/total';

let dataDir: string;
let store: Store;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'jobtrace-feedback-'));
  store = await openStore({ kind: 'sqlite', path: join(dataDir, 'jobtrace.db') });
  await store.saveIncident(makeIncident([makeDiagnosis(RULE), makeDiagnosis('memory.heap-oom/task')]));
});
afterEach(async () => {
  await store.close();
  rmSync(dataDir, { recursive: true, force: true });
});

function run(...args: string[]) {
  return runProgram(['feedback', ...args, '--data', dataDir]);
}

describe('jobtrace feedback', () => {
  it('keeps who said what of the first diagnosis, or of another one', async () => {
    expect((await run('incident-1', 'helped', '--by', 'anna')).stdout).toBe(
      `${RULE} rated right (it helped) by anna.\n`,
    );
    await run('incident-1', 'wrong', '--by', 'ben', '--rule', 'memory.heap-oom/task');

    expect(await store.feedback.find({ where: { incidentId: 'incident-1' } })).toMatchObject([
      { rule: 'memory.heap-oom/task', verdict: 'wrong', by: 'ben' },
      { rule: RULE, verdict: 'helped', by: 'anna' },
    ]);
  });

  it('lists how often the rules are right, the worst first, and which alert nobody', async () => {
    expect((await run()).stdout).toBe('No ratings yet.\n');
    const said = { rule: RULE, verdict: 'wrong', at: '2026-11-20T10:00:00.000Z' } as const;
    for (let index = 0; index < 10; index += 1)
      await store.feedback.save({ ...said, incidentId: `i${index}`, by: 'anna' });
    await store.feedback.save({ ...said, incidentId: 'i', rule: 'a.b/c', verdict: 'right', by: 'anna' });

    expect((await run()).stdout.split('\n')).toEqual([
      `${RULE}  correct 0% (0% to 28%), 0 of 10; alerts paused`,
      `${'a.b/c'.padEnd(RULE.length)}  correct 100% (21% to 100%), 1 of 1`,
      '',
    ]);
    expect(JSON.parse((await run('--format', 'json')).stdout)).toMatchObject({
      rules: [
        { rule: RULE, right: 0, wrong: 10, alerts: false },
        { rule: 'a.b/c', alerts: true },
      ],
    });
  });

  it.each([
    [['incident-1', 'perhaps'], 'one of right, wrong, helped, not "perhaps"'],
    [['incident-1'], 'one of right, wrong, helped'],
    [['incident-1', 'right', '--rule', 'x'], `the incident has ${RULE}, memory.heap-oom/task`],
    [['none', 'right'], 'The incident "none" was not found'],
  ])('refuses %j', async (args, words) => {
    const { code, stderr } = await run(...args);

    expect(code).not.toBe(0);
    expect(stderr).toContain(words);
    expect(await store.feedback.find()).toEqual([]);
  });
});
