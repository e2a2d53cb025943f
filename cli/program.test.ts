// The program as it was built: opened with what V8 compiled, and without where V8 does not take it.
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeWithParts } from '../lab/parts/describe-part.js';
import { requirePart } from '../lab/parts/parts.js';

const path = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));
const LOG = path('rules/network/insufficient-buffers/total/match.log');

function run(...args: readonly string[]): string {
  return execFileSync(process.execPath, args, { encoding: 'utf8' });
}

it('V8 takes what was compiled when the program was built', () => {
  const script = `import { readFileSync } from 'node:fs';
    import { compileBundle, COMPILED_FILE } from ${JSON.stringify(path('dist/cli/program.js'))};
    console.log(compileBundle(readFileSync(COMPILED_FILE)).cachedDataRejected);`;

  expect(run('--input-type=module', '--eval', script).trim()).toBe('false');
});

it('where V8 runs otherwise and takes nothing of it, the answer is the same', () => {
  const diagnose = [path('dist/cli.js'), 'diagnose', '--format', 'json', LOG];

  expect(run('--no-opt', ...diagnose)).toBe(run(...diagnose));
});

for (const name of ['node-22', 'node-24'] as const) {
  describeWithParts([name], name, () => {
    const node = join(requirePart(name)?.home ?? '', 'bin', 'node');

    it('is told in words of its own V8 how long to wait before it optimizes', () => {
      const script = `import { compileBundle } from ${JSON.stringify(path('dist/cli/program.js'))}; compileBundle();`;

      const { status, stdout, stderr } = spawnSync(node, ['--input-type=module', '--eval', script], {
        encoding: 'utf8',
      });

      expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
    });
  });
}
