// Makes the random choices of a torture from its seed: the same seed gives the same choices, but not the same timing on
// the machine. For the writers, the blows and the proxies.
import { createRandom } from '../../lab/reference/memory-sample.js';

/** Minimum and maximum. */
export type DiceSpan = readonly [least: number, max: number];

export interface Dice {
  /** Returns a whole number, both ends included. */
  between(span: DiceSpan): number;
  pick<T>(items: readonly T[]): T;
  /** Returns true with this probability. */
  chance(share: number): boolean;
}

/** Creates a generator. `name` separates its users, so that none of them changes the choices of the others. */
export function createDice(seed: number, name: string): Dice {
  const random = createRandom([...name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), seed));
  const between = ([least, max]: DiceSpan): number => Math.floor(least + random() * (max - least + 1));
  return {
    between,
    pick: (items) => {
      const item = items[between([0, items.length - 1])];
      if (item === undefined) throw new Error('there is nothing to pick from');
      return item;
    },
    chance: (share) => random() < share,
  };
}
