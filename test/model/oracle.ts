// What writers wrote, against what the store has: each entry once, byte for byte; of files that were cut away without a
// copy at most once, and the bytes that are missing are those that the agent reported. Called at the end of a sequence.
import type { LogRecord } from '../../core/types.js';
import { KEY_BYTES } from './moves.js';
import { joinPieces, type WrittenEntry, type Generation, type ModelWorld } from './world.js';

/** Number of what nobody wrote. */
const FOREIGN = -1;

/** Records by the entry that they are. */
type Stored = ReadonlyMap<string, readonly LogRecord[]>;

interface Losses {
  /** Bytes that were seen and are not in the store. */
  missing: number;
  /** Bytes of all destroyed files, and of those of which more or less may be reported. */
  destroyed: number;
  untold: number;
}

/** What the store has that was not written, or lacks, or has twice; empty when all is well. */
export async function compareStored(world: ModelWorld): Promise<string[]> {
  const stored = groupRecords(world, await world.fixture.records());
  const problems: string[] = [];
  const losses: Losses = { missing: 0, destroyed: 0, untold: 0 };
  for (const generation of world.generations) {
    if (!generation.isDestroyed) problems.push(...compareWhole(generation, stored));
    else {
      const { readTo, isKeyed, found } = compareDestroyed(generation, stored);
      problems.push(...found);
      losses.missing += Math.max(0, generation.seen - readTo);
      losses.destroyed += generation.size;
      if (!isKeyed || isUntold(world, generation, stored)) losses.untold += generation.size;
    }
  }
  for (const [key, records] of stored)
    if (key.endsWith(` ${FOREIGN}`))
      for (const record of records) problems.push(`foreign: ${record['event.original']}`);
  return [...problems, ...compareLosses(world, losses)];
}

function groupRecords({ generations }: ModelWorld, records: readonly LogRecord[]): Stored {
  const written = new Map<string, { readonly entry: WrittenEntry; readonly generation: Generation }[]>();
  for (const generation of generations)
    for (const entry of generation.entries) {
      const key = nameEntry(generation.family, entry.number);
      written.set(key, [...(written.get(key) ?? []), { entry, generation }]);
    }
  const cut = generations
    .filter(({ isDestroyed }) => isDestroyed)
    .map((generation) => ({ generation, content: render(generation) }));
  const families = [...new Set(generations.map(({ family }) => family))];
  const stored = new Map<string, LogRecord[]>();
  for (const record of records) {
    const family = families.find((path) => record['log.file.path'].startsWith(path)) ?? '';
    const key = nameEntry(family, findNumber(record, family, written, cut));
    const same = stored.get(key);
    if (same === undefined) stored.set(key, [record]);
    else same.push(record);
  }
  return stored;
}

function nameEntry(family: string, number: number): string {
  return `${family} ${number}`;
}

/** What was written to it. */
function render({ entries }: Generation): string {
  return entries.map(({ text }) => `${text}\n`).join('');
}

/** Which entry the record is, or the beginning of one that was cut away. */
function findNumber(
  record: LogRecord,
  family: string,
  written: ReadonlyMap<string, readonly { readonly entry: WrittenEntry }[]>,
  cut: readonly { readonly generation: Generation; readonly content: string }[],
): number {
  const text = record['event.original'];
  const offset = record['log.offset'];
  const own = written.get(nameEntry(family, Number(/event (\d+)/.exec(joinPieces(text))?.[1] ?? FOREIGN)));
  const same = own?.find(({ entry }) => entry.text === text && entry.start === offset);
  if (same !== undefined) return same.entry.number;
  const begun = cut
    .filter(({ generation, content }) => generation.family === family && content.startsWith(text, offset))
    .flatMap(({ generation }) => generation.entries)
    .find((entry) => entry.start === offset && text.startsWith(entry.text.slice(0, text.length)));
  return begun?.number ?? own?.[0]?.entry.number ?? FOREIGN;
}

function compareWhole({ family, entries }: Generation, stored: Stored): string[] {
  return entries.flatMap(({ number, text }) => {
    const texts = (stored.get(nameEntry(family, number)) ?? []).map((record) => record['event.original']);
    if (texts.length !== 1) return [`event ${number} is stored ${texts.length} times`];
    return texts[0] === text ? [] : [`event ${number} is stored as ${JSON.stringify(texts[0])}`];
  });
}

/**
 * Up to where it was read: entries are stored at most once. The last record may hold a part of its entry only, or the
 * first bytes of the next one, too few to tell that it is one.
 */
function compareDestroyed(
  generation: Generation,
  stored: Stored,
): { readonly readTo: number; readonly isKeyed: boolean; readonly found: readonly string[] } {
  const content = render(generation);
  let readTo = 0;
  const found: string[] = [];
  for (const { number, start } of generation.entries) {
    const texts = (stored.get(nameEntry(generation.family, number)) ?? []).map((record) => record['event.original']);
    if (texts.length > 1) found.push(`event ${number} is stored ${texts.length} times`);
    if (texts.some((item) => !content.startsWith(item, start))) found.push(`event ${number} is stored as another`);
    if (texts[0] !== undefined) readTo = start + texts[0].length + 1;
  }
  // A first line without its end has a key only when its file rested; what is cut away before is not counted.
  const isKeyed = generation.seen >= KEY_BYTES || content.slice(0, generation.seen).includes('\n');
  return { readTo: isKeyed ? readTo : generation.seen, isKeyed, found };
}

/**
 * An agent that ended before it heard of a record does not know that the store has it; when its file is gone as well,
 * the record and what came behind it count as lost.
 */
function isUntold({ store }: ModelWorld, { family, entries }: Generation, stored: Stored): boolean {
  return entries.some(({ number }) => stored.get(nameEntry(family, number))?.some(({ id }) => store.untold.has(id)));
}

/** Each destroyed file may differ by its last line break, or by a line too short to tell what it is. */
function compareLosses(world: ModelWorld, { missing, destroyed, untold }: Losses): string[] {
  const lost = world.lostBefore + world.fixture.counter('lostBytes');
  const collided =
    world.collidedBefore + world.fixture.counter('collidedRecords') + world.fixture.counter('refusedRecords');
  const problems = collided > 0 ? [`${collided} records were refused`] : [];
  const count = world.generations.filter(({ isDestroyed }) => isDestroyed).length;
  const isExact = lost >= missing - count && lost <= missing + untold + count;
  if (world.isVague ? lost > destroyed : !isExact) problems.push(`${lost} bytes are reported as lost, ${missing} are`);
  return problems;
}
