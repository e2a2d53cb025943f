// One run for everything: unit tests beside their files, the pipeline and architecture tests under test/.
// Test files run one after another: several of them start real clusters, and the machines are small.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{cli,core,flink,agent,store,analyzer,notify,api,rules,lab,bench,test}/**/*.test.ts'],
    environment: 'node',
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 180_000,
    reporters: ['default'],
  },
});
