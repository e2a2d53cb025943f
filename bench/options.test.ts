import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine, renderHelp, type BenchScript } from '../lab/options.js';

const SCRIPT = {
  name: 'bench/some.ts',
  summary: 'What something costs.',
  options: {
    files: { kind: 'numbers', default: '10,20', least: 1, help: 'How many files.' },
    mib: { kind: 'number', value: 'MIB', help: 'Size.' },
    sinks: { kind: 'texts', value: 'SINK', values: ['one', 'other'], help: 'Where to.' },
    quick: { kind: 'switch', help: 'Sooner.' },
  },
} as const satisfies BenchScript;

describe('parseCommandLine', () => {
  it('gives what is not said as the table has it', () => {
    expect(parseCommandLine(SCRIPT, []).values).toEqual({
      files: [10, 20],
      mib: undefined,
      sinks: undefined,
      quick: false,
    });
  });

  it('gives numbers, lists and switches', () => {
    expect(parseCommandLine(SCRIPT, ['--files=1', '--mib', '0.5', '--sinks', 'other,one', '--quick']).values).toEqual({
      files: [1],
      mib: 0.5,
      sinks: ['other', 'one'],
      quick: true,
    });
  });

  it.each([
    [['--file', '1'], 'there is no option --file; did you mean --files?'],
    [['-x'], 'there is no option -x.'],
    [['--mib'], '--mib needs a value.'],
    [['--quick=1'], '--quick takes no value.'],
    [['--files', '1,some'], '--files is "some", but must be a number of at least 1.'],
    [['--files', '1,'], '--files is "", but must be a number of at least 1.'],
    [['--files', '0'], '--files is "0", but must be a number of at least 1.'],
    [['--sinks', 'none'], '--sinks is "none", but must be one of one, other.'],
    [['folder'], 'it takes options only, but was given "folder".'],
  ])('refuses %j in a sentence', (args, sentence) => {
    expect(() => parseCommandLine(SCRIPT, args)).toThrow(sentence);
  });

  it('takes what follows the options where the script has a use for it', () => {
    expect(parseCommandLine({ ...SCRIPT, operands: '[FOLDER…]' }, ['--quick', 'a', 'b']).operands).toEqual(['a', 'b']);
  });
});

describe('renderHelp', () => {
  it('says of each option what it takes, and what it is without', () => {
    expect(renderHelp(SCRIPT)).toBe(`What something costs.

npx tsx bench/some.ts [OPTION…]

  --files N,…     How many files. (default 10,20)
  --mib MIB       Size.
  --sinks SINK,…  Where to. (of one, other)
  --quick         Sooner.
  --help          Say this.`);
  });
});

/** Scripts that are run by hand; each of them must read its command line with options.ts. */
const SCRIPTS = readdirSync(import.meta.dirname).filter(
  (name) =>
    /^(?!.*\.test\.)\w+\.ts$/.test(name) &&
    /npx tsx bench/.test(readFileSync(join(import.meta.dirname, name), 'utf8').split('\nimport')[0] ?? ''),
);

describe('the measurements', () => {
  it('are found', () => {
    expect(SCRIPTS).toEqual([
      'agent.ts',
      'alerts.ts',
      'analyzer.ts',
      'backlog.ts',
      'diagnose.ts',
      'flood.ts',
      'footprint.ts',
      'groups.ts',
      'load.ts',
      'queries.ts',
      'scan.ts',
      'search.ts',
      'shipped.ts',
      'signals.ts',
      'store.ts',
      'torture.ts',
    ]);
  });

  it('refuse an option that they do not have, in two lines and with what to do', async () => {
    const answers = await Promise.all(SCRIPTS.map((name) => runScript(name, '--nonsense')));

    expect(answers).toEqual(
      SCRIPTS.map((name) => ({
        code: 2,
        said: `bench/${name}: there is no option --nonsense.\nnpx tsx bench/${name} --help lists its options.\n`,
      })),
    );
  });
});

function runScript(name: string, ...args: readonly string[]): Promise<{ code: unknown; said: string }> {
  return new Promise((resolve) => {
    const command = ['--import', 'tsx', join(import.meta.dirname, name), ...args];
    execFile(process.execPath, command, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, said: stdout + stderr }),
    );
  });
}
