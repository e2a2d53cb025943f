// Runs thousands of sequences of the model, half of them here and half in more.test.ts, so that two cores share them;
// and sequences that failed once. A failing seed is printed with its shortest sequence, which belongs into CASES.
import { describe, expect, it } from 'vitest';
import { planSequence, playFirst, playSeeds, playSequence, SEQUENCES, type Sequence } from './play.js';

const STEPS = 30;
const FIRST_STEPS = 40;
const FROM = 1;

/** Seeds from an earlier version with fewer moves, with the fault that each of them found. */
const FIRST_SEEDS: readonly (readonly [seed: number, fault: string])[] = [
  [14, 'what waits for the store when its file is cut away is not lost, also soon after a restart'],
  [595, 'what is read of a file that was cut away since the last look is not taken for its own'],
  [736, 'neither when its last entry is followed by an unfinished line'],
  [5108, 'the beginning of an entry that is on its way is not lost'],
  [5285, 'an unfinished line that grew keeps its id when its file was cut away'],
  [5798, 'what the store has and the agent was never told may count as lost after a restart'],
  [5822, 'bytes that were seen and not read are remembered over a kill'],
  [5864, 'also when the store is down at a stop'],
  [20269, 'a loss is reported once, also when the last entry is stored after it and the agent is killed'],
];

const DOCUMENTS = { kind: 'elasticsearch', prefix: 'jobtrace' } as const;

const CASES: readonly { readonly fault: string; readonly sequence: Sequence }[] = [
  {
    fault: 'where a chunk ends within a line there is no entry yet',
    sequence: { encoding: DOCUMENTS, moves: [['append many', 2, 1380992431]] },
  },
  {
    fault: 'a file that has nothing but the rest of an entry keeps no other waiting',
    sequence: {
      encoding: { kind: 'sqlite' },
      moves: [
        ['a line in pieces over a rotation', 2, 2053498596],
        ['poll', 0, 945797531],
        ['rename', 2, 698482276],
        ['append many', 2, 1221737902],
      ],
    },
  },
  {
    fault: 'and its rest is no entry of its own when the file before it is gone',
    sequence: {
      encoding: { kind: 'sqlite' },
      moves: [
        ['a line in pieces over a rotation', 2, 946824567],
        ['rename', 2, 1216818460],
        ['delete the oldest that was read', 2, 1271311939],
      ],
    },
  },
  {
    fault: 'the last entry behind a rest that was shipped while it was open is shipped when it rests',
    sequence: {
      encoding: DOCUMENTS,
      moves: [
        ['a line in pieces over a rotation', 2, 555221391],
        ['poll after a rest', 2, 629875040],
        ['delete the oldest that was read', 2, 368335061],
      ],
    },
  },
  {
    fault: 'an archive does not go on with a file whose first bytes are those of every line',
    sequence: {
      encoding: { kind: 'sqlite' },
      moves: [
        ['rotations while the store is down', 0, 1559365997],
        ['append half an entry', 0, 1940991408],
        ['rotations while the store is down', 1, 1574459212],
        ['compress the oldest', 0, 2125994136],
        ['copy and truncate', 0, 1859934542],
        ['poll', 1, 1804372122],
      ],
    },
  },
  {
    fault: 'a file that rests is opened to be compared with another, and neither takes the first bytes of the other',
    sequence: {
      encoding: { kind: 'sqlite' },
      maxOpenFiles: 1,
      moves: [
        ['append', 1, 1906740216],
        ['rename', 1, 1862180587],
        ['append', 1, 1571147037],
        ['the same inode again', 1, 2032849739],
      ],
    },
  },
  {
    fault: 'an empty file keeps no other from being opened',
    sequence: {
      encoding: { kind: 'sqlite' },
      maxOpenFiles: 1,
      moves: [
        ['append', 0, 1043000001],
        ['copy and truncate', 0, 1653532415],
      ],
    },
  },
  {
    fault: 'where few files may be open, the beginning of a line in pieces is read before its rest',
    sequence: {
      encoding: DOCUMENTS,
      maxOpenFiles: 4,
      moves: [
        ['a line in pieces over a rotation', 2, 2054908341],
        ['append', 1, 558006978],
        ['append', 0, 726873318],
        ['rename', 1, 1151610007],
        ['append', 1, 1313840358],
        ['the checkpoint is lost', 1, 341519014],
      ],
    },
  },
  {
    fault: 'the beginning of an entry is not looked for in a file that came later',
    sequence: {
      encoding: { kind: 'sqlite' },
      moves: [
        ['a line in pieces over a rotation', 2, 837465971],
        ['rotations while the store is down', 2, 1129158182],
      ],
    },
  },
];

describe('the agent', () => {
  it('has every entry once, whatever happens to files, store and agent', { timeout: 900_000 }, async () => {
    expect(await playSeeds(FROM, FROM + SEQUENCES, STEPS)).toBeUndefined();
  });

  it.each(FIRST_SEEDS)('survives seed %i: %s', async (seed) => {
    expect((await playFirst(seed, FIRST_STEPS)).problems).toEqual([]);
  });

  it.each(CASES)('survives: $fault', async ({ sequence }) => {
    expect((await playSequence(sequence)).problems).toEqual([]);
  });
});

describe('a sequence', () => {
  it('is the same for the same seed', () => {
    expect(planSequence(7, STEPS)).toEqual(planSequence(7, STEPS));
  });
});
