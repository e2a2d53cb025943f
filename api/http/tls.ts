// Provides TLS for Jobtrace's servers: a certificate and its key from files, which are reloaded when the files change.
// An unusable pair is an error at the start; later the previous pair stays in use and the log reports the problem.
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { createError, JobtraceError } from '../../core/errors.js';
import { describeFault, errorText } from '../../core/fault.js';
import type { Log } from '../../core/log.js';

/** Paths of PEM files. */
export interface TlsFiles {
  /** Prefix of the settings, such as `api`, for messages. */
  readonly part: string;
  readonly certFile: string;
  readonly keyFile: string;
}

interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

const POLL_EVERY_MS = 2000;

/** Creates the server. Throws JT_FILE_UNREADABLE, JT_CONFIG_INVALID. */
export function createTlsServer(
  files: TlsFiles,
  log: Log,
  options: ServerOptions,
  onRequest: RequestListener,
  pollMs = POLL_EVERY_MS,
): Server {
  let pair = readPair(files);
  let problem: string | undefined;
  const server = createServer({ ...options, ...pair }, onRequest);
  const checkFiles = (): void => {
    try {
      const next = readPair(files);
      problem = undefined;
      if (next.cert.equals(pair.cert) && next.key.equals(pair.key)) return;
      pair = next;
      server.setSecureContext(pair);
      log.info({ file: files.certFile }, 'The certificate was read again.');
    } catch (error) {
      if (!(error instanceof JobtraceError)) throw error;
      // During a renewal one of the two files may already be new and the other not; each problem is logged once.
      if (error.message !== problem)
        log.warn({ err: error }, 'The new certificate cannot be used; the one before stays.');
      problem = error.message;
    }
  };
  const timer = setInterval(checkFiles, pollMs).unref();
  server.on('close', () => clearInterval(timer));
  return server;
}

function readPair({ part, certFile, keyFile }: TlsFiles): Pair {
  const [cert, key] = [readFile(certFile), readFile(keyFile)];
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const problem = `  ${part}.certFile and ${part}.keyFile cannot be used together: ${errorText(error)}`;
    throw createError('JT_CONFIG_INVALID', { problems: problem }, error);
  }
  return { cert, key };
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw createError('JT_FILE_UNREADABLE', { path, problem: describeFault(error) }, error);
  }
}
