// What the present rules say of a run or a recording: the cause that stands first, beside the one that was provoked.
// The only file of the lab that knows the analyzer.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCatalog, type Catalog } from '../analyzer/catalog.js';
import { diagnose, flattenIncidents } from '../analyzer/diagnose.js';
import { readEntries } from '../analyzer/read.js';

import { RECORDINGS_DIR, loadManifest } from './manifest.js';
import type { Outcome } from './run.js';
import { HEALTHY, type Scenario } from './scenario.js';

export interface Naming {
  /** Cause id, or "none" for a healthy run. */
  readonly expected: string;
  /** The first diagnosis' cause, "unknown" for a failure that no rule knows, "none" for silence. */
  readonly first: string;
  readonly named: boolean;
  /** The line that it stands on; empty for silence. */
  readonly evidence: string;
}

export function nameRecording(folder: string): Naming {
  const dir = join(RECORDINGS_DIR, folder);
  const { expected, processes } = loadManifest(dir);
  return nameFiles(processes.flatMap(({ files }) => files).map((name) => join(dir, name)), expected.cause);
}

export function nameOutcome(scenario: Scenario, outcome: Outcome): Naming {
  const dir = mkdtempSync(join(tmpdir(), 'jobtrace-named-'));
  try {
    mkdirSync(dir, { recursive: true });
    for (const { name, text } of outcome.files) writeFileSync(join(dir, name), text);
    return nameFiles([dir], scenario.cause === HEALTHY ? 'none' : scenario.cause);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const MAX_EVIDENCE = 1000;
let catalog: Catalog | undefined;

function nameFiles(paths: readonly string[], expected: string): Naming {
  catalog ??= loadCatalog();
  const { diagnoses, unknown } = flattenIncidents(diagnose(readEntries(paths), catalog), 'en');
  const first = diagnoses[0]?.cause ?? (unknown.length > 0 ? 'unknown' : 'none');
  const [evidence] = (diagnoses[0] ?? unknown[0])?.evidence ?? [];
  return { expected, first, named: first === expected, evidence: evidence === undefined ? '' : `${evidence.file}:${evidence.line} ${evidence.text.slice(0, MAX_EVIDENCE)}` };
}
