// Tests that every pattern of the product that the runtime's own engine runs takes linear time. patterns.ts finds them
// in the sources, and each gets a mebibyte of texts made of its own parts (attacks.ts), run as the code runs it.
// Nothing is timed: quadratic time takes minutes, linear time milliseconds, so a process without output for DEADLINE_MS
// hangs. RE2 runs the patterns of rules and operators without backtracking (core/regex.ts). linear.test.ts tests the
// code around the patterns.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAttacks } from './attacks.js';
import type { Task } from './patterns-child.js';
import { findPatterns, type Composed, type Findings } from './patterns.js';

const UNITS = 1_048_576;
const DEADLINE_MS = 40_000;
const PROCESSES = 2;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Pattern that gets only short texts: the code of its file that ensures this, or a reason outside of the code. */
interface Bound {
  readonly file: string;
  /** Part of the pattern; if absent, all patterns of the file. */
  readonly part?: string;
  readonly units: number;
  readonly code?: string;
  readonly in?: string;
}

const BOUNDS: readonly Bound[] = [
  // No file system has names longer than 255 characters.
  { file: 'agent/discovery/pattern.ts', units: 255 },
  {
    file: 'agent/record/named.ts',
    part: 'account[-_.]?key\\.',
    units: 400,
    code: 'if (end - start > MAX_NAME_UNITS)',
  },
  { file: 'core/text/secrets.ts', part: '^[\\w.$-]*?', units: 400, code: 'name.length <= MAX_NAME_UNITS &&' },
  {
    file: 'analyzer/author/phrase.ts',
    units: 400,
    code: 'slice(0, MAX_MESSAGE_UNITS).trim()',
    in: 'analyzer/author/draft.ts',
  },
  { file: 'analyzer/entry/reading.ts', part: 'java|javax', units: 2000, code: 'text.slice(0, MAX_SENTENCE_UNITS)' },
  { file: 'analyzer/input/yarn-logs.ts', part: '^Container: (', units: 4096, code: 'peek(MAX_LINE_BYTES)' },
  // The text is the digits of a count.
  { file: 'cli/inspect/diagnose.ts', part: '\\d{3}', units: 16, code: 'String(count).replaceAll(' },
  { file: 'flink/layout/layout.ts', part: '[A-Za-z]{4,8}', units: 20, code: 'text.slice(0, 20)' },
  { file: 'flink/layout/names.ts', units: 4096, code: 'whole.slice(-MAX_PATH_UNITS)' },
  {
    file: 'flink/trace/throwable.ts',
    part: 'Exception: ?$',
    units: 300,
    code: 'WRAPPING.exec(message.slice(Math.max(0, at - HEADER_PROBE), at))',
  },
  { file: 'flink/trace/mask.ts', units: 600, code: 'message.slice(0, READ_UNITS)' },
  { file: 'flink/trace/fingerprint.ts', part: '"[^"]*"|', units: 1000, code: '.slice(0, 1000)' },
  { file: 'flink/trace/fingerprint.ts', part: '\\b[\\w.-]+\\/', units: 1000, code: '.slice(0, 1000)' },
];

/** Patterns that are composed while the product runs, each with the reason why it is linear or short. */
const COMPOSED: readonly Omit<Composed, 'line'>[] = [
  // The pattern is an operator's path pattern, over a name of at most 255 characters.
  { file: 'agent/discovery/pattern.ts', code: 'new RegExp(`^${source}$`)' },
  // The patterns are literals, and the rows of agent/record/tokens.ts: a text followed by one bounded run of
  // characters.
  { file: 'agent/record/redact.ts', code: "new RegExp(HINT_TEXTS.map(quoteRegex).join('|'), 'i')" },
  { file: 'agent/record/redact.ts', code: "new RegExp(pattern, 'g')" },
  // The pattern is a line of a scaffold: literals with at most three slots.
  { file: 'analyzer/author/scaffolds.ts', code: 'new RegExp(`^${pattern}$`)' },
  // The pattern is the text of an anchor.
  {
    file: 'analyzer/author/why.ts',
    code: String.raw`new RegExp( Buffer.from(anchor, 'utf8') .toString('latin1') .replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&') .replaceAll(' ', '\\s'), )`,
  },
  // The patterns are the literal errors of the system.
  { file: 'analyzer/catalog/spelling.ts', code: "new RegExp([...OTHERS.keys()].map(quoteRegex).join('|'), 'g')" },
  { file: 'analyzer/catalog/spelling.ts', code: "new RegExp(LONGEST_FIRST.map(quoteRegex).join('|'), 'g')" },
  // The name of a field is a constant in the code.
  { file: 'analyzer/input/kubectl-describe.ts', code: "new RegExp(`^ *${name}: +(\\\\S.*)$`, 'm')" },
  // The name of a container is taken literally.
  {
    file: 'analyzer/input/kubectl-describe.ts',
    code: 'new RegExp(`[Cc]ontainer (?:"?${name}"?(?= |,|$)|failed )|//${name}:`)',
  },
  // The pattern is the prefix of a line: literals, with runs of digits, letters and blanks that are never next to a run
  // of the same kind.
  { file: 'analyzer/input/prefix.ts', code: 'new RegExp(`^${shape}(?: -)?[ \\\\t]?`)' },
  // The pattern matches one character of a class.
  { file: 'core/text/hidden.ts', code: "new RegExp(`[${RANGES.join('')}]`, 'gu')" },
  // The patterns are the rows of the fact tables, which are tested where they are defined.
  { file: 'flink/facts/row.ts', code: "new RegExp(pattern, 'u')" },
  // The patterns are the literal parts of an address.
  { file: 'notify/channels/http.ts', code: "new RegExp(hidden.map(quoteRegex).join('|'), 'gi')" },
];

