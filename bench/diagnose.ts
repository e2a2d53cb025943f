// Measures how fast, and in how much memory, the command line diagnoses a log in which every fourth line is a task
// transition: npx tsx bench/diagnose.ts (--help). It also checks that the diagnosis of the whole log is the same as
// that of its first and of its last hour.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Diagnosis } from '../core/documents/incident.js';
import { JSON_OPTION, readCommandLine, type BenchScript } from '../lab/options.js';
import { readJobtraceVersion } from './agent/peers.js';
import { writeLoop, type LoopPart } from './logs/loop.js';
import { appendResult, describeSession } from './report/results.js';
import { runOnce } from './run-once.js';

const SCRIPT = {
  name: 'bench/diagnose.ts',
  summary: 'How fast the log of a restart loop of many subtasks is diagnosed, and in what memory.',
  options: {
    mib: { kind: 'number', value: 'MIB', default: '5120', least: 16, help: 'Size of the log.' },
    subtasks: { kind: 'number', default: '1000', least: 2, help: 'Parallelism of the job.' },
    rounds: { kind: 'number', default: '3', least: 1, help: 'How often it is diagnosed.' },
    json: JSON_OPTION,
  },
} as const satisfies BenchScript;

const { values } = readCommandLine(SCRIPT);
const MIB = 1_048_576;
const CLI = join(import.meta.dirname, '..', 'dist', 'cli.js');
/** Limits: speed on one core, and largest memory. */
const LEAST_MB_PER_SECOND = 200;
const MAX_MIB = 500;

interface Answer {
  readonly seconds: number;
  readonly peakMib: number;
  readonly diagnoses: readonly unknown[];
}

/** Returns the first diagnosis, without the parts that grow with the length of a log. */
async function diagnose(log: string): Promise<Answer> {
  const output: Buffer[] = [];
  const run = await runOnce(['node', CLI, 'diagnose', '--format', 'json', log], 0, (bytes) => output.push(bytes));
  const { diagnoses } = JSON.parse(Buffer.concat(output).toString()) as { readonly diagnoses: readonly Diagnosis[] };
  return { ...run, diagnoses: diagnoses.map(describe) };
}

function describe({ rule, cause, title, summary, fixes, owner, symptom, job }: Diagnosis): unknown {
  return { rule, cause, title, summary, fixes, owner, symptom, job };
}

async function measure(folder: string): Promise<void> {
  const path = (part: LoopPart): string => join(folder, `flink-bench-standalonesession-0-${part}.log`);
  const { bytes, hours, transitions } = writeLoop({ bytes: values.mib * MIB, subtasks: values.subtasks, path });
  console.log(
    `A JobManager's log of ${(bytes / MIB).toFixed(0)} MiB and ${hours.toFixed(1)} hours; ${(100 * transitions).toFixed(0)} % of its lines are transitions of tasks.`,
  );
  appendResult(values.json, describeSession(SCRIPT.name, [{ name: 'jobtrace', version: readJobtraceVersion() }]));
  const parts = { first: await diagnose(path('first')), last: await diagnose(path('last')) };
  for (let round = 0; round < values.rounds; round++) {
    const whole = await diagnose(path('whole'));
    const figures = {
      mbPerSecond: Number((bytes / 1e6 / whole.seconds).toFixed(1)),
      peakMib: Math.round(whole.peakMib),
      asFirst: String(isDeepStrictEqual(whole.diagnoses, parts.first.diagnoses)),
      asLast: String(isDeepStrictEqual(whole.diagnoses, parts.last.diagnoses)),
      diagnoses: whole.diagnoses.length,
    };
    console.log(
      `${figures.mbPerSecond} MB/s of one core (bar ${LEAST_MB_PER_SECOND}), at most ${figures.peakMib} MiB (bar ${MAX_MIB}); ${figures.diagnoses} diagnosis; the same as of its first hour: ${figures.asFirst}, of its last: ${figures.asLast}`,
    );
    if (figures.asFirst === 'false' || figures.asLast === 'false')
      console.log(JSON.stringify({ whole: whole.diagnoses, first: parts.first.diagnoses, last: parts.last.diagnoses }));
    appendResult(values.json, { kind: 'diagnose', bytes, round, ...figures });
  }
}

const folder = mkdtempSync(join(tmpdir(), 'jobtrace-bench-'));
try {
  await measure(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
