// Helpers for tests: entries of real recordings, logs made of lines, and their records for tests with a store. Not used
// by the program.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry, Source } from '../../core/types.js';
import { loadCatalog, type Catalog } from '../catalog/catalog.js';
import { findBuiltInRules } from '../catalog/files.js';
import { splitText } from '../input/read.js';
import { makeFolder } from './folders.js';

export { makeFolder } from './folders.js';
export { readRecording, toRecord } from './recording.js';

export const BUFFER_LOG = 'rules/recordings/network.insufficient-buffers.total.log';
export const BUFFER_RECORDING = 'lab/recordings/network.insufficient-buffers/total/1.20.5';

export const JOB_A = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1';
export const JOB_B = 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb2';

/**
 * Returns the entries of one process from lines such as `10:00:01 INFO logger - text`. A line that begins with a blank
 * continues the line before.
 */
export function makeLog(path: string, lines: readonly string[], source: Partial<Source> = {}): readonly Entry[] {
  const text = lines
    .map((line) =>
      line.replace(
        /^(\d\d:\d\d:\d\d)(?:,(\d{3}))? (\w+) (\S+) - /,
        (_all, time: string, ms: string | undefined, level: string, logger: string) =>
          `2026-03-02 ${time},${ms ?? '000'} ${level.padEnd(5)} ${logger.padEnd(60)} [] - `,
      ),
    )
    .join('\n');
  return splitText(`${text}\n`, path).map((entry) => ({ ...entry, source: { ...entry.source, ...source } }));
}

/** Shuffles a list. The same seed gives the same order. */
export function shuffle<Item>(items: readonly Item[], seed: number): Item[] {
  const shuffled = [...items];
  let state = seed;
  for (let index = shuffled.length - 1; index > 0; index--) {
    state = (state * 1103515245 + 12345) % 2147483648;
    const other = state % (index + 1);
    const [a, b] = [shuffled[index], shuffled[other]];
    if (a !== undefined && b !== undefined) [shuffled[index], shuffled[other]] = [b, a];
  }
  return shuffled;
}

/** Loads rules that a test writes itself: id → the lines of rule.yaml that matter. The rest is filled in. */
export function makeCatalog(
  rules: Readonly<Record<string, string>>,
  sources: { readonly builtIn?: string | false } = { builtIn: false },
): Catalog {
  return loadCatalog({ ...sources, extra: [writeRules(rules)] });
}

/** Loads the built-in rules. Each is read and checked, whether or not the last build prepared it. */
export function readWholeCatalog(): Catalog {
  const link = join(makeFolder(), 'rules');
  symlinkSync(findBuiltInRules(), link);
  return loadCatalog({ builtIn: link });
}

export function writeRules(rules: Readonly<Record<string, string>>): string {
  const folder = makeFolder();
  for (const [id, text] of Object.entries(rules)) {
    const path = join(folder, ...id.replace('.', '/').split('/'));
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'rule.yaml'), fillRule(text));
  }
  return folder;
}

const RULE_PARTS: readonly (readonly [key: string, text: string])[] = [
  ['status', 'status: test'],
  ['severity', 'severity: error'],
  ['owner', 'owner: platform'],
  ['role', 'role: cause'],
  ['title', 'title: { en: "A title", zh: "标题" }'],
  ['summary', 'summary: { en: "A summary", zh: "摘要" }'],
  ['fixes', 'fixes: [{ id: any, risk: low, text: { en: "Do it", zh: "修复" } }]'],
  ['references', 'references: []'],
];

function fillRule(text: string): string {
  const missing = RULE_PARTS.filter(([key]) => !new RegExp(`^${key}:`, 'm').test(text)).map(([, line]) => line);
  return [...missing, text.trim(), ''].join('\n');
}

/** Short versions of rules that many tests need. */
export const TEST_RULES: Readonly<Record<string, string>> = {
  'memory.heap-oom/any': `
severity: critical
scope: process
explains: [cluster.taskmanager-lost, restart.exhausted]
match: [{ id: oom, anchor: "OutOfMemoryError: Java heap space" }]`,
  'cluster.taskmanager-lost/closed': `
role: symptom
scope: job
explains: [restart.exhausted]
peer: peer
captures: { peer: text }
title: { en: "TaskManager {peer} was lost ({peerEnd}); its last line: {peerLastLine}", zh: "TaskManager {peer} 丢失（{peerEnd}）；最后一行：{peerLastLine}" }
match:
  - { id: closed, anchor: "Connection unexpectedly closed by remote task manager", regex: 'by remote task manager [^\\[]*\\[ (?P<peer>\\S+) \\]' }
  - { id: unreachable, anchor: " is no longer reachable.", regex: 'TaskManager with id (?P<peer>\\S+) is no longer reachable' }`,
  'restart.exhausted/any': `
role: symptom
match: [{ id: suppressed, anchor: "Recovery is suppressed by", where: { exception: JobException } }]`,
  'code.user-exception/any': `
general: true
owner: user-code
match: [{ id: failed, anchor: " to FAILED", where: { userFrame: true } }]`,
  'checkpoint.failure-threshold/any': `
role: symptom
match: [{ id: threshold, anchor: "Exceeded checkpoint tolerable failure threshold", where: { exception: FlinkRuntimeException } }]`,
  'cluster.disk-full/any': `
match: [{ id: enospc, anchor: "No space left on device", where: { exception: IOException } }]`,
};
