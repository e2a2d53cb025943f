// Plays the sequence of moves of a seed and returns its problems at the end, with the shortest sequence that still
// shows them. For the tests next to it, and by hand: npx tsx test/model/play.ts --sequences 10000 [--from 1] [--steps
// 40] [--open-files 4].
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Encoding } from '../../store/store.js';
import { FIRST_ROWS, ROWS, type MoveRow } from './moves.js';
import { compareStored } from './oracle.js';
import { createRandom, finishEntry, openWorld, pick, readAll, type ModelWorld } from './world.js';

const ROWS_OF_DATABASE: Encoding = { kind: 'sqlite' };
const DOCUMENTS: Encoding = { kind: 'elasticsearch', prefix: 'jobtrace' };
/** Number of writers: two of log4j, one of a container runtime. */
const WRITERS = 3;
const FIRST_WRITERS = 2;
/**
 * Number of sequences of each of the two tests. MODEL_SEQUENCES plays more. Faults that were put into the agent on
 * purpose are found within the first hundred (docs/agent.md).
 */
export const SEQUENCES = Number(process.env['MODEL_SEQUENCES'] ?? 500);
const MAX_SEED = 0x7f_ff_ff_ff;
/** Largest number of runs to shorten a failing sequence. */
const MAX_TRIES = 300;

/** Move with its own random seed, so that the others stay the same when it is left out. */
export type Move = readonly [name: string, writer: number, seed: number];

export interface Sequence {
  readonly encoding: Encoding;
  /** Limit so low that files are closed whenever they are idle; absent: all may be open. */
  readonly maxOpenFiles?: number;
  readonly moves: readonly Move[];
}

export interface Outcome {
  readonly history: readonly string[];
  /** Problems; empty if all is well. */
  readonly problems: readonly string[];
}

/** Plans a sequence. Half of all sequences use the record encoding of SQLite, the other half that of Elasticsearch. */
export function planSequence(seed: number, steps: number, options: Pick<Sequence, 'maxOpenFiles'> = {}): Sequence {
  const random = createRandom(seed);
  const moves = Array.from({ length: steps }, (): Move => [
    pickRow(random, ROWS).name,
    pick(random, WRITERS),
    pick(random, MAX_SEED),
  ]);
  return { ...options, encoding: seed % 2 === 0 ? ROWS_OF_DATABASE : DOCUMENTS, moves };
}

export function playSequence({ moves, ...options }: Sequence): Promise<Outcome> {
  const world = openWorld({ ...options, random: createRandom(0), hasContainer: true });
  return play(world, listTurns(moves));
}

/** Plays a seed of the earlier version, which had fewer rows and one random generator for all moves. */
export function playFirst(seed: number, steps: number): Promise<Outcome> {
  const random = createRandom(seed);
  const world = openWorld({ encoding: ROWS_OF_DATABASE, random, hasContainer: false });
  return play(world, listFirstTurns(random, steps));
}

interface Turn {
  readonly row: MoveRow;
  /** Picks the writer when the move is made. */
  readonly pickWriter: () => number;
  readonly random: () => number;
}

function* listTurns(moves: readonly Move[]): Generator<Turn> {
  for (const [name, writer, seed] of moves) {
    const row = ROWS.find((item) => item.name === name);
    if (row === undefined) throw new Error(`There is no move "${name}".`);
    yield { row, pickWriter: () => writer, random: createRandom(seed) };
  }
}

function* listFirstTurns(random: () => number, steps: number): Generator<Turn> {
  for (let turn = 0; turn < steps; turn += 1)
    yield { row: pickRow(random, FIRST_ROWS), pickWriter: () => pick(random, FIRST_WRITERS), random };
}

function pickRow(random: () => number, rows: readonly MoveRow[]): MoveRow {
  let rest = random() * rows.reduce((sum, { weight }) => sum + weight, 0);
  const found = rows.find(({ weight }) => (rest -= weight) < 0) ?? rows[0];
  if (found === undefined) throw new Error('There are no moves.');
  return found;
}

