// Tests the built program: with V8's code cache, and without it if V8 rejects it; services without the V8 flags for
// short commands; and a Node version other than the one of the installation.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { requirePart } from '../lab/parts/parts.js';
import { ERRORS } from '../core/errors.js';
import { LOG_LEVEL_OPTION } from './command.js';
import { COMMANDS } from './main.js';
import { SERVICES } from './program.js';

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
const LOG = path('rules/recordings/network.insufficient-buffers.total.log');
const PROGRAM = JSON.stringify(path('dist/cli/program.js'));

function run(...args: readonly string[]): string {
  return execFileSync(process.execPath, args, { encoding: 'utf8' });
}

function runScript(node: string, script: string): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(node, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

describe('what was compiled when the program was built', () => {
  it.each(['short', 'service'])('is taken by V8 for a run that is %s', (kind) => {
    const script = `import { readFileSync } from 'node:fs';
      import { compileBundle, COMPILED_FILES, tuneForShortRun } from ${PROGRAM};
      ${kind === 'short' ? 'tuneForShortRun();' : ''}
      console.log(compileBundle('${kind}', readFileSync(COMPILED_FILES.${kind})).cachedDataRejected);`;

    expect(runScript(process.execPath, script)).toEqual({ status: 0, said: 'false\n' });
  });

  it('changes no answer where V8 runs otherwise and takes nothing of it', () => {
    const diagnose = [path('dist/cli.js'), 'diagnose', '--format', 'json', LOG];

    expect(run('--no-opt', ...diagnose)).toBe(run(...diagnose));
  });
});

describe.each(['service.cjs', 'agent-worker.cjs'])('the Elasticsearch client in the built %s', (name) => {
  const bundle = readFileSync(path(`dist/cli/${name}`), 'utf8');
  const { sources } = JSON.parse(readFileSync(path(`dist/cli/${name}.map`), 'utf8')) as { sources: string[] };

  it('is the whole client, and loads no package beside it', () => {
    for (const file of ['client', 'helpers', 'api/index'])
      expect(bundle).toContain(`"node_modules/@elastic/elasticsearch/lib/${file}.js"(`);
    expect(sources).toContain('../../node_modules/@elastic/elasticsearch/index.js');
    expect(bundle).not.toMatch(/require\(.@elastic/);
  });

  it('neither holds apache-arrow nor loads it', () => {
    expect(sources.filter((source) => source.includes('/apache-arrow/'))).toEqual([]);
    expect(bundle).not.toMatch(/require\(.apache-arrow/);
  });
});

describe('the built program', () => {
  const bundle = readFileSync(path('dist/cli/service.cjs'), 'utf8');

  it.each(['short.cjs', 'service.cjs', 'agent-worker.cjs', 'paste-worker.cjs', 'store-worker.cjs'])(
    'is ASCII in %s: a byte for each letter',
    (name) => {
      expect(readFileSync(path(`dist/cli/${name}`)).findIndex((byte) => byte > 127)).toBe(-1);
    },
  );

  it.each(['ajv/dist/ajv.js', 'pino/pino.js', 'yaml/dist/index.js'])(
    'holds %s, which every agent begins with',
    (file) => {
      expect(bundle).toContain(`"node_modules/${file}"(`);
    },
  );
});

describe('the flags of V8', () => {
  /** The tag changes with each flag that is set. */
  const compareFlags = (command: string): string => `import { cachedDataVersionTag } from 'node:v8';
    import { openProgram } from ${PROGRAM};
    const before = cachedDataVersionTag();
    await openProgram([${JSON.stringify(command)}]);
    console.log(cachedDataVersionTag() === before ? 'as they were' : 'changed');`;

  it.each(['diagnose', ...SERVICES])('are changed for %s', (command) => {
    expect(runScript(process.execPath, compareFlags(command))).toEqual({ status: 0, said: 'changed\n' });
  });

  it('stay as they are for a command that asks the store once', () => {
    expect(runScript(process.execPath, compareFlags('search'))).toEqual({ status: 0, said: 'as they were\n' });
  });

  it('let the young generation of an agent grow to 4 MiB, and no further once that was seen', () => {
    const script = `import { getHeapSpaceStatistics } from 'node:v8';
      import { setTimeout } from 'node:timers/promises';
      import { tuneForAgent } from ${PROGRAM};
      const young = () => getHeapSpaceStatistics().find((one) => one.space_name === 'new_space').space_size;
      const fill = (isDone) => {
        for (let index = 0, kept = []; index < 1_000_000; index += 1) {
          if (kept.length > 50_000) kept = [];
          kept.push({ index });
          if (index % 1000 === 0 && isDone()) return;
        }
      };
      tuneForAgent();
      fill(() => young() >= 4 * 1_048_576);
      const before = young();
      await setTimeout(500);
      fill(() => false);
      console.log(before >= 4 * 1_048_576, young() <= before);`;

    expect(runScript(process.execPath, script)).toEqual({ status: 0, said: 'true true\n' });
  });

  it('let the young generation of each worker of an agent begin with 4 MiB', () => {
    const script = `import { Worker } from 'node:worker_threads';
      import { tuneForAgent } from ${PROGRAM};
      const code = "const all = process.getBuiltinModule('node:v8').getHeapSpaceStatistics();" +
        "console.log(all.find((one) => one.space_name === 'new_space').space_size)";
      tuneForAgent();
      new Worker(code, { eval: true });`;

    expect(runScript(process.execPath, script)).toEqual({ status: 0, said: `${4 * 1_048_576}\n` });
  });

  it('are those of services for every command that logs what it does', () => {
    const services = COMMANDS.filter(({ options }) => options.includes(LOG_LEVEL_OPTION));

    expect(services.map(({ name }) => name).sort()).toEqual([...SERVICES].sort());
  });

  it('stay as they are, and nothing is said, on a Node that is not known', () => {
    const script = `import { cachedDataVersionTag } from 'node:v8';
      import { tuneForAgent, tuneForShortRun } from ${PROGRAM};
      const before = cachedDataVersionTag();
      tuneForShortRun('99.0.0');
      tuneForAgent('99.0.0');
      console.log(cachedDataVersionTag() === before);`;

    expect(runScript(process.execPath, script)).toEqual({ status: 0, said: 'true\n' });
  });
});

describe('an installation whose re2 does not load', () => {
  let folder: string;
  const binary = (): string => join(folder, 'node_modules', 're2', 'build', 'Release', 're2.node');
  const runCopy = (...args: readonly string[]): { status: number | null; stdout: string; stderr: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'dist', 'cli.js'), ...args], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobtrace-program-'));
    mkdirSync(join(folder, 'node_modules'));
    for (const name of readdirSync(path('node_modules')).filter((item) => item !== 're2'))
      symlinkSync(path(`node_modules/${name}`), join(folder, 'node_modules', name));
    for (const name of ['package.json', 're2.js'])
      cpSync(path(`node_modules/re2/${name}`), join(folder, 'node_modules', 're2', name));
    for (const name of ['dist', 'package.json']) cpSync(path(name), join(folder, name), { recursive: true });
    symlinkSync(path('rules'), join(folder, 'rules'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('says that the binary is missing, and what to do', () => {
    const { status, stdout, stderr } = runCopy('diagnose', LOG);

    expect({ status, stdout }).toEqual({ status: ERRORS.JT_MODULE_UNUSABLE.exitCode, stdout: '' });
    expect(stderr).toBe(
      `jobtrace: The module re2 cannot be used with Node.js ${process.version}: its binary is not there.\n` +
        'Run "npm rebuild re2" with this Node.js in the folder where Jobtrace is installed (docs/install.md).\n',
    );
  });

  it.each(['diagnose', ...SERVICES])('says that the binary is damaged before it starts: %s', (command) => {
    mkdirSync(join(binary(), '..'), { recursive: true });
    writeFileSync(binary(), 'no program');

    const { status, stdout, stderr } = runCopy(command, ...(command === 'diagnose' ? [LOG] : []));

    expect({ status, stdout }).toEqual({ status: 4, stdout: '' });
    expect(stderr).toMatch(
      /^jobtrace: The module re2 cannot be used with .*re2\.node: .+\.\nRun "npm rebuild re2" .*\n$/,
    );
  });

  it('still tells what it is', () => {
    expect(runCopy('--version')).toMatchObject({ status: 0, stderr: '' });
    expect(runCopy('help')).toMatchObject({ status: 0, stderr: '' });
  });
});

for (const name of ['node-22', 'node-24'] as const) {
  describeWithParts([name], name, () => {
    const node = join(requirePart(name)?.home ?? '', 'bin', 'node');

    it('is told in words of its own V8 how long to wait before it optimizes, and how small to stay', () => {
      const script = `import { tuneForAgent, tuneForShortRun } from ${PROGRAM}; tuneForShortRun(); tuneForAgent();`;

      expect(runScript(node, script)).toEqual({ status: 0, said: '' });
    });

    it('takes nothing that another V8 compiled, and starts', () => {
      const { status, stdout, stderr } = spawnSync(node, [path('dist/cli.js'), 'help'], { encoding: 'utf8' });

      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toMatch(/^jobtrace /);
    });

    it('says what to do with the binary that another Node was installed with', () => {
      const { status, stdout, stderr } = spawnSync(node, [path('dist/cli.js'), 'diagnose', LOG], { encoding: 'utf8' });

      expect({ status, stdout }).toEqual({ status: 4, stdout: '' });
      expect(stderr).toMatch(/: its binary was made for another release of Node\.js\.\nRun "npm rebuild re2" /);
    });
  });
}
