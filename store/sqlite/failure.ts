// Translates an error of SQLite or of the system into an error for the user, and decides whether the same may be tried
// again.
import { basename, dirname } from 'node:path';
import { createError } from '../../core/errors.js';
import { errorText } from '../../core/fault.js';
import { SqliteError } from './engine.js';

/** Runs the work. It is async, so that callers see one kind of failure: a rejected promise with a JobtraceError. */
export async function runTask<Result>(path: string, work: () => Result): Promise<Result> {
  try {
    return work();
  } catch (error) {
    throw explainFailure(path, error);
  }
}

export function isTemporary(code: string | undefined): boolean {
  return code !== undefined && /^SQLITE_(FULL|BUSY|LOCKED|IOERR|READONLY|NOMEM|CANTOPEN)/.test(code);
}

export function readCode(error: unknown): string | undefined {
  return error instanceof SqliteError ? error.code : undefined;
}

/**
 * Returns the advice to move the store and the checkpoint together, because the agent goes on at its checkpoint
 * whatever the store holds.
 */
function adviseMoving(path: string): string {
  return (
    `Stop Jobtrace and move ${basename(path)} and checkpoint.log, both in ${dirname(path)}, away: ` +
    'logs that changed within the last day are then read again from their beginning ' +
    '(agent.startFromEndAfterMs sets how old they may be).'
  );
}

export function explainFailure(path: string, error: unknown): unknown {
  const code = readCode(error) ?? (error instanceof Error && 'code' in error ? String(error.code) : undefined);
  const problem = errorText(error);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') return createError('JT_DISK_FULL', { path }, error);
  if (code === 'SQLITE_NOTADB' || code?.startsWith('SQLITE_CORRUPT') === true) {
    return createError(
      'JT_STORE_UNUSABLE',
      {
        url: path,
        problem: `it is not a database, or it is damaged (${problem})`,
        advice: adviseMoving(path),
      },
      error,
    );
  }
  if (code?.startsWith('SQLITE_BUSY') === true)
    return createError(
      'JT_STORE_UNREACHABLE',
      { url: path, problem: 'another process is writing to it for too long' },
      error,
    );
  if (
    code?.startsWith('SQLITE_') === true ||
    code === 'EACCES' ||
    code === 'EROFS' ||
    code === 'ENOTDIR' ||
    code === 'EPERM'
  )
    return createError('JT_FILE_UNWRITABLE', { path, problem }, error);
  return error;
}
