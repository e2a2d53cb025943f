// Tests that the diagnosis stays the same with a level filter on the node (agent.minimumLevel), with which most lines
// of recordings are never stored.
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { listSignalWords } from '../analyzer/catalog/signal-words.js';
import { RECORDINGS_DIR, listRecordings, loadManifest } from '../lab/play/manifest.js';
import { openAgentFixture, type AgentFixture } from './agent-fixture.js';
import { judgeFiles, judgeStore } from './shipped.js';

const words = listSignalWords(loadCatalog());
let fixture: AgentFixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

describe('agent.minimumLevel', () => {
  it.each(listRecordings().filter((_folder, index) => index % 8 === 0))(
    'changes no diagnosis of %s',
    async (folder) => {
      const dir = join(RECORDINGS_DIR, folder);
      const paths = loadManifest(dir).processes.flatMap(({ files }) => files.map((file) => join(dir, file)));
      fixture = openAgentFixture({ undecidedFlushMs: 1_000, words, minimumLevel: 'ERROR', paths });
      await fixture.poll(3);
      await fixture.agent.flush();
      const records = await fixture.records();

      expect(
        records.filter(
          (record) =>
            record['jobtrace.signal']?.startsWith('no.') === true && /^(?:INFO|WARN)$/.test(record['log.level'] ?? ''),
        ),
      ).toEqual([]);
      expect(await judgeStore(fixture.store)).toEqual(judgeFiles(paths));
    },
  );

  it('counts what it leaves out, moves offsets over it, and leaves out nothing while no words are known', async () => {
    const dir = join(RECORDINGS_DIR, listRecordings()[0] ?? '');
    const paths = loadManifest(dir).processes.flatMap(({ files }) => files.map((file) => join(dir, file)));
    fixture = openAgentFixture({ undecidedFlushMs: 1_000, minimumLevel: 'ERROR', paths });
    await fixture.poll(3);
    const all = (await fixture.records()).length;
    const unknown = fixture.counter('droppedEntries');
    await fixture.close();

    fixture = openAgentFixture({ undecidedFlushMs: 1_000, words, minimumLevel: 'ERROR', paths });
    await fixture.poll(3);
    await fixture.agent.flush();
    const kept = (await fixture.records()).length;
    const dropped = fixture.counter('droppedEntries');

    expect(unknown).toBe(0);
    expect(dropped).toBeGreaterThan(10);
    expect(kept).toBeLessThan(all);
    expect(fixture.agent.status().lagBytes).toBe(0);
  });
});
