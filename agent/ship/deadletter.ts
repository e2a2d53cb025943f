// Records that the store will never take: kept on this node, one JSON line each, message intact. A record counts as
// delivered only when its line is synced to disk; until then it waits like any other. Called by ship.ts.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { LogRecord } from '../../core/types.js';
import { writeError } from '../checkpoint/checkpoint.js';

export interface DeadLetter {
  readonly time: string;
  readonly error: string;
  readonly record: LogRecord;
}

export function deadLetterPath(dataDir: string): string {
  return join(dataDir, 'dead-letters.ndjson');
}

/**
 * Appends to `dataDir`/dead-letters.ndjson. Throws JT_DISK_FULL or JT_FILE_UNWRITABLE: nothing may be forgotten then.
 */
export function appendDeadLetters(dataDir: string, letters: readonly DeadLetter[]): void {
  const path = deadLetterPath(dataDir);
  try {
    const file = openSync(path, 'a', 0o600);
    try {
      const text = letters.map((letter) => `${JSON.stringify(letter)}\n`).join('');
      if (writeSync(file, text) !== Buffer.byteLength(text)) writeSync(file, '\n');
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw writeError(path, error);
  }
}
