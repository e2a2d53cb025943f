// The audit trail beside the store: each entry as a line of JSON at the end of a file that only its owner may read, and
// in the log of the process. A file that cannot be written is said in the log and stops nobody.
import { appendFileSync } from 'node:fs';
import type { AuditEntry } from '../../api/access/entry.js';
import type { Log } from '../../core/log.js';

/** `file` empty: only the log. A command has none. */
export function createAuditLog(file: string, log: Log | undefined): (entry: AuditEntry) => void {
  return (entry) => {
    log?.info({ audit: entry }, 'Noted in the audit trail.');
    if (file === '') return;
    try {
      // Opened each time, so that a rotation of the file is followed.
      appendFileSync(file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    } catch (error) {
      log?.error({ err: error, file }, 'The file of the audit trail (api.auditFile) cannot be written.');
    }
  };
}
