// Plays how clusters, nodes and Jobtrace itself end, on real clusters with the built program next to each: npx tsx
// lab/silence.ts [ENDING…] (--help). Prints a row for each ending with its messages, their delay and their faults.
// watch/endings.ts defines which messages must come.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorText } from '../core/fault.js';
import { FRONT_DOOR } from '../test/program.js';
import { readCommandLine, type BenchScript } from './options.js';
import { startElasticsearch, type Elasticsearch } from './parts/services/elasticsearch.js';
import { renderRow } from './watch/judge.js';
import { ENDINGS, type PlayedEnding } from './watch/endings.js';
import { playEnding } from './watch/ending.js';

const SCRIPT = {
  name: 'lab/silence.ts',
  summary: 'What the service says when clusters, nodes and its own parts end.',
  operands: '[ENDING…]',
  options: {},
} as const satisfies BenchScript;

const { operands } = readCommandLine(SCRIPT);
const chosen = ENDINGS.filter(({ id }) => operands.length === 0 || operands.includes(id));
if (!existsSync(FRONT_DOOR) || chosen.length === 0) {
  const problem = chosen.length === 0 ? 'no such ending' : 'the program is not built; run "npm run build" first';
  console.error(`${SCRIPT.name}: ${problem}.`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'jobtrace-silence-'));
let right = 0;
try {
  console.log(renderRow(['ending', 'first message', 'what was said', 'what is wrong']));
  console.log(renderRow(Array.from({ length: 4 }, () => '---')));
  for (const ending of chosen) if (await play(ending)) right += 1;
  console.log(`\n${right} of ${chosen.length} endings are said as they must be.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function play(ending: PlayedEnding): Promise<boolean> {
  let store: Elasticsearch | undefined;
  try {
    const place = join(folder, ending.id);
    if (ending.needsParts === true)
      store = await startElasticsearch({ version: 8, dir: join(folder, `${ending.id}-store`) });
    const elasticsearch = store === undefined ? undefined : { url: store.url, indexPrefix: 'silence' };
    const { heard, firstMs, faults } = await playEnding(ending, { folder: place, elasticsearch }, store);
    const first = firstMs === undefined ? '–' : `${Math.round(firstMs / 1000)} s`;
    console.log(renderRow([`${ending.id}: ${ending.what}`, first, heard.join('; '), faults.join(' · ')]));
    return faults.length === 0;
  } catch (error) {
    console.log(renderRow([ending.id, '', '', `not played: ${errorText(error)}`]));
    return false;
  } finally {
    await store?.stop();
  }
}
