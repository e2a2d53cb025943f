// Compares what writers wrote with what the store has: each entry once, byte for byte. Entries of files that were
// truncated without a copy may be there at most once, and the missing bytes must be those that the agent reported. It
// runs at the end of a sequence.
import type { LogRecord } from '../../core/types.js';
import { KEY_BYTES } from './moves.js';
import { joinPieces, type WrittenEntry, type Generation, type ModelWorld } from './world.js';

/** Number of a record that nobody wrote. */
const FOREIGN = -1;

/** Records by their entry. */
type Stored = ReadonlyMap<string, readonly LogRecord[]>;

interface Losses {
  /** Bytes that were seen but are not in the store. */
  missing: number;
  /** Bytes of all destroyed files, and of those for which more or less may be reported. */
  destroyed: number;
  untold: number;
}

/** Returns what the store has but nobody wrote, what it lacks, and what it has twice; empty if all is well. */
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

/** Returns what was written to the file. */
function render({ entries }: Generation): string {
  return entries.map(({ text }) => `${text}\n`).join('');
}

/** Returns the number of the entry that the record is, or whose beginning it is if the file was truncated. */
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
 * Compares a destroyed file up to where it was read: entries are stored at most once. The last record may contain only
 * a part of its entry, or also the first bytes of the next one, which are too few to recognize it.
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
  // A first line without its end has a key only if its file was idle; what is truncated before is not counted.
  const isKeyed = generation.seen >= KEY_BYTES || content.slice(0, generation.seen).includes('\n');
  return { readTo: isKeyed ? readTo : generation.seen, isKeyed, found };
}

/**
 * Returns true if an agent ended before it learned that the store has a record. It does not know then that the record
 * is stored; if the file is gone as well, the record and everything after it count as lost.
 */
function isUntold({ store }: ModelWorld, { family, entries }: Generation, stored: Stored): boolean {
  return entries.some(({ number }) => stored.get(nameEntry(family, number))?.some(({ id }) => store.untold.has(id)));
}

/**
 * Compares the losses. Each destroyed file may differ by its last line break, or by a line that is too short to
 * identify.
 */
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
