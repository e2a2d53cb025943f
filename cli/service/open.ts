// Opens the store of the settings. Commands that run services create a missing store; commands that only read reject
// it. The caller closes the store.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsFiles } from '../../api/http/tls.js';
import type { Settings } from '../../core/config/settings.js';
import { createError, JobtraceError } from '../../core/errors.js';
import { openStore, type openSetup } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { describeFault, errorText } from '../../core/fault.js';
import { openThread } from './thread.js';

const DATABASE = 'jobtrace.db';

/** Opens the store for a service; creates the embedded one if it is missing. */
export async function openServiceStore(settings: Settings): Promise<Store> {
  if (settings['store.kind'] !== 'sqlite') return open(settings);
  makeFolder(settings.dataDir);
  return openStore({
    kind: 'sqlite',
    path: join(settings.dataDir, DATABASE),
    openThread: (workerData) => openThread('store-worker', { workerData }),
  });
}

/** Opens a store for reading, or for sending records; a missing embedded store is an error and is not created. */
export async function openExistingStore(settings: Settings, to: 'read' | 'write' = 'read'): Promise<Store> {
  const path = join(settings.dataDir, DATABASE);
  if (settings['store.kind'] === 'sqlite' && !existsSync(path))
    throw createError('JT_DATA_MISSING', { path: settings.dataDir });
  return open(settings, to === 'read');
}

function open(settings: Settings, readonly = false): Promise<Store> {
  if (settings['store.kind'] === 'sqlite')
    return openStore({ kind: 'sqlite', path: join(settings.dataDir, DATABASE), readonly });
  return openStore({ kind: 'elasticsearch', ...elasticsearchOf(settings) });
}

/** Returns the certificate files of a server; undefined for http. Throws JT_CONFIG_INVALID. */
export function readTls(settings: Settings, part: 'api' | 'analyzer' | 'agent'): TlsFiles | undefined {
  const [certFile, keyFile] = [settings[`${part}.certFile`], settings[`${part}.keyFile`]];
  checkPair(part, certFile, keyFile);
  return certFile === '' ? undefined : { part, certFile, keyFile };
}

/** Throws JT_CONFIG_INVALID if only one of the two files is given. */
function checkPair(part: string, certFile: string, keyFile: string): void {
  if ((certFile === '') !== (keyFile === ''))
    throw createError('JT_CONFIG_INVALID', {
      problems: `  ${part}.${certFile === '' ? 'certFile' : 'keyFile'} is missing: a certificate and its key belong together.`,
    });
}

/** Returns the settings of Elasticsearch. */
export function elasticsearchOf(settings: Settings): Parameters<typeof openSetup>[0] {
  const [certFile, keyFile] = [settings['store.certFile'], settings['store.keyFile']];
  checkPair('store', certFile, keyFile);
  return {
    nodes: settings['store.urls'],
    indexPrefix: settings['store.indexPrefix'],
    compress: settings['store.compress'],
    ...(settings['store.apiKey'] === '' ? {} : { apiKey: settings['store.apiKey'] }),
    ...(settings['store.username'] === ''
      ? {}
      : { username: settings['store.username'], password: settings['store.password'] }),
    ca: readPem(settings['store.caFile']),
    cert: readPem(certFile),
    key: readPem(keyFile),
  };
}

/** Returns the content of a PEM file; empty without a path. Throws JT_FILE_UNREADABLE. */
function readPem(path: string): string {
  if (path === '') return '';
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw createError('JT_FILE_UNREADABLE', { path, problem: describeFault(error) }, error);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw createError('JT_FILE_UNWRITABLE', { path, problem: errorText(error) }, error);
  }
}

/** Wraps the store so that `onError` gets the error code of each failed call. */
export function countStoreErrors(store: Store, onError: (code: string) => void): Store {
  const note = (error: unknown): void => onError(error instanceof JobtraceError ? error.code : 'unexpected');
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: readonly unknown[]): unknown => {
        const answer: unknown = Reflect.apply(value, target, given);
        if (answer instanceof Promise) answer.catch(note);
        return answer;
      };
    },
  });
}
