// Tests the command line as a user sees it: the built program, its commands and its version.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../cli/main.js';
import { runProgram } from '../program.js';

describe('help', () => {
  it.each(COMMANDS.map((command) => [command.name]))('jobtrace %s --help explains the command', async (name) => {
    const { code, stdout } = await runProgram([...name.split(' '), '--help']);

    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: jobtrace ${name}`);
  });

  it('lists every command', async () => {
    const { stdout } = await runProgram(['--help']);

    for (const command of COMMANDS) expect(stdout).toContain(`  ${command.name} `);
  });

  it('prints the version of the package', async () => {
    const { stdout } = await runProgram(['--version']);
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };

    expect(stdout.trim()).toBe(version);
  });
});
