// Configures one run for all tests: unit tests next to their files, pipeline and architecture tests under test/. Tests
// that only compute run first, one file on each core, with what earlier files have loaded. Tests that start servers,
// agents or clusters run after them, two files at a time, because they wait for more than half of their time and the
// machines are small.
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const COMPUTING = [
  '{core,flink,analyzer,rules}/**/*.test.ts',
  'agent/record/*.test.ts',
  'store/{conflict,page,query,words}.test.ts',
  'store/elasticsearch/{look,mapping}.test.ts',
  'notify/{decide,render}.test.ts',
  'lab/record/cut.test.ts',
  'lab/define/{patch,scenario}.test.ts',
  'test/{architecture,forms,ledger,recordings,skimmed}.test.ts',
];

/** Files that take a minute or more on two cores, the longest first. */
const LONG = [
  'test/model/model.test.ts',
  'test/model/more.test.ts',
  'test/disturbed.test.ts',
  'test/pipeline.test.ts',
  'lab/separation/separation.test.ts',
  'lab/parts/flink/flink.test.ts',
  'lab/judge/sample.test.ts',
  'lab/silence/silence.test.ts',
  'test/replay.test.ts',
  'store/elasticsearch/elasticsearch.test.ts',
  'store/elasticsearch/analysis.test.ts',
  'lab/play/run.test.ts',
  'test/lost-taskmanager.test.ts',
  'test/shared-store.test.ts',
  'test/faults/store.test.ts',
  'lab/parts/services/elasticsearch.test.ts',
  'lab/separation/many.test.ts',
  'test/install/image.test.ts',
  'agent/kill.test.ts',
  'test/patterns.test.ts',
  'api/attack.test.ts',
];

const gone = LONG.filter((name) => !existsSync(join(import.meta.dirname, name)));
if (gone.length > 0) throw new Error(`vitest.config.ts names ${gone.join()}, which does not exist.`);

/**
 * Sequencer that starts the long files first. The files that begin last are short, so that no core waits for the other
 * at the end.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const long = LONG.flatMap((name) =>
      sorted.filter((file) => relative(this.ctx.config.root, file.moduleId) === name),
    );
    return [...long, ...sorted.filter((file) => !long.includes(file))];
  }
}

const shared = {
  environment: 'node',
  setupFiles: 'analyzer/testing/remove-folders.ts',
  maxConcurrency: 2,
  testTimeout: 120_000,
  hookTimeout: 300_000,
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
          maxWorkers: 2,
          globalSetup: ['lab/parts/testing/shared.ts', 'test/install/shared.ts'],
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
