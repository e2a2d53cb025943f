// Applies the current rules to a run or a recording and returns the diagnoses, and the first cause compared with the
// provoked one. This is the only file of the lab that knows the analyzer.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCatalog, type Catalog } from '../../analyzer/catalog/catalog.js';
import { diagnose } from '../../analyzer/incident/diagnose.js';
import { flattenIncidents, type DiagnosisDocument } from '../../analyzer/incident/document.js';
import { readEntries } from '../../analyzer/input/read.js';

import { RECORDINGS_DIR, loadManifest } from './manifest.js';
import type { RunOutcome } from './run.js';
import { HEALTHY, type Scenario } from '../define/scenario.js';

export interface Naming {
  /** Cause id, or "none" for a healthy run. */
  readonly expected: string;
  /** Cause of the first diagnosis, "unknown" for a failure that no rule knows, "none" if there is no diagnosis. */
  readonly first: string;
  readonly named: boolean;
  /** Line on which the diagnosis is based; empty if there is no diagnosis. */
  readonly evidence: string;
}

export function nameRecording(folder: string, root = RECORDINGS_DIR): Naming {
  return nameFirst(diagnoseRecording(folder, root), loadManifest(join(root, folder)).expected.cause);
}

export function nameOutcome(scenario: Scenario, outcome: RunOutcome): Naming {
  return nameFirst(diagnoseOutcome(outcome), scenario.cause === HEALTHY ? 'none' : scenario.cause);
}

export function diagnoseRecording(folder: string, root = RECORDINGS_DIR): DiagnosisDocument {
  const dir = join(root, folder);
  return diagnoseFiles(
    loadManifest(dir)
      .processes.flatMap(({ files }) => files)
      .map((name) => join(dir, name)),
  );
}

export function diagnoseOutcome(outcome: Pick<RunOutcome, 'files'>): DiagnosisDocument {
  const dir = mkdtempSync(join(tmpdir(), 'jobtrace-named-'));
  try {
    mkdirSync(dir, { recursive: true });
    for (const { name, text } of outcome.files) writeFileSync(join(dir, name), text);
    return diagnoseFiles([dir]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const MAX_EVIDENCE = 1000;
let loaded: Catalog | undefined;

/** Returns the built-in rules, which are read only once. */
export function loadOnce(): Catalog {
  loaded ??= loadCatalog();
  return loaded;
}

function diagnoseFiles(paths: readonly string[]): DiagnosisDocument {
  return flattenIncidents(diagnose(readEntries(paths), loadOnce()), 'en');
}

export function nameFirst({ diagnoses, unknown }: DiagnosisDocument, expected: string): Naming {
  const first = diagnoses[0]?.cause ?? (unknown.length > 0 ? 'unknown' : 'none');
  const [evidence] = (diagnoses[0] ?? unknown[0])?.evidence ?? [];
  return {
    expected,
    first,
    named: first === expected,
    evidence: evidence === undefined ? '' : `${evidence.file}:${evidence.line} ${evidence.text.slice(0, MAX_EVIDENCE)}`,
  };
}
