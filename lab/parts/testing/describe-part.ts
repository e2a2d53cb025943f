// For tests: a describe block that needs real parts. Where one is missing the block is skipped and says so,
// loudly; with CI=true a missing part fails the file instead.
import { describe } from 'vitest';
import { missingReason, requirePart, type PartName } from '../fetch/parts.js';

/** describe(), when all the parts are here. */
export function describeWithParts(names: readonly PartName[], title: string, body: () => void): void {
  const reasons = names.filter((name) => requirePart(name) === undefined).map(missingReason);
  if (reasons.length === 0) {
    describe(title, body);
    return;
  }
  console.warn(`SKIPPED: ${title}: ${reasons.join('; ')}`);
  describe.skip(`${title} (skipped: ${reasons.join('; ')})`, body);
}
