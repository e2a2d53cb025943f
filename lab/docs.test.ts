// Checks that the generated pages match the tables, and that every error code is thrown and tested.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../core/config/settings.js';
import { ERRORS } from '../core/errors.js';
import { PAGES } from './docs.js';
import { PACKAGE_ROOT } from '../cli/version.js';

const STAGES = ['core', 'flink', 'agent', 'store', 'analyzer', 'notify', 'api', 'cli'];

function readSources(folders: readonly string[], name: RegExp): string {
  return folders
    .flatMap((folder) => readdirSync(join(PACKAGE_ROOT, folder), { recursive: true, withFileTypes: true }))
    .filter((item) => item.isFile() && name.test(item.name))
    .map((item) => readFileSync(join(item.parentPath, item.name), 'utf8'))
    .join('\n');
}

describe('the generated pages', () => {
  it.each(Object.entries(PAGES))('docs/%s is up to date (npm run docs)', (name, render) => {
    expect(readFileSync(join(PACKAGE_ROOT, 'docs', name), 'utf8')).toBe(render());
  });
});

describe('the table of settings', () => {
  it('has unique names, a sentence each, and a unit in the name of every number', () => {
    expect(new Set(SETTINGS.map((row) => row.name)).size).toBe(SETTINGS.length);
    for (const row of SETTINGS) {
      expect(row.help, row.name).toMatch(/\.$/);
      if (['integer', 'number'].includes(row.type))
        expect(row.name, row.name).toMatch(
          /(Ms|Bytes|Hours|Days|Files|Records|Batches|PerSecond|Seconds|Cores|Percent|Verdicts|workers)$/,
        );
    }
  });
});

describe('the table of errors', () => {
  it('holds no code that nothing raises', () => {
    const code = `${readSources(STAGES, /(?<!\.test|errors)\.ts$/)}\n${readFileSync(join(PACKAGE_ROOT, 'cli.ts'), 'utf8')}`;
    expect(Object.keys(ERRORS).filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });

  it('holds no code that no test has seen', () => {
    const tests = readSources([...STAGES, 'test'], /\.test\.ts$/);
    expect(Object.keys(ERRORS).filter((name) => !new RegExp(`\\b${name}\\b`).test(tests))).toEqual([]);
  });
});
