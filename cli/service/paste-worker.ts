// Runs the thread that diagnoses pasted logs: receives orders of paste.ts and sends one answer to each. It has its own
// catalog, because compiled rules cannot be passed between threads.
import { parentPort, workerData } from 'node:worker_threads';
import { loadCatalog, reloadCatalog, type Catalog } from '../../analyzer/catalog/catalog.js';
import { wantedBy } from '../../analyzer/catalog/wanted.js';
import { diagnose } from '../../analyzer/incident/diagnose.js';
import { flattenIncidents, type DiagnosisDocument } from '../../analyzer/incident/document.js';
import { createReadNotes, readPasted } from '../../analyzer/input/read.js';
import { createError, JobtraceError, type ErrorCode } from '../../core/errors.js';
import type { Language } from '../../core/types.js';
import { errorTrace } from '../../core/fault.js';

export interface PasteWorkerData {
  /** Folders with rules of the team. */
  readonly folders: readonly string[];
  readonly zone: string | undefined;
}

export type PasteOrder =
  | { readonly kind: 'diagnose'; readonly bytes: Uint8Array; readonly language: Language }
  | { readonly kind: 'reload'; readonly folders: readonly string[] };

export type PasteAnswer =
  | { readonly kind: 'document'; readonly document: DiagnosisDocument }
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly details: Readonly<Record<string, string | number>>;
    }
  | { readonly kind: 'defect'; readonly problem: string };

const data: PasteWorkerData = workerData;
let sources = { extra: data.folders };
let catalog = openCatalog();

parentPort?.on('message', (order: PasteOrder) => {
  if (order.kind === 'reload') {
    sources = { extra: order.folders };
    catalog = reloadCatalog(sources, catalog).catalog;
  } else parentPort?.postMessage(answerOrder(order));
});

/** Loads the catalog. Rules that are broken at this moment are left out, as in every running process. */
function openCatalog(): Catalog {
  try {
    return loadCatalog(sources);
  } catch (error) {
    if (!(error instanceof JobtraceError)) throw error;
    return reloadCatalog(sources, loadCatalog()).catalog;
  }
}

function answerOrder({ bytes, language }: Extract<PasteOrder, { kind: 'diagnose' }>): PasteAnswer {
  try {
    return { kind: 'document', document: diagnoseBytes(Buffer.from(bytes), language) };
  } catch (error) {
    if (error instanceof JobtraceError) return { kind: 'refused', code: error.code, details: error.details };
    return { kind: 'defect', problem: errorTrace(error) };
  }
}

function diagnoseBytes(bytes: Buffer, language: Language): DiagnosisDocument {
  const notes = createReadNotes();
  const entries = readPasted(bytes, { notes, find: wantedBy(catalog) });
  const document = flattenIncidents(diagnose(entries, catalog, { zone: data.zone }), language);
  if (notes.lines > 0) return document;
  throw createError('JT_REQUEST_INVALID', {
    problems:
      notes.list[0] === undefined
        ? 'the body contains no log line; send the text of a log'
        : `${notes.list[0].text.en}; send the text of a log, or an archive of logs (.gz, .tar, .tar.gz, .zip)`,
  });
}
