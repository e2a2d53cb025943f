// What is left to chance in a torture, from its seed: the same seed gives the same throws. What the machine makes of
// them differs, as in life. Thrown by the writers, the blows and the proxies.
import { createRandom } from '../../lab/memory/sample.js';

/** Least and most. */
export type DiceSpan = readonly [least: number, most: number];

export interface Dice {
  /** A whole number, both ends included. */
  between(span: DiceSpan): number;
  pick<T>(items: readonly T[]): T;
  /** True in this share of all throws. */
  chance(share: number): boolean;
}

/** `name` tells apart those who throw: none of them changes what the others get. */
export function createDice(seed: number, name: string): Dice {
  const random = createRandom([...name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), seed));
  const between = ([least, most]: DiceSpan): number => Math.floor(least + random() * (most - least + 1));
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
