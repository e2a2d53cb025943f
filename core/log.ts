// The only door to pino: Jobtrace's own log, one child per stage. Static sentences, values in fields,
// secrets hidden. Nothing of a user's records is logged above debug.
import { pino, type DestinationStream, type Logger } from 'pino';
import { hideSecrets, SECRET_FIELDS } from './text/secrets.js';

export type Log = Logger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** How long the end of a service waits for a reader of its log that does not read. */
const FLUSH_MS = 5000;

/** Writes JSON lines to standard error, so that standard output stays the result; a service gives a sink of its own. */
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

/** Resolves when everything is written, or after a while where nobody reads it. */
export function flushLog(log: Log): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, FLUSH_MS);
    log.flush(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
