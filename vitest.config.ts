// One run for everything: unit tests beside their files, the pipeline and architecture tests under test/. What only
// computes runs first, a file on each core, with what the files before it have loaded; what starts servers, agents or
// clusters runs after it, one file after another: several of them start a whole cluster, and the machines are small.
import { defineConfig } from 'vitest/config';

const COMPUTING = ['{core,flink,analyzer,rules}/**/*.test.ts', 'test/{architecture,forms,recordings,skimmed}.test.ts'];

const shared = { environment: 'node', maxConcurrency: 2, testTimeout: 60_000, hookTimeout: 180_000 } as const;

export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          ...shared,
          name: 'computing',
          include: COMPUTING,
          maxWorkers: '100%',
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
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
