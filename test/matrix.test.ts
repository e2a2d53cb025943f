// The newest release of Node beside the machine's own: installed from the lock file, built, and run. In CI only,
// because native modules are compiled for it; `npm run matrix` does it for every release.
import { expect, it } from 'vitest';
import { checkRelease, RELEASES } from './matrix.js';

const newest = Math.max(...RELEASES);

it.runIf(process.env['CI'] === 'true')(
  `installs, builds and runs on Node ${newest}`,
  () => {
    const { problem, steps } = checkRelease(newest);

    expect(problem).toBeUndefined();
    expect(steps.map(({ name }) => name)).toContain('store, patterns and timers');
  },
  20 * 60_000,
);
