// Tests what the built program says about bad input: each mistake with its place, no stack trace, the exit code.
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createError, ERRORS } from '../../core/errors.js';
import { runProgram } from '../program.js';
import { BUFFERS_LOG, CAUSE, causesOf, useFolder } from '../cli-folder.js';

const { folder, file } = useFolder();

describe('bad input', () => {
  it('names a missing path and exits with 3, without a stack trace', async () => {
    const { code, stdout, stderr } = await runProgram(['diagnose', join(folder, 'nowhere.log')]);

    expect(code).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toContain('nowhere.log cannot be read');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each([
    ['an unknown command', ['diagnoze'], 'There is no command "diagnoze"'],
    [
      'an operand where none is taken',
      ['incidents', 'orders'],
      '"incidents" takes options only, but was given "orders"',
    ],
    ['an unknown option', ['diagnose', '--frmat', 'json', 'x'], '--frmat'],
    ['a wrong value', ['diagnose', '--lang', 'fr', 'x'], '--lang is "fr", but must be one of en, zh'],
    ['no file', ['diagnose'], 'at least one file'],
    ['no folder', ['up'], 'needs a folder to watch'],
    ['a wrong limit', ['search', '--limit', 'many'], '--limit is "many"'],
    [
      'no log to explain',
      ['rules', 'explain', 'network.insufficient-buffers/total'],
      'rules explain needs a log and the id of a rule',
    ],
    [
      'an unknown rule',
      ['rules', 'test', 'network.insufficient-buffer/total'],
      'the nearest is "network.insufficient-buffers/total"',
    ],
  ])('says what is wrong with %s and exits with 2', async (_, args, message) => {
    const { code, stderr } = await runProgram(args);

    expect(code).toBe(ERRORS.JT_USAGE.exitCode);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/\n(See "jobtrace .+ --help"|List them with "jobtrace rules list")\.\n$/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('names a missing folder to watch', async () => {
    const { code, stderr } = await runProgram(['up', join(folder, 'nowhere'), '--data', join(folder, 'data-none')]);

    expect(code).toBe(3);
    expect(stderr).toContain('nowhere cannot be read');
  });

  it('tells every mistake of a rule at once, with file:line:column', async () => {
    file(
      'rules/network/insufficient-buffers/mine/rule.yaml',
      'status: tst\nseverity: error\nowner: configuration\nrole: cause\ntitel: { en: a, zh: b }\nsummary: { en: a, zh: b }\nmatch:\n  - id: one\n    anchor: "some literal text"\n    regex: "(?=look)ahead"\nfixes: []\nreferences: []\n',
    );
    const { code, stderr } = await runProgram(['rules', 'check', '--rules', join(folder, 'rules')]);

    expect(code).toBe(2);
    expect(stderr).toMatch(/rule\.yaml:1:9 .*status/);
    expect(stderr).toMatch(/rule\.yaml:5:1 .*titel.*title/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('checks the rules of a folder that is named', async () => {
    const broken = file('checked/cluster/lost/x/rule.yaml', 'titel: no\n');
    const { code, stderr } = await runProgram(['rules', 'check', join(folder, 'checked')]);

    expect(code).toBe(2);
    expect(stderr).toContain(`${broken}:1:1`);
  });

  it('tells every mistake of the settings at once, with file:line:column and the nearest name', async () => {
    const config = file('broken.yaml', 'store:\n  knd: sqlite\nagent:\n  scanIntervalMs: fast\nlanguage: fr\n');
    const { code, stderr } = await runProgram(['config', 'print', '--config', config]);

    expect(code).toBe(2);
    expect(stderr).toMatch(/broken\.yaml:2:3 .*kind/);
    expect(stderr).toMatch(/broken\.yaml:4:19 /);
    expect(stderr).toMatch(/broken\.yaml:5:11 /);
  });

  it('says which settings file is not there, and that none is needed', async () => {
    const path = join(folder, 'no-settings.yaml');
    const { code, stderr } = await runProgram(['diagnose', '--config', path, BUFFERS_LOG]);

    const said = createError('JT_CONFIG_NOT_FOUND', { path, problem: 'it does not exist' });
    expect(code).toBe(said.exitCode);
    expect(stderr).toBe(`jobtrace: ${said.message}\n${said.fix}\n`);
  });

  it('refuses a secret that is given twice', async () => {
    const secret = file('password.txt', 'hunter2hunter2');
    const config = file('twice.yaml', `store:\n  password: one\n  passwordFile: ${secret}\n`);
    const { code, stderr } = await runProgram(['config', 'print', '--config', config]);

    expect(code).toBe(2);
    expect(stderr).toContain('store.password');
    expect(stderr).not.toContain('hunter2');
  });

  it('hides secrets in the printed settings and says where each value came from', async () => {
    const config = file(
      'good.yaml',
      'store:\n  password: hunter2hunter2\nnotify:\n  receivers:\n    - { name: a, kind: webhook, url: "http://127.0.0.1/secret-path" }\n',
    );
    const { code, stdout } = await runProgram(['config', 'print', '--config', config], {
      env: { JOBTRACE_LOG_LEVEL: 'debug' },
    });

    expect(code).toBe(0);
    expect(stdout).not.toMatch(/hunter2|secret-path/);
    expect(stdout).toContain('store.password: "***"  # file');
    expect(stdout).toContain('logLevel: "debug"  # environment');
    expect(stdout).toContain('language: "en"  # default');
  });

  it('says that a port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { code, stderr } = await runProgram([
      'up',
      folder,
      '--data',
      join(folder, 'data-port'),
      '--listen',
      `127.0.0.1:${port}`,
    ]);
    server.close();

    expect(code).toBe(2);
    expect(stderr).toContain(`127.0.0.1:${port} is already in use`);
  });

  it('says that the store cannot be reached and exits with 4', async () => {
    const { code, stderr } = await runProgram(['search', 'x', '--store', 'http://127.0.0.1:9']);

    expect(code).toBe(4);
    expect(stderr).toContain('cannot be reached');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('says that a folder holds no data', async () => {
    const { code, stderr } = await runProgram(['incidents', '--data', join(folder, 'empty')]);

    const said = createError('JT_DATA_MISSING', { path: join(folder, 'empty') });
    expect(code).toBe(said.exitCode);
    expect(stderr).toBe(`jobtrace: ${said.message}\n${said.fix}\n`);
  });

  it('leaves a binary file out, notes it, and diagnoses the others', async () => {
    file('mixed/core.log', Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.alloc(4096, 1)]));
    file('mixed/empty.log', '');
    file('mixed/jm.log', readFileSync(BUFFERS_LOG));
    const { code, stdout, stderr } = await runProgram(['diagnose', '--format', 'json', join(folder, 'mixed')]);

    expect(code).toBe(0);
    expect(causesOf(stdout)).toEqual([CAUSE]);
    expect(stderr).toMatch(/core\.log skipped: binary file/);
  });

  it('finds nothing in an empty file', async () => {
    const { code, stdout } = await runProgram(['diagnose', '--format', 'json', file('nothing.log', '')]);

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ diagnoses: [], unknown: [] });
  });

  it('goes on after a line of 50 MB and after invalid UTF-8', async () => {
    const path = file('long.log', '2026-03-02 10:00:00,000 INFO  com.example.Dump [] - ');
    for (let part = 0; part < 50; part++) appendFileSync(path, Buffer.alloc(1_000_000, 'x'));
    appendFileSync(
      path,
      Buffer.concat([
        Buffer.from('\n2026-03-02 10:00:01,000 INFO  com.example.Dump [] - '),
        Buffer.from([0xff, 0xfe, 0xc3, 0x28]),
        Buffer.from('\n'),
        readFileSync(BUFFERS_LOG),
      ]),
    );
    const { code, stdout } = await runProgram(['diagnose', '--format', 'json', path]);

    expect(code).toBe(0);
    expect(causesOf(stdout)).toEqual([CAUSE]);
  });
});
