// The only door to pino: Jobtrace's own log, one child per stage. Static sentences, values in fields,
// secrets hidden. Nothing of a user's records is logged above debug.
import { pino, type Logger } from 'pino';
import { hideSecrets } from './errors.js';

export type Log = Logger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Writes JSON lines to standard error, so that standard output stays the result. */
export function createLog(level: LogLevel): Log {
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
        paths: ['password', 'token', 'apiKey', 'secret', '*.password', '*.token', '*.apiKey', '*.secret'],
        censor: '***',
      },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
