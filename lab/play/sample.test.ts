// Plays a sample of the lab's scenarios on real clusters with names, sizes and data that differ from the recordings.
// Each scenario reaches its end on the version next to it, and the rules name the provoked cause (or no cause). The
// full set: `npm run lab -- run all --flink all --vary SEED --named`.
import { expect, it } from 'vitest';
import { describeWithParts } from '../parts/testing/describe-part.js';
import { nameOutcome } from './name.js';
import { runScenario } from './run.js';
import { HEALTHY, loadScenario } from '../define/scenario.js';
import { VERSIONS, type FlinkVersion } from '../define/versions.js';

const SEED = 11;

const SAMPLE: readonly (readonly [string, FlinkVersion])[] = [
  ['sql.syntax/reserved-word', '1.20'],
  ['state.operator-mismatch/operator-replaced', '1.20'],
  ['memory.direct-oom/user-buffers', '2.3'],
  ['storage.not-found/reference-file', '2.3'],
  ['memory.config-invalid/flink-and-process-size', '1.17'],
  ['sql.validation/unknown-column', '1.17'],
  ['checkpoint.state-too-large/default-storage', '1.13'],
  ['deploy.submission/missing-jar', '1.13'],
  ['healthy/frightening-words', '1.20'],
  ['healthy/cancelled', '1.13'],
];

describeWithParts(
  VERSIONS.map((version) => `flink-${version}` as const),
  'a sample of the lab',
  () => {
    // Two tests run at once, because a scenario waits more than it computes.
    it.concurrent.each(SAMPLE)(
      '%s on Flink %s',
      async (id, version) => {
        const scenario = loadScenario(id, { version, seed: SEED });

        const outcome = await runScenario({ scenario, version, say: () => undefined });

        expect(nameOutcome(scenario, outcome).first).toBe(id.startsWith(HEALTHY) ? 'none' : scenario.cause);
      },
      300_000,
    );

    it('holds at least eight failures and two healthy runs, and every version', () => {
      expect(SAMPLE.filter(([id]) => !id.startsWith(HEALTHY)).length).toBeGreaterThanOrEqual(8);
      expect(SAMPLE.filter(([id]) => id.startsWith(HEALTHY)).length).toBeGreaterThanOrEqual(2);
      expect(new Set(SAMPLE.map(([, version]) => version))).toEqual(new Set(VERSIONS));
    });
  },
);
