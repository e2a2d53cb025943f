// Provides a describe block for tests that need real parts. If one is missing, the block is skipped with a warning;
// with CI=true a missing part fails the file instead.
import { describe } from 'vitest';
import { missingReason, requirePart, type PartName } from '../parts.js';

/** Runs describe() if all the parts are here. */
export function describeWithParts(names: readonly PartName[], title: string, body: () => void): void {
  const reasons = names.filter((name) => requirePart(name) === undefined).map(missingReason);
  if (reasons.length === 0) {
    describe(title, body);
    return;
  }
  console.warn(`SKIPPED: ${title}: ${reasons.join('; ')}`);
  describe.skip(`${title} (skipped: ${reasons.join('; ')})`, body);
}
