// Compares Flink's own memory arithmetic (MemoryOracle.java on the class path of Flink's jars) with ours and lists the
// differences. Takes folders of jars, a JDK and the cases. Legal configurations must be equal in every byte; illegal
// ones must be refused with the same message. The class is compiled once and works with any version; all cases of a
// version run in one JVM.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMemoryProblem } from '../../flink/memory/words.js';
import { parseVersion } from '../../flink/memory/option-table.js';
import { computeJobManagerMemory, computeTaskManagerMemory } from '../../flink/memory/memory.js';
import type { MemoryCase } from './memory-sample.js';

export interface FlinkJars {
  readonly version: string;
  /** Folder with flink-dist, or with flink-runtime, flink-core, flink-annotations and slf4j-api. */
  readonly folder: string;
}

export interface Oracle {
  /** Folder of the compiled class. */
  readonly classes: string;
  readonly javaHome: string;
}

export type OracleAnswer =
  | { readonly legal: true; readonly bytes: Readonly<Record<string, number>> }
  | { readonly legal: false; readonly message: string; readonly causes: readonly string[] };

export interface Difference {
  readonly memoryCase: MemoryCase;
  readonly flink: OracleAnswer;
  readonly ours: object;
}

export interface Comparison {
  readonly legal: number;
  readonly illegal: number;
  /** Number of occurrences of each kind of problem. */
  readonly kinds: ReadonlyMap<string, number>;
  readonly differences: readonly Difference[];
}

/**
 * Returns the cases that this version can answer. The JobManager's cases are left out before 1.11, because Flink
 * offered no computation for them.
 */
export function selectCases(version: string, cases: readonly MemoryCase[]): readonly MemoryCase[] {
  return (parseVersion(version) ?? 0) < 11100 ? cases.filter((memoryCase) => memoryCase.process === 'tm') : cases;
}

export function compareMemory(
  version: string,
  cases: readonly MemoryCase[],
  answers: readonly OracleAnswer[],
): Comparison {
  const kinds = new Map<string, number>();
  const differences: Difference[] = [];
  for (const [index, memoryCase] of cases.entries()) {
    const flink = answers[index];
    if (flink === undefined) throw new Error(`Flink gave ${answers.length} answers to ${cases.length} configurations.`);
    const compute = memoryCase.process === 'tm' ? computeTaskManagerMemory : computeJobManagerMemory;
    const ours = compute(memoryCase.options, version, memoryCase.deployment);
    if (isMemoryProblem(ours)) kinds.set(ours.kind, (kinds.get(ours.kind) ?? 0) + 1);
    if (!isSame(flink, ours)) differences.push({ memoryCase, flink, ours });
  }
  const legal = answers.filter((answer) => answer.legal).length;
  return { legal, illegal: answers.length - legal, kinds, differences };
}

function isSame(flink: OracleAnswer, ours: object): boolean {
  if (isMemoryProblem(ours)) {
    if (flink.legal || flink.message !== ours.message) return false;
    return ours.cause === undefined || flink.causes.some((message) => message === ours.cause);
  }
  if (!flink.legal) return false;
  const values = new Map<string, unknown>(Object.entries(ours));
  return Object.entries(flink.bytes).every(([name, bytes]) => values.get(name) === bytes);
}

/** Compiles the class against some version of Flink. The caller must close the oracle. */
export async function openOracle(jars: FlinkJars, javaHome: string): Promise<Oracle> {
  const classes = mkdtempSync(join(tmpdir(), 'memory-oracle-'));
  const source = join(import.meta.dirname, 'MemoryOracle.java');
  await runTool(
    join(javaHome, 'bin', 'javac'),
    ['-nowarn', '--release', '11', '-d', classes, '-cp', join(jars.folder, '*'), source],
    '',
  );
  return { classes, javaHome };
}

export function closeOracle(oracle: Oracle): void {
  rmSync(oracle.classes, { recursive: true, force: true });
}

/** Returns one answer for each case, in their order. */
export async function askFlink(
  oracle: Oracle,
  jars: FlinkJars,
  cases: readonly MemoryCase[],
): Promise<readonly OracleAnswer[]> {
  const lines = cases.map(({ process, deployment, options }) =>
    [`${process}-${deployment}`, ...[...options].map(([key, value]) => `${key}=${value}`)].join('\t'),
  );
  const classPath = `${oracle.classes}:${join(jars.folder, '*')}`;
  const output = await runTool(
    join(oracle.javaHome, 'bin', 'java'),
    ['-XX:TieredStopAtLevel=1', '-cp', classPath, 'MemoryOracle'],
    `${lines.join('\n')}\n`,
  );
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map(parseAnswer);
}

function parseAnswer(line: string): OracleAnswer {
  const [verdict, ...fields] = line.split('\t');
  if (verdict !== 'ok') return { legal: false, message: fields[0] ?? '', causes: fields.slice(1) };
  return {
    legal: true,
    bytes: Object.fromEntries(
      fields.map((field) => [field.slice(0, field.indexOf('=')), Number(field.slice(field.indexOf('=') + 1))]),
    ),
  };
}

/**
 * Runs a program and returns its whole standard output. It waits for 'close', because the output can be megabytes.
 * Fails with the text of standard error.
 */
function runTool(program: string, args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe' });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(out).toString());
      else reject(new Error(`${program} ended with ${code}: ${Buffer.concat(err).toString().slice(0, 2000)}`));
    });
    child.stdin.end(input);
  });
}