async function play(world: ModelWorld, turns: Iterable<Turn>): Promise<Outcome> {
  const history: string[] = [];
  try {
    for (const { row, pickWriter, random } of turns) {
      history.push(row.name);
      world.random = random;
      world.fixture.clock.offsetMs += 1;
      const writer = world.writers[pickWriter()];
      if (writer === undefined) throw new Error('There is no such writer.');
      await row.make(world, writer);
    }
    await finish(world);
    return { history, problems: await compareStored(world) };
  } finally {
    await world.fixture.close();
  }
}

async function finish(world: ModelWorld): Promise<void> {
  for (const writer of world.writers) finishEntry(world, writer);
  await readAll(world);
  await readAll(world);
}

/** Leaves out moves that are not needed for the same failure: halves first, single moves last. */
export async function shorten({ moves, ...options }: Sequence, problems: readonly string[]): Promise<Sequence> {
  const kinds = new Set(problems.map(nameKind));
  let left = moves;
  let tries = 0;
  for (let size = Math.ceil(left.length / 2); size >= 1; size = Math.floor(size / 2))
    for (let at = 0; at < left.length && tries < MAX_TRIES;) {
      const fewer = left.filter((_move, index) => index < at || index >= at + size);
      tries += 1;
      const outcome = await playSequence({ ...options, moves: fewer });
      if (outcome.problems.some((problem) => kinds.has(nameKind(problem)))) left = fewer;
      else at += size;
    }
  return { ...options, moves: left };
}

/** Returns the kind of a problem: `event 14 is stored 2 times` → `event # is stored 2 times`. */
function nameKind(problem: string): string {
  return problem
    .replace(/^foreign.*/s, 'foreign')
    .replace(/event \d+/, 'event #')
    .replace(/ as ".*/s, ' as')
    .replace(/\d+ bytes.*/, 'bytes');
}

/** Explains a failure for a person: a line that can be added to the cases. */
export async function explain(seed: number, sequence: Sequence, { problems }: Outcome): Promise<string> {
  const short = await shorten(sequence, problems);
  const names = short.moves.map(([name, writer]) => `${name} (${writer})`).join(', ');
  return [
    `seed ${seed}: ${problems.slice(0, 5).join('; ')}`,
    `  shortened: ${names}`,
    `  ${JSON.stringify(short)}`,
  ].join('\n');
}

/**
 * Plays all seeds, each with a number of moves between a third of the limit and the limit; returns the explanation of
 * the first failure.
 */
export async function playSeeds(from: number, to: number, max: number): Promise<string | undefined> {
  const least = Math.ceil(max / 3);
  for (let seed = from; seed < to; seed += 1) {
    const sequence = planSequence(seed, least + (seed % (max - least + 1)));
    const outcome = await playSequence(sequence);
    if (outcome.problems.length > 0) return explain(seed, sequence, outcome);
  }
  return undefined;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sequences: { type: 'string', default: '1000' },
      from: { type: 'string', default: '1' },
      steps: { type: 'string', default: '40' },
      'open-files': { type: 'string' },
    },
  });
  const [from, steps] = [Number(values.from), Number(values.steps)];
  const openFiles = values['open-files'];
  const options = openFiles === undefined ? {} : { maxOpenFiles: Number(openFiles) };
  let failed = 0;
  for (let seed = from; seed < from + Number(values.sequences); seed += 1) {
    const sequence = planSequence(seed, steps, options);
    const outcome = await playSequence(sequence);
    if (outcome.problems.length === 0) continue;
    failed += 1;
    process.stdout.write(`${await explain(seed, sequence, outcome)}\n`);
  }
  const cpu = process.cpuUsage();
  const seconds = ((cpu.user + cpu.system) / 1e6).toFixed(1);
  process.stdout.write(`${values.sequences} sequences of ${steps} moves, ${failed} failed, ${seconds} CPU-seconds\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
