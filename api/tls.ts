// TLS of our own servers: a certificate and its key from files, taken again when the files change, as when a
// certificate is renewed. A pair that cannot be used is refused at the start; later the one before stays in use, and
// the log says so.
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { createError, JobtraceError } from '../core/errors.js';
import { describeFault, errorText } from '../core/fault.js';
import type { Log } from '../core/log.js';

/** Paths of PEM files. */
export interface TlsFiles {
  /** Whose settings they are, as `api`: for messages. */
  readonly part: string;
  readonly certFile: string;
  readonly keyFile: string;
}

interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

const LOOK_EVERY_MS = 2000;

/** Throws JT_FILE_UNREADABLE, JT_CONFIG_INVALID. */
export function createTlsServer(
  files: TlsFiles,
  log: Log,
  options: ServerOptions,
  onRequest: RequestListener,
  lookMs = LOOK_EVERY_MS,
): Server {
  let pair = readPair(files);
  let problem: string | undefined;
  const server = createServer({ ...options, ...pair }, onRequest);
  const look = (): void => {
    try {
      const next = readPair(files);
      problem = undefined;
      if (next.cert.equals(pair.cert) && next.key.equals(pair.key)) return;
      pair = next;
      server.setSecureContext(pair);
      log.info({ file: files.certFile }, 'The certificate was read again.');
    } catch (error) {
      if (!(error instanceof JobtraceError)) throw error;
      // Of two files one may be new already and the other not.
      if (error.message !== problem)
        log.warn({ err: error }, 'The new certificate cannot be used; the one before stays.');
      problem = error.message;
    }
  };
  const timer = setInterval(look, lookMs).unref();
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
