// The newest release of Node beside the machine's own: installed from the lock file, built, and run. In CI only,
// because re2 is compiled for it where it was not yet; `npm run matrix` does it for every release.
import { expect, it } from 'vitest';
import { prepareNode, RELEASES } from './install/nodes.js';
import { checkRelease } from './matrix.js';

const newest = Math.max(...RELEASES);

it.runIf(process.env['CI'] === 'true')(
  `installs, builds and runs on Node ${newest}`,
  async () => {
    const { problem, steps } = checkRelease(newest, await prepareNode(newest));

    expect(problem).toBeUndefined();
    expect(steps.map(({ name }) => name)).toContain('store, patterns and timers');
  },
  20 * 60_000,
);
