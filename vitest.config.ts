// Configures one run for all tests: unit tests next to their files, pipeline and architecture tests under test/. Tests
// that only compute run first, one file on each core, with what earlier files have loaded. Tests that start servers,
// agents or clusters run after them, three files at a time, because they wait for half of their time. CI runs both
// projects at once (.ci/run), the first with one worker (COMPUTING_WORKERS).
import { relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const COMPUTING = [
  '{core,flink,analyzer,rules}/**/*.test.ts',
  'agent/record/*.test.ts',
  'api/web/src/**/*.test.ts',
  'store/{conflict,page,words}.test.ts',
  'store/query/*.test.ts',
  'store/elasticsearch/feed-state.test.ts',
  'store/elasticsearch/record/*.test.ts',
  'notify/decide/decide.test.ts',
  'notify/card/*.test.ts',
  'lab/play/cut.test.ts',
  'lab/define/{patch,scenario}.test.ts',
  'test/{architecture,forms,ledger,recordings,skimmed}.test.ts',
];

/** Folders whose tests start clusters, stores and programs, the longest first. */
const LONG = ['store/', 'lab/', 'test/'];

/**
 * Sequencer that starts the files of the long folders first. The files that begin last are short, so that no worker
 * waits for the others at the end.
 */
class LongestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const name = relative(this.ctx.config.root, moduleId);
      const found = LONG.findIndex((folder) => name.startsWith(folder));
      return found < 0 ? LONG.length : found;
    };
    return Promise.resolve(
      [...files].sort((one, other) => rank(one) - rank(other) || (one.moduleId < other.moduleId ? -1 : 1)),
    );
  }
}

/** Limits that only end what hangs: a test may take ten times as long on a machine that is loaded. */
const shared = {
  environment: 'node',
  setupFiles: 'analyzer/testing/remove-folders.ts',
  maxConcurrency: 2,
  testTimeout: 400_000,
  hookTimeout: 400_000,
} as const;

export default defineConfig({
  test: {
    reporters: ['default'],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...shared,
          name: 'computing',
          include: COMPUTING,
          maxWorkers: process.env['COMPUTING_WORKERS'] ?? '100%',
          isolate: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: 'running',
          include: ['{cli,agent,store,notify,api,lab,bench,test}/**/*.test.ts'],
          exclude: COMPUTING,
          maxWorkers: 3,
          globalSetup: ['lab/parts/testing/shared.ts', 'test/install/shared.ts'],
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
