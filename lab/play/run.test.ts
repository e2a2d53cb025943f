// Tests the runner on real clusters: one scenario that fails as it should and one that misses its end.
// The sample (sample.test.ts) has those that run well.
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeWithParts } from '../parts/testing/describe-part.js';
import { runScenario } from './run.js';
import { loadScenario } from '../define/scenario.js';

describeWithParts(['flink-1.20'], 'runScenario', () => {
  it('provokes a division by zero in a query and gives back the logs of every process', async () => {
    const said: string[] = [];

    const outcome = await runScenario({
      scenario: loadScenario('code.user-exception/sql-division-by-zero'),
      version: '1.20',
      say: (line) => said.push(line),
    });

    expect(outcome.jobs).toMatchObject([{ name: 'unit-prices', state: 'FAILED' }]);
    expect(outcome.processes.map(({ name, alive }) => ({ name, alive }))).toEqual([
      { name: 'jobmanager', alive: true },
      { name: 'taskmanager-1', alive: true },
      { name: 'sql-client', alive: false },
    ]);
    expect(
      outcome.files
        .filter(({ text }) => text.includes('java.lang.ArithmeticException: / by zero'))
        .map(({ name }) => name.split('-')[2]),
    ).toEqual(['standalonesession', 'taskexecutor']);
    expect(outcome.steps.map(({ step }) => Object.keys(step)[0])).toEqual(['submitSql', 'waitState']);
    expect(outcome.snapshots.map(({ name }) => name)).toContain('rest/job-exceptions.json');
    expect(existsSync(outcome.dir)).toBe(false);
    expect(said.length).toBeGreaterThan(2);
  });

  it('fails loudly, and leaves no process, when a scenario does not reach its failure', async () => {
    const healthy = loadScenario('healthy/batch-finished');
    const scenario = {
      ...healthy,
      steps: [],
      expect: { logs: [{ process: 'jobmanager', text: 'this is never logged' }] },
    };

    await expect(runScenario({ scenario, version: '1.20', say: () => undefined })).rejects.toThrow(
      'jobmanager has logged "this is never logged"',
    );
  });
});
