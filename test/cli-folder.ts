// Provides what the tests of the command line share: a folder with the files that they write, a log that has a cause,
// and the causes that an answer names.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export const BUFFERS_LOG = fileURLToPath(
  new URL('../rules/recordings/network.insufficient-buffers.total.log', import.meta.url),
);
export const CAUSE = 'network.insufficient-buffers';

export interface TestFolder {
  readonly folder: string;
  /** Writes a file below it and returns its path. */
  file(name: string, content: string | Buffer): string;
}

/** Makes a folder for the tests of one file, which is removed after them. */
export function useFolder(): TestFolder {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    file: (name, content) => {
      const path = join(folder, name);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, content);
      return path;
    },
  };
}

/** Returns the causes without their consequences. */
export function causesOf(stdout: string): readonly string[] {
  return (JSON.parse(stdout) as { diagnoses: { cause: string; symptom: boolean }[] }).diagnoses
    .filter((diagnosis) => !diagnosis.symptom)
    .map((diagnosis) => diagnosis.cause);
}
