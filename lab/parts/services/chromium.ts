// Finds the browser and lists the flags that playwright-core needs to drive it without a display, a network or a
// sandbox. Use: chromium.launch(browserOptions()) with `chromium` of playwright-core.
import { join } from 'node:path';
import { findPart, missingReason } from '../parts.js';

export const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
] as const;

/** Returns the path of the browser; undefined if it is not installed. */
export function findChromium(): string | undefined {
  const found = findPart('chromium');
  return found === undefined ? undefined : join(found.home, found.part.proof);
}

/** Returns launch options for playwright-core; throws an error with the reason if there is no browser. */
export function browserOptions(): { executablePath: string; args: string[] } {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error(missingReason('chromium'));
  return { executablePath, args: [...CHROMIUM_FLAGS] };
}
