// Settings → an open store. The commands that run services make a store that is not there; the commands that only
// look refuse. The caller closes it.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsFiles } from '../../api/tls.js';
import type { Settings } from '../../core/config/settings.js';
import { createError, JobtraceError } from '../../core/errors.js';
import { openStore, type openSetup } from '../../store/open.js';
import type { Store } from '../../store/store.js';
import { describeFault, errorText } from '../../core/fault.js';
import { openThread } from './thread/thread.js';

const DATABASE = 'jobtrace.db';

/** Opens the store for a service; the embedded one is made when it is missing. */
export async function openServiceStore(settings: Settings): Promise<Store> {
  if (settings['store.kind'] !== 'sqlite') return open(settings);
  makeFolder(settings.dataDir);
  return openStore({
    kind: 'sqlite',
    path: join(settings.dataDir, DATABASE),
    openThread: (workerData) => openThread('store-worker', { workerData }),
  });
}

/** Opens a store to look into, or to send records to; a missing embedded one is an error and not made. */
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

/** Undefined where the server of a part speaks http. Throws JT_CONFIG_INVALID. */
export function readTls(settings: Settings, part: 'api' | 'analyzer' | 'agent'): TlsFiles | undefined {
  const [certFile, keyFile] = [settings[`${part}.certFile`], settings[`${part}.keyFile`]];
  checkPair(part, certFile, keyFile);
  return certFile === '' ? undefined : { part, certFile, keyFile };
}

/** Throws JT_CONFIG_INVALID. */
function checkPair(part: string, certFile: string, keyFile: string): void {
  if ((certFile === '') !== (keyFile === ''))
    throw createError('JT_CONFIG_INVALID', {
      problems: `  ${part}.${certFile === '' ? 'certFile' : 'keyFile'} is missing: a certificate and its key belong together.`,
    });
}

/** What the settings say of Elasticsearch. */
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

/** Empty: none is wanted. Throws JT_FILE_UNREADABLE. */
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

/** The same store, and `onError` hears the code of whatever fails of it. */
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
