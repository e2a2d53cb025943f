// Tests a log of an attacker on its way to a terminal: its lines, its exceptions and its file name control nothing,
// whatever command prints them; programs get every character.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram, startProgram, waitUntil } from './program.js';

const ATTACKS = [
  '\u001b]52;c;cm0gLXJmIH4K\u0007',
  '\u001b]8;;http://evil.example\u001b\\here\u001b]8;;\u001b\\',
  '\u001b[2J\u001b[H',
  '\u001bPq\u001b\\',
  '\u009b2J\u009d52;c;eA==\u009c',
  '\u202eevil\u2066',
].join(' ');
const LOG = [
  `2026-03-01 10:00:00,000 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Job orders ${ATTACKS} (0123456789abcdef0123456789abcdef) switched from state CREATED to RUNNING.`,
  `2026-03-01 10:00:01,000 INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Job orders ${ATTACKS} (0123456789abcdef0123456789abcdef) switched from state RUNNING to FAILED.`,
  `com.acme.StrangeException: ${ATTACKS}`,
  `\tat com.acme.Job.run(Job.java:1) ${ATTACKS}`,
  '2026-03-01 10:00:02,000 INFO  org.apache.flink.runtime.dispatcher.Dispatcher [] - done',
  '',
].join('\n');

let folder: string;
let logs: string;
let path: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobtrace-terminal-'));
  logs = join(folder, 'logs');
  mkdirSync(logs);
  path = join(logs, 'flink-app-standalonesession-0-\u001b]0;title\u0007\u202e.log');
  writeFileSync(path, LOG);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function commandsIn(text: string): readonly string[] {
  return [...text].filter((character) => /[\p{Cc}\p{Bidi_Control}]/u.test(character) && !/[\t\n]/.test(character));
}

describe('a terminal', () => {
  it('is not commanded by what diagnose reads', async () => {
    const { stdout, stderr } = await runProgram(['diagnose', path]);

    expect(commandsIn(stdout + stderr)).toEqual([]);
    expect(stdout).toContain('StrangeException: ␛]52;c;cm0gLXJmIH4K␇');
  });

  it('is not commanded by a path that an error names', async () => {
    const { code, stderr } = await runProgram(['diagnose', join(folder, '\u001b[2J\u009b2J\u202e')]);

    expect(code).toBe(3);
    expect(commandsIn(stderr)).toEqual([]);
    expect(stderr).toContain('␛[2J\\u009b2J\\u202e');
  });

  it('is not commanded by JSON, which holds every character', async () => {
    const { stdout } = await runProgram(['diagnose', '--format', 'json', path]);

    expect(commandsIn(stdout)).toEqual([]);
    expect(JSON.stringify(JSON.parse(stdout))).toContain(JSON.stringify(ATTACKS).slice(1, -1));
  });

  it('is not commanded by up, search, incidents and rules explain', async () => {
    const data = join(folder, 'data');
    const program = startProgram(['up', logs, '--data', data, '--listen', '127.0.0.1:0', '--log-level', 'info']);
    try {
      await waitUntil('the diagnosis', () => (/StrangeException/.test(program.stdout()) ? true : undefined));
    } finally {
      await program.stop();
    }
    const shown = [
      { name: 'up', stdout: program.stdout() },
      ...(await Promise.all(
        [
          ['search', '--data', data],
          ['search', '--data', data, '--format', 'ndjson'],
          ['incidents', '--data', data],
          ['incidents', '--data', data, '--format', 'json'],
          ['rules', 'explain', 'network.insufficient-buffers/total', path],
        ].map(async (args) => ({ name: args.join(' '), stdout: (await runProgram(args)).stdout })),
      )),
    ];

    for (const { name, stdout } of shown) expect(commandsIn(stdout), name).toEqual([]);
    for (const { name, stdout } of shown.slice(0, -1)) expect(stdout, name).toMatch(/␛\[2J|\\u001b\[2J/);
  });
});
