// Checks the memory model against Flink's own arithmetic, on random configurations, legal and illegal, of seven
// versions. The seed is new in every local run, and printed; MEMORY_SEED=N repeats one. CI has a fixed seed, so that a
// change fails only because of what it changed. Other versions and counts: lab/reference/memory.ts.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isMemoryProblem } from '../../flink/memory/words.js';
import { fitManagedMemory, fitNetworkMemory, fitTaskHeap, fitTaskManagerMetaspace } from '../../flink/memory/fix.js';
import { computeTaskManagerMemory } from '../../flink/memory/memory.js';
import { describeWithParts } from '../parts/testing/describe-part.js';
import { findPart, getJava, requirePart } from '../parts/parts.js';
import {
  askFlink,
  closeOracle,
  compareMemory,
  openOracle,
  type OracleAnswer,
  type FlinkJars,
  type Oracle,
} from './memory-oracle.js';
import { createCases, type MemoryCase } from './memory-sample.js';

const CASES = 2000;
const MIB = 1024 * 1024;
const VERSIONS = [
  'flink-1.13',
  'flink-jars-1.14',
  'flink-jars-1.16',
  'flink-1.17',
  'flink-jars-1.18',
  'flink-1.20',
  'flink-2.3',
] as const;
const seed = Number(process.env['MEMORY_SEED'] ?? (process.env['CI'] === 'true' ? 109_671 : Date.now() % 1_000_000));
console.log(`memory model: seed ${seed}`);

let oracle: Oracle | undefined;

beforeAll(async () => {
  const some = VERSIONS.map(findPart).find((part) => part !== undefined);
  if (some !== undefined) oracle = await openOracle(listJars(some), await getJava(17));
});

afterAll(() => {
  if (oracle !== undefined) closeOracle(oracle);
});

for (const name of VERSIONS) {
  describeWithParts([name], `the memory model and ${name}`, () => {
    const part = requirePart(name);
    const version = part?.part.version ?? '';
    const cases = createCases(seed, CASES);
    const patched = createCases(seed + 1, CASES).flatMap((memoryCase) => proposePatches(memoryCase, version));
    let answers: readonly OracleAnswer[] = [];

    beforeAll(async () => {
      if (oracle !== undefined && part !== undefined)
        answers = await askFlink(oracle, listJars(part), [...cases, ...patched]);
    });

    it('agree on every byte of legal configurations and on the message of illegal ones', () => {
      const result = compareMemory(version, cases, answers.slice(0, CASES));

      expect(result.differences.slice(0, 3)).toEqual([]);
      expect(result.legal + result.illegal).toBe(CASES);
      expect(result.legal).toBeGreaterThan(CASES / 4);
      expect(result.kinds.size).toBeGreaterThan(10);
    });

    it('agree that every proposed patch starts', () => {
      const result = compareMemory(version, patched, answers.slice(CASES));

      expect(result.differences.slice(0, 3)).toEqual([]);
      expect(result.illegal).toBe(0);
      expect(result.legal).toBeGreaterThan(CASES / 4);
    });
  });
}

function listJars({ part, home }: { readonly part: { readonly version: string }; readonly home: string }): FlinkJars {
  return { version: part.version, folder: join(home, 'lib') };
}

/** Returns the configurations that the fixes of a legal one of a TaskManager lead to. */
function proposePatches(memoryCase: MemoryCase, version: string): readonly MemoryCase[] {
  const { options, deployment } = memoryCase;
  const target = { options, version, deployment };
  if (memoryCase.process === 'jm') return [];
  const before = computeTaskManagerMemory(options, version, deployment);
  if (isMemoryProblem(before)) return [];
  const fits = [
    fitNetworkMemory({ ...target, neededBytes: before.totalFlink / 5 + 32 * MIB }),
    fitTaskHeap({ ...target, neededBytes: before.jvmHeap + 100 * MIB }),
    fitTaskManagerMetaspace({ ...target, neededBytes: before.jvmMetaspace + 64 * MIB }),
    fitManagedMemory({ ...target, neededBytes: before.totalFlink / 2 + 64 * MIB }),
  ];
  return fits.flatMap((fit) =>
    'problem' in fit ? [] : [{ ...memoryCase, options: new Map([...options, ...Object.entries(fit.patch)]) }],
  );
}
