// Runs the other half of the sequences of model.test.ts, for the other core.
import { describe, expect, it } from 'vitest';
import { playSeeds, SEQUENCES } from './play.js';

const STEPS = 30;
const FROM = 5001;

describe('the agent', () => {
  it('has every entry once, whatever else happens', { timeout: 900_000 }, async () => {
    expect(await playSeeds(FROM, FROM + SEQUENCES, STEPS)).toBeUndefined();
  });
});
