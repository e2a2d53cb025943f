// Diagnoses pasted logs outside the event loop: in one worker thread with its own catalog (paste-worker.ts), which
// starts with the first paste and is kept. Pastes are diagnosed one after another with a time limit. A paste that
// exceeds it ends together with its worker, and the next paste starts a new one.
import type { Worker } from 'node:worker_threads';
import type { DiagnosisDocument } from '../../analyzer/incident/document.js';
import { createError, JobtraceError } from '../../core/errors.js';
import type { Language } from '../../core/types.js';
import type { PasteAnswer, PasteOrder, PasteWorkerData } from './paste-worker.js';
import { openThread } from './thread.js';

export interface PasteDiagnoser {
  /** Diagnoses a log. Throws JT_REQUEST_INVALID if it is not a log, JT_ARCHIVE_INVALID, JT_DIAGNOSE_STOPPED. */
  diagnose(bytes: Buffer, language: Language): Promise<DiagnosisDocument>;
  /** Reloads the rules after a change of their files or folders. */
  reload(folders: readonly string[]): void;
  close(): Promise<void>;
}

export interface PasteOptions extends PasteWorkerData {
  readonly limitMs?: number;
}

interface Paste {
  readonly bytes: Buffer;
  readonly language: Language;
  readonly resolve: (document: DiagnosisDocument) => void;
  readonly reject: (error: Error) => void;
}

interface Pool {
  readonly options: PasteOptions;
  folders: readonly string[];
  readonly waiting: Paste[];
  worker: Worker | undefined;
  running: { readonly paste: Paste; readonly timer: NodeJS.Timeout } | undefined;
}

const LIMIT_MS = 120_000;
/** Heap limit in MiB. A log that needs more ends its worker and not the process. */
const MAX_HEAP_MIB = 2048;

export function createPasteDiagnoser(options: PasteOptions): PasteDiagnoser {
  const pool: Pool = { options, folders: options.folders, waiting: [], worker: undefined, running: undefined };
  return {
    diagnose: (bytes, language) =>
      new Promise((resolve, reject) => {
        pool.waiting.push({ bytes, language, resolve, reject });
        startNext(pool);
      }),
    reload: (folders) => {
      pool.folders = folders;
      pool.worker?.postMessage({ kind: 'reload', folders } satisfies PasteOrder);
    },
    close: async () => {
      const { worker } = pool;
      for (const paste of pool.waiting.splice(0)) paste.reject(stopped('Jobtrace is being stopped'));
      giveUp(pool, stopped('Jobtrace is being stopped'));
      await worker?.terminate();
    },
  };
}

function startNext(pool: Pool): void {
  if (pool.running !== undefined) return;
  const paste = pool.waiting.shift();
  if (paste === undefined) return;
  const worker = (pool.worker ??= openWorker(pool));
  const limitMs = pool.options.limitMs ?? LIMIT_MS;
  const timer = setTimeout(() => {
    giveUp(pool, stopped(`it took longer than ${limitMs / 1000} seconds`));
    void worker.terminate();
    startNext(pool);
  }, limitMs);
  pool.running = { paste, timer };
  const order: PasteOrder = { kind: 'diagnose', bytes: paste.bytes, language: paste.language };
  worker.postMessage(order);
}

function openWorker(pool: Pool): Worker {
  const { folders, options } = pool;
  const data: PasteWorkerData = { folders, zone: options.zone };
  const limits = { maxOldGenerationSizeMb: MAX_HEAP_MIB };
  const worker = openThread('paste-worker', { workerData: data, resourceLimits: limits });
  worker.unref();
  worker.on('message', (answer: PasteAnswer) => takeAnswer(pool, worker, answer));
  worker.on('error', (error) => {
    if (pool.worker !== worker) return;
    giveUp(pool, stopped(`its worker ended: ${error.message}`));
    startNext(pool);
  });
  return worker;
}

function takeAnswer(pool: Pool, worker: Worker, answer: PasteAnswer): void {
  if (pool.worker !== worker || pool.running === undefined) return;
  const { paste, timer } = pool.running;
  clearTimeout(timer);
  pool.running = undefined;
  if (answer.kind === 'document') paste.resolve(answer.document);
  else if (answer.kind === 'refused') paste.reject(createError(answer.code, answer.details));
  else paste.reject(new Error(answer.problem));
  startNext(pool);
}

/** Abandons the worker and rejects the paste that waits for it with the reason. */
function giveUp(pool: Pool, error: JobtraceError): void {
  pool.worker = undefined;
  if (pool.running === undefined) return;
  clearTimeout(pool.running.timer);
  pool.running.paste.reject(error);
  pool.running = undefined;
}

function stopped(problem: string): JobtraceError {
  return createError('JT_DIAGNOSE_STOPPED', { problem });
}
