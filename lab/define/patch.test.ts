import { describe, expect, it } from 'vitest';
import { chooseFixes, patchScript, repairScenario } from './patch.js';
import { listScenarios, loadScenario, type Scenario } from './scenario.js';

const FIXES: readonly { readonly id: string; readonly patch: Readonly<Record<string, string>> }[] = [
  { id: 'look', patch: {} },
  { id: 'raise', patch: { a: '1' } },
  { id: 'lower', patch: { b: '2' } },
];

describe('chooseFixes', () => {
  it('takes the first fix that is an option', () => {
    expect(chooseFixes(FIXES, undefined).map(({ id }) => id)).toEqual(['raise']);
    expect(chooseFixes(FIXES.slice(0, 1), undefined)).toEqual([]);
  });

  it('takes the wanted ones, and none that is no option', () => {
    expect(chooseFixes(FIXES, ['lower', 'look']).map(({ id }) => id)).toEqual(['lower']);
  });
});

describe('repairScenario', () => {
  const base = loadScenario('cluster.no-slots/parallelism-too-high');
  const scenario: Scenario = {
    ...base,
    cluster: {
      ...base.cluster,
      config: { 'pekko.framesize': '1mb', 'taskmanager.memory.process.size': null, 'heartbeat.timeout': '1 s' },
    },
    steps: [
      { submitJar: { class: 'A', options: { 'heartbeat.timeout': '2 s', 'pekko.framesize': '2mb' } } },
      { waitState: { state: 'RUNNING' } },
      { startTaskManager: { count: 1, config: { 'pekko.framesize': '3mb', 'blob.server.port': '0' }, fails: true } },
      { waitState: { state: 'FAILED' } },
    ],
  };

  it('puts the patch over every place that sets the option, under the name of the version', () => {
    const { cluster, steps } = repairScenario(scenario, '1.17', { 'akka.framesize': '9mb' });

    expect(cluster.config).toMatchObject({
      'akka.framesize': '9mb',
      'heartbeat.timeout': '1 s',
      'taskmanager.memory.process.size': null,
    });
    expect(cluster.config).not.toHaveProperty('pekko.framesize');
    expect(steps[0]?.submitJar?.options).toEqual({ 'heartbeat.timeout': '2 s', 'pekko.framesize': '9mb' });
    expect(steps[2]?.startTaskManager?.config).toEqual({ 'pekko.framesize': '9mb', 'blob.server.port': '0' });
  });

  it('ends the steps at the last start or submission, which must succeed', () => {
    const { steps, expect: seen } = repairScenario(scenario, '1.20', { 'blob.server.port': '1' });

    expect(steps.map((step) => Object.keys(step)[0])).toEqual([
      'submitJar',
      'waitState',
      'startTaskManager',
      'waitHealthy',
    ]);
    expect(steps[2]?.startTaskManager?.fails).toBe(false);
    expect(seen.logs).toEqual([]);
  });

  it('plays the steps of a repaired run instead, where the scenario has them', () => {
    const repaired = {
      ...scenario,
      repaired: { steps: [{ hold: { seconds: 1, why: 'x' } }], seconds: 40, again: true as const },
    };

    expect(repairScenario(repaired, '1.20', { a: '1' }).steps).toEqual([
      { hold: { seconds: 1, why: 'x' } },
      { waitHealthy: { seconds: 40, restarts: true } },
    ]);
  });

  it('lets a job make checkpoints that nobody told to, and leaves those of others alone', () => {
    const told = {
      ...scenario,
      cluster: { ...scenario.cluster, config: { 'execution.checkpointing.interval': '9 s' } },
    };

    expect(repairScenario(scenario, '1.20', { a: '1' }).cluster.config).toHaveProperty(
      ['execution.checkpointing.interval'],
      '3 s',
    );
    expect(repairScenario(told, '1.20', { a: '1' }).cluster.config).toEqual({
      'execution.checkpointing.interval': '9 s',
      a: '1',
    });
  });

  it("puts the owner's value in the place of an example, and of nothing else", () => {
    const own = (option: string): Scenario => ({ ...scenario, repaired: { own: { [option]: '/mine' } } });

    expect(repairScenario(own('io.tmp.dirs'), '1.20', { 'io.tmp.dirs': '/example' }).patch).toEqual({
      'io.tmp.dirs': '/mine',
    });
    expect(() => repairScenario(own('web.upload.dir'), '1.20', { 'io.tmp.dirs': '/example' })).toThrow(
      'no option web.upload.dir',
    );
  });
});

describe('patchScript', () => {
  it('changes what a script sets, quoted or not, and no more', () => {
    const sql = "SET 'pipeline.name' = 'x';\nset execution.runtime-mode=batch;\nSELECT 'SET a = b';\n";

    expect(patchScript(sql, { 'execution.runtime-mode': 'STREAMING', 'table.x': 'y', a: 'c' })).toBe(
      "SET 'pipeline.name' = 'x';\nset execution.runtime-mode=STREAMING;\nSELECT 'SET a = b';\n",
    );
    expect(patchScript(sql, { 'pipeline.name': 'z' })).toContain("SET 'pipeline.name' = 'z';");
  });
});

describe('the lab', () => {
  it('says of at least twenty scenarios how they are played again with an option; whether it helps, `repair` tells', () => {
    expect(listScenarios().filter((id) => loadScenario(id).repaired !== undefined).length).toBeGreaterThanOrEqual(20);
  });
});