let folder: string;
let findings: Findings;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-patterns-'));
  findings = await findPatterns();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isBoundOf = (bound: Bound, { file, source }: Pick<Task, 'file' | 'source'>): boolean =>
  bound.file === file && source.includes(bound.part ?? '');

describe('the patterns of the product', () => {
  it('are found in every stage', () => {
    const stages = new Set(findings.patterns.map(({ file }) => file.split('/')[0]));
    expect([...stages].sort()).toEqual(['agent', 'analyzer', 'api', 'cli', 'core', 'flink', 'notify', 'store']);
    expect(findings.patterns.length).toBeGreaterThan(400);
  });

  it('are put together at run time only where the table says so', () => {
    const isNamed = (place: Composed): boolean =>
      COMPOSED.some(({ file, code }) => file === place.file && code === place.code);
    const others = findings.composed.filter((place) => !isNamed(place));
    expect(others, 'name it in COMPOSED, with why it is linear, or make it a literal').toEqual([]);
    expect(findings.composed).toHaveLength(COMPOSED.length);
  });

  it('are bounded where the table says so', () => {
    const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
    const untrue = BOUNDS.filter(
      (bound) =>
        !findings.patterns.some((pattern) => isBoundOf(bound, pattern)) ||
        (bound.code !== undefined && !read(bound.in ?? bound.file).includes(bound.code)),
    );
    expect(untrue).toEqual([]);
  });

  it('read a mebibyte of their own beginnings to the end', { timeout: 15 * DEADLINE_MS }, async () => {
    const tasks = findings.patterns.map((pattern) => ({
      ...pattern,
      maxUnits: BOUNDS.find((bound) => isBoundOf(bound, pattern))?.units ?? UNITS,
    }));
    const parts = Array.from({ length: PROCESSES }, (_, part) =>
      tasks.filter((_, index) => index % PROCESSES === part),
    );
    const found = await Promise.all(parts.map(async (part, index) => attackAll(part, join(folder, String(index)))));
    expect(found.flat()).toEqual([]);
  });
});

/** Attacks all patterns. Continues after one that hangs, so that one run names all. */
async function attackAll(tasks: readonly Task[], path: string): Promise<readonly string[]> {
  writeFileSync(`${path}.json`, JSON.stringify(tasks));
  const problems = new Map<number, string>();
  for (let from = 0; from < tasks.length;) {
    const { hung, lines } = await attackFrom(from, path);
    const steps = lines.map(readStep);
    for (const step of steps.filter(({ problem }) => problem !== '')) problems.set(step.index, tellStep(tasks, step));
    const last = steps.at(-1);
    if (!hung) break;
    if (last !== undefined) problems.set(last.index, tellStep(tasks, { ...last, problem: 'does not come to its end' }));
    from = (last?.index ?? from) + 1;
  }
  return [...problems.values()];
}

/** Runs one process until it is done or prints nothing more. */
async function attackFrom(
  from: number,
  path: string,
): Promise<{ readonly hung: boolean; readonly lines: readonly string[] }> {
  const output = openSync(`${path}.out`, 'w');
  const program = ['--import', 'tsx', join(ROOT, 'test', 'patterns-child.ts'), `${path}.json`, String(from)];
  const child = spawn(process.execPath, program, { cwd: ROOT, stdio: ['ignore', output, 'inherit'] });
  let size = 0;
  let hung = false;
  const watch = setInterval(() => {
    const now = statSync(`${path}.out`).size;
    if (now !== size) size = now;
    else hung = child.kill('SIGKILL');
  }, DEADLINE_MS);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(watch);
  closeSync(output);
  if (!hung) expect(code).toBe(0);
  return {
    hung,
    lines: readFileSync(`${path}.out`, 'utf8')
      .split('\n')
      .filter((line) => line !== ''),
  };
}

interface Step {
  readonly index: number;
  readonly attack: number;
  readonly units: string;
  readonly problem: string;
}

function readStep(line: string): Step {
  const [index, attack, units = '', ...problem] = line.split(' ');
  return { index: Number(index), attack: Number(attack), units, problem: problem.join(' ') };
}

function tellStep(tasks: readonly Task[], { index, attack, units, problem }: Step): string {
  const task = tasks[index];
  if (task === undefined) return `no pattern ${index}`;
  const { file, line, source, flags, method } = task;
  const text = JSON.stringify(makeAttacks(source, flags)[attack]);
  return `${file}:${line} /${source}/${flags} (${method}), ${units} units of ${text}: ${problem}`;
}
