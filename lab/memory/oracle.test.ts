// The memory model against Flink's own arithmetic, on random configurations, legal and illegal. The seed is new
// in every run at a desk, and printed; MEMORY_SEED=N repeats one; CI has one of its own, so that a change fails for
// what it changed. Other versions and counts: lab/memory/run.ts.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isMemoryProblem } from '../../flink/memory-layout.js';
import { fitJobManagerHeap, fitNetworkMemory, fitTaskHeap, fitTaskManagerMetaspace } from '../../flink/memory-fix.js';
import { computeJobManagerMemory, computeTaskManagerMemory } from '../../flink/memory.js';
import { missingReason, requirePart } from '../parts/parts.js';
import { compareMemory } from './oracle.js';
import { createCases, type MemoryCase } from './sample.js';

const CASES = 2000;
const MIB = 1024 * 1024;
const seed = Number(process.env['MEMORY_SEED'] ?? (process.env['CI'] === 'true' ? 109_671 : Date.now() % 1_000_000));
console.log(`memory model: seed ${seed}`);

for (const name of ['flink-1.20', 'flink-2.3'] as const) {
  const part = requirePart(name);
  if (part === undefined) console.log(`skipped: ${missingReason(name)}`);

  describe.skipIf(part === undefined)(`the memory model and ${name}`, () => {
    const jars = { version: part?.part.version ?? '', folder: join(part?.home ?? '', 'lib'), javaHome: part?.java ?? '' };

    it('agree on every byte of legal configurations and on the message of illegal ones', async () => {
      const result = await compareMemory(jars, createCases(seed, CASES));

      expect(result.differences.slice(0, 3)).toEqual([]);
      expect(result.legal + result.illegal).toBe(CASES);
      expect(result.legal).toBeGreaterThan(CASES / 4);
      expect(result.kinds.size).toBeGreaterThan(10);
    });

    it('agree that every proposed patch starts', async () => {
      const patched = createCases(seed + 1, CASES).flatMap((memoryCase) => proposePatches(memoryCase, jars.version));
      const result = await compareMemory(jars, patched);

      expect(result.differences.slice(0, 3)).toEqual([]);
      expect(result.illegal).toBe(0);
      expect(result.legal).toBeGreaterThan(CASES / 4);
    });
  });
}

/** The configurations that the fixes of a legal one lead to. */
function proposePatches(memoryCase: MemoryCase, version: string): readonly MemoryCase[] {
  const { options, deployment } = memoryCase;
  const target = { options, version, deployment };
  const before = memoryCase.process === 'tm' ? computeTaskManagerMemory(options, version, deployment) : computeJobManagerMemory(options, version, deployment);
  if (isMemoryProblem(before)) return [];
  const fits = memoryCase.process === 'jm'
    ? [fitJobManagerHeap({ ...target, neededBytes: before.jvmHeap + 300 * MIB })]
    : [
        fitNetworkMemory({ ...target, neededBytes: before.totalFlink / 5 + 32 * MIB }),
        fitTaskHeap({ ...target, neededBytes: before.jvmHeap + 100 * MIB }),
        fitTaskManagerMetaspace({ ...target, neededBytes: before.jvmMetaspace + 64 * MIB }),
      ];
  return fits.flatMap((fit) => ('problem' in fit ? [] : [{ ...memoryCase, options: new Map([...options, ...Object.entries(fit.patch)]) }]));
}
