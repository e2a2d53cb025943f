// Tests lines that were written to keep a pattern busy: a mebibyte of the beginnings of each pattern that once took
// quadratic time. No time is measured: what is not linear takes minutes, and the deadline ends it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderFailingJobs } from '../bench/logs/flood.js';
import { FRONT_DOOR, startProgram } from './program.js';

const BYTES = 1_048_576;
const DEADLINE_MS = 60_000;
const DATED = '2026-03-01 10:00:00,000 ERROR org.apache.flink.runtime.taskmanager.Task [] - ';

/** Attacks: name, prefix, repeated part, end. */
const ATTACKS: readonly (readonly [name: string, before: string, pump: string, after: string])[] = [
  ['blanks in a message', `${DATED}a`, ' ', 'b\nc'],
  ['blanks in a text that is no log', 'a', ' ', 'b\nc'],
  ['a collector that never comes to its numbers', '[gc] Pause Full\n[0.1s]', '[gc Pause Full 1', '\n'],
  ['brackets of an older collector', '1.0: [Full GC', ' () [a]', '\n'],
  ['a head of events', 'LAST SEEN ', 'TYPE REASON ', '\n'],
  ['a message of a container', 'Name:  a\n  b:\n    Last State:  Terminated\n', '      Message:  Message: a', '\n'],
  ['links that do not close', 'http', '<a href', '\n'],
  ['frames that do not close', '', ' at a.b(', '\n'],
  ['threads without frames', 'Full thread dump\n"a" #1\n', '  \n', '\n'],
  ['an owner of a lock that is never named', '"a" Id=1 WAITING on b', ' owned by "" Id=a', '\n'],
  ['a version of a jar', `${DATED}failed\njava.io.IOException: x\n\tat a.B.c(D.java:1) ~[flink-core-0.`, '0', '\n'],
  ['a strategy', '2026-03-01 10:00:00,000 INFO  a.B [] - Using restart back off time strategy a', ' for', ' a (b)\n'],
  ['a host of a container', 'Container: container_1 on a', '_1', ':x\nLogType:a\nLog Contents:\n'],
  ['quotation marks of a field', `${DATED}`, '" ', '\n'],
  ['a field that ends late', '"root-exception": "', ' ', 'x\n'],
  ['names with dots', DATED, 'a.', 'Exception\n'],
  ['beginnings of exceptions', DATED, 'java.', '\n'],
  ['beginnings of causes', DATED, 'Caused by: ', '\n'],
  ['secrets', DATED, 'accountkey.token=', '\n'],
  ['addresses', DATED, 'a://b:', '\n'],
];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-linear-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Floods of jobs that fail once each: with separate causes, with a common one, with a common one in their tasks' lines.
 */
const FLOODS = [
  ['own exceptions', 10_000, { isShared: false, hasTasks: false }],
  ['one full disk', 10_000, { isShared: true, hasTasks: false }],
  ['one full disk of tasks that name no job', 2500, { isShared: true, hasTasks: true }],
] as const;
/**
 * Limit of processor seconds, which other programs do not affect: linear code takes a fifth of it, other code ten times
 * as much.
 */
const CPU_SECONDS = 25;
const LONG_MS = 600_000;

describe('a log in which very many jobs fail', () => {
  it.each(FLOODS)(
    'is read to its end: %s',
    async (name, jobs, shape) => {
      const path = join(folder, `${name}.log`);
      writeFileSync(path, renderFailingJobs({ jobs, ...shape }));
      const limited = ['-c', `ulimit -t ${CPU_SECONDS} && exec "$0" "$@"`, process.execPath, FRONT_DOOR];
      const program = spawn('sh', [...limited, 'diagnose', path], { stdio: 'ignore' });
      const code = await new Promise((resolve) => program.on('close', resolve));

      expect(code).toBe(0);
    },
    LONG_MS,
  );
});

describe('a mebibyte of one beginning', () => {
  it.each(ATTACKS)(
    'is read to its end: %s',
    async (name, before, pump, after) => {
      const path = join(folder, `${name}.log`);
      writeFileSync(path, before + pump.repeat(Math.ceil(BYTES / pump.length)) + after);
      const program = startProgram(['diagnose', path]);
      const guard = setTimeout(() => program.process.kill('SIGKILL'), DEADLINE_MS);
      const code = await program.ended;
      clearTimeout(guard);

      expect(code, program.stderr()).toBe(0);
    },
    DEADLINE_MS + 10_000,
  );
});
