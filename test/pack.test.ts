// Tests the result of `npm pack`: the program, its rules with their proofs (from which an author of rules learns and
// with which they test) and its docs, and nothing that only tests need. Unpacked, it answers.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { findProduct, makeProduct } from './install/product.js';
import { FRONT_DOOR } from './program.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const LOG = join(root, 'rules', 'recordings', 'network.insufficient-buffers.total.log');
let files: readonly string[];

beforeAll(async () => {
  const { tarball } = (await findProduct()) ?? (await makeProduct());
  const listed = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8', maxBuffer: 64 * 1_048_576 });
  files = listed.split('\n').map((path) => path.replace(/^package\//, ''));
});

describe('the package', () => {
  it.each([
    'dist/cli.js',
    'dist/cli/short.cjs',
    'dist/cli/service.cjs',
    'dist/rules.bin',
    'dist/web/index.html',
    'rules/causes.yaml',
    'rules/schema.json',
    'rules/rule.schema.json',
    'rules/network/insufficient-buffers/total.yaml',
    'rules/network/zh.yaml',
    'rules/recordings/network.insufficient-buffers.total-2.log',
    'docker/flink/log4j.properties',
    'docs/install.md',
    'README.md',
    'LICENSE',
  ])('holds %s', (path) => {
    expect(files).toContain(path);
  });

  it('holds no tests, no helpers of tests, no laboratory, no sources', () => {
    const needless = files.filter(
      (path) => /\.test\.|(^|\/)testing\/|\.tsx?$|\.map$/.test(path) || /^(dist\/)?(lab|bench|test)\//.test(path),
    );

    expect(needless).toEqual([]);
  });

  it('holds nothing that an older source left in the build', () => {
    const code = files.filter((path) => /^dist\/(?!web\/).*\.js$/.test(path));

    expect(code.filter((path) => !existsSync(join(root, path.replace(/^dist\/(.*)\.js$/, '$1.ts'))))).toEqual([]);
    expect(code.length).toBeGreaterThan(100);
  });

  it('diagnoses as the tree does that it was made from', () => {
    const diagnose = (program: string): string =>
      execFileSync(process.execPath, [program, 'diagnose', '--format', 'json', LOG], { encoding: 'utf8' });

    expect(diagnose(FRONT_DOOR)).toBe(diagnose(join(root, 'dist', 'cli.js')));
  });

  it('proves its rules', () => {
    const args = [FRONT_DOOR, 'rules', 'test', 'network.insufficient-buffers/total'];

    expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toContain('1 rule, 3 tests, 0 failed');
  });
});
