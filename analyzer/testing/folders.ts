// Folders that tests write into. Test files share the modules that one of them loaded, so vitest.config.ts has
// remove-folders.ts run for each of them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];

/** Gone when the last test of the file has ended. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-analyzer-'));
  made.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}
