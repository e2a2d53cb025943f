// Plays two of the endings of lab/silence.ts, each on a real cluster with the built program next to it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { describeWithParts } from '../parts/testing/describe-part.js';
import { ENDINGS } from './endings.js';
import { playEnding } from './ending.js';

const PLAYED = ['jobmanager-killed', 'cluster-stopped'];
const TIMEOUT_MS = 600_000;

describeWithParts(['flink-1.20'], 'how a cluster ends', () => {
  let folder: string | undefined;
  afterEach(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  it.each(ENDINGS.filter(({ id }) => PLAYED.includes(id)).map((ending) => [ending.what, ending] as const))(
    'is told once, and rightly ended: %s',
    async (_, ending) => {
      folder = mkdtempSync(join(tmpdir(), 'jobtrace-silence-'));

      const { faults } = await playEnding(ending, { folder, elasticsearch: undefined });

      // The delay is measured by the lab, on a machine that has nothing else to do.
      expect(faults.filter((fault) => !fault.startsWith('late'))).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
