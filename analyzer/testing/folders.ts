// Creates folders that tests write into and removes them at the end. Test files share loaded modules, so that
// vitest.config.ts runs remove-folders.ts for each of them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];

/** Creates a folder that is removed after the last test of the file. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-analyzer-'));
  made.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}
