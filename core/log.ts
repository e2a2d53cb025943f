// Wraps pino, for Jobtrace's own log with one child logger per stage. Messages are static sentences, values are fields,
// and secrets are hidden. Content of user records is logged at debug or below only.
import { pino, type DestinationStream, type Logger } from 'pino';
import { hideSecrets, SECRET_FIELDS } from './text/secrets.js';

export type Log = Logger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Longest time, in milliseconds, that a stopping service waits for a log reader that does not read. */
const FLUSH_MS = 5000;

/**
 * Writes JSON lines to standard error, so that standard output holds only the result. A service passes its own sink.
 */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  return pino(
    {
      name: 'jobtrace',
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: {
        err: (error: Error) => ({
          type: error.name,
          message: hideSecrets(error.message),
          stack: hideSecrets(error.stack ?? ''),
        }),
      },
      redact: {
        paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`]),
        censor: '***',
      },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
}

/** Resolves when everything is written, or after FLUSH_MS if the reader does not read. */
export function flushLog(log: Log): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, FLUSH_MS);
    log.flush(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
