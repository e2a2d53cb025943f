// Runs a service with a log on standard error; a slow reader of the log cannot block the service. Everything that a
// service does runs inside it.
import type { Settings } from '../../core/config/settings.js';
import { createLog, flushLog, type Log, type LogLevel } from '../../core/log.js';
import { createSink } from '../../core/sink.js';

const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** Resolves when the whole log is written. */
export async function runWithLog(settings: Settings, run: (log: Log) => Promise<void>): Promise<void> {
  const sink = createSink(2, (lines) => log.warn({ lines }, 'Lines of this log were lost: the reader was too slow.'));
  const log: Log = createLog(LOG_LEVELS.find((level) => level === settings.logLevel) ?? 'info', sink);
  try {
    await run(log);
  } finally {
    await flushLog(log);
  }
}
