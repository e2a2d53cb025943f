// Writes the audit log outside the store: each entry as a line of JSON at the end of a file that only its owner may
// read, and to the log of the process. A failed write is logged and stops nothing.
import { appendFileSync } from 'node:fs';
import type { AuditEntry } from '../../api/auth/entry.js';
import type { Log } from '../../core/log.js';

/** Creates the function that writes an entry. An empty `file` means the log only; a command has no log. */
export function createAuditLog(file: string, log: Log | undefined): (entry: AuditEntry) => void {
  return (entry) => {
    log?.info({ audit: entry }, 'Noted in the audit log.');
    if (file === '') return;
    try {
      // The file is opened for each entry, so that a rotation of the file has an effect.
      appendFileSync(file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    } catch (error) {
      log?.error({ err: error, file }, 'The file of the audit log (api.auditFile) cannot be written.');
    }
  };
}
