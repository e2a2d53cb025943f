import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JobtraceError } from '../../core/errors.js';
import { scanEntry } from '../entry/scan.js';
import { splitText } from '../input/read.js';
import { makeFolder } from '../testing/samples.js';
import { loadCatalog, reloadCatalog, type Catalog } from './catalog.js';

const LEASE =
  '2026-03-02 10:15:01,120 WARN  com.acme.lease.LeaseClient [] - The lease of the job was taken away\njava.io.IOException: x\n\tat com.acme.A.b(A.java:1)\n';
const PROOF = 'match: [x]\n    nearmiss: [y]';

function writeTables(text: string, folder = makeFolder()): string {
  mkdirSync(join(folder, 'engine'), { recursive: true });
  writeFileSync(join(folder, 'engine', 'own.yaml'), text);
  return folder;
}

function kindOf(text: string, catalog: Catalog): string | undefined {
  return splitText(text, 'flink.log').flatMap((entry) => scanEntry(entry, catalog)?.failure?.kind ?? [])[0];
}

function problemsOf(text: string): string {
  const folder = writeTables(text);
  try {
    loadCatalog({ builtIn: false, extra: [folder] });
  } catch (error) {
    if (error instanceof JobtraceError) return error.message.replaceAll(`${folder}/`, '');
    throw error;
  }
  return '';
}

describe("a team's own tables", () => {
  it('add rows, which the scan looks for', () => {
    const own = writeTables(
      `ends:\n  - id: lease-taken\n    why: Our launcher ends the process with it.\n    words: The lease of the job was taken away\n    ends: process\n    ${PROOF}\n`,
    );
    const text = LEASE.replace('com.acme.lease.LeaseClient', 'org.apache.flink.runtime.A').split('\n')[0] ?? '';

    expect(kindOf(text, loadCatalog({ builtIn: false }))).toBeUndefined();
    expect(kindOf(text, loadCatalog({ builtIn: false, extra: [own] }))).toBe('process');
  });

  it('stand before the built-in rows', () => {
    const own = writeTables(
      `ends:\n  - id: test-cluster\n    why: This one is stopped by its test.\n    words: Fatal error occurred in the test\n    ends: nothing\n    ${PROOF}\n`,
    );
    const says = (words: string): string => `2026-03-02 10:15:01,120 ERROR org.apache.flink.A [] - ${words}\n`;
    const catalog = loadCatalog({ builtIn: false, extra: [own] });

    expect(kindOf(says('Fatal error occurred in the test'), catalog)).toBeUndefined();
    expect(kindOf(says('Fatal error occurred in the cluster'), catalog)).toBe('process');
  });

  it('take the place of a built-in row, or switch it off', () => {
    const text =
      'org.apache.flink.util.FlinkException: The file LOG is not available on the TaskExecutor.\n\tat a.b.C.d(C.java:1)\n';
    const off = writeTables('harmless:\n  - id: file-not-kept\n    disabled: true\n');
    const other = writeTables(
      `harmless:\n  - id: file-not-kept\n    why: We want to know of the others.\n    root: FlinkException\n    says: The file STDOUT\n    ${PROOF}\n`,
    );

    expect(kindOf(text, loadCatalog({ builtIn: false }))).toBeUndefined();
    expect(kindOf(text, loadCatalog({ builtIn: false, extra: [off] }))).toBe('bare');
    expect(kindOf(text, loadCatalog({ builtIn: false, extra: [other] }))).toBe('bare');
    expect(kindOf(text.replace('LOG', 'STDOUT'), loadCatalog({ builtIn: false, extra: [other] }))).toBeUndefined();
  });

  it('are refused with all their problems and places', () => {
    expect(
      problemsOf(
        'harmles:\n  - id: a\nends:\n  - id: A b\n    why: too short?\n    words: short\n    ends: job\n    mesage: x\n    match: [x]\n    nearmiss: [y]\n',
      ),
    ).toMatch(
      /engine\/own\.yaml:1:1 has the unknown key `harmles`; did you mean `harmless`\?[^]*:4:9 [^]*:6:12 [^]*needs at least 7 characters[^]*:8:5 [^]*`mesage`; did you mean `message`\?/,
    );
    expect(
      problemsOf(
        `reported:\n  - id: a\n    why: Somebody reports it.\n    logger: A\n    words: B\n    message: '(?!x)'\n    ${PROOF}\n  - id: a\n    why: Somebody reports it.\n    logger: A\n    words: B\n    ${PROOF}\n`,
      ),
    ).toMatch(/:6:14 `reported\[0\]\.message` [^]*look-ahead[^]*:9:9 [^]*`a` is defined twice/);
  });

  it('stay as they were when a change is refused', () => {
    const folder = writeTables('harmless:\n  - id: file-not-kept\n    disabled: true\n');
    const before = loadCatalog({ builtIn: false, extra: [folder] });
    writeTables('harmless: 7\n', folder);
    const { catalog, problems } = reloadCatalog({ builtIn: false, extra: [folder] }, before);

    expect(problems.join('\n')).toContain('own.yaml:1:11');
    expect(catalog.engine).toBe(before.engine);
  });
});

describe("a team's own names", () => {
  it('say whose code a package is, before the built-in rows, and switch those off', () => {
    const row = (id: string, owner: string, name: string): string =>
      `  - id: ${id}\n    why: Our platform's own code.\n    owner: ${owner}\n    packages: [${name}]\n`;
    const rows = row('launcher', 'platform', 'com.acme.launcher') + row('beam', 'external', 'org.apache.beam');
    const load = (text: string) =>
      loadCatalog({ builtIn: false, extra: text === '' ? [] : [writeTables(text)] }).engine.code;
    const before = load('');
    const own = load(`packages:\n${rows}`);
    const off = load('packages:\n  - id: flink\n    disabled: true\n');
    const ownersOf = (frame: string) => [before, own, off].map((code) => code.ownerOf(frame));

    expect(ownersOf('com.acme.launcher.Run.main(Run.java:1)')).toEqual(['user-code', 'platform', 'user-code']);
    expect(ownersOf('org.apache.beam.A.b(A.java:1)')).toEqual(['framework', 'external', 'user-code']);
  });

  it('say which exceptions only wrap, and what jobs can share', () => {
    const { code, shared } = loadCatalog({
      builtIn: false,
      extra: [
        writeTables(
          "wrappers:\n  - id: acme\n    why: Our framework wraps everything.\n    classes: [com.acme.StepException]\nshared:\n  - id: vault\n    why: All jobs read their secrets there.\n    causes: [storage.vault]\n    patterns: ['vault at (\\S+)']\n",
        ),
      ],
    }).engine;

    expect([code.isWrapper('com.acme.StepException'), code.isWrapper('java.lang.Exception')]).toEqual([true, true]);
    expect(shared[0]?.patterns[0]?.exec('no answer of vault at vault-1:8200')?.[1]).toBe('vault-1:8200');
    expect(shared.find(({ id }) => id === 'kafka')?.causes).toContain('kafka.unreachable');
  });

  it('are refused with their place', () => {
    expect(
      problemsOf(
        "shared:\n  - id: vault\n    why: All jobs read their secrets there.\n    causes: [storage.vault]\n    patterns: ['(?=x)vault']\n",
      ),
    ).toMatch(/engine\/own\.yaml:5:16 `shared\[0\]\.patterns\[0\]` [^]*look-ahead/);
    expect(
      problemsOf('packages:\n  - id: a\n    why: Our own packages.\n    owner: nobody\n    packages: [a]\n'),
    ).toMatch(/own\.yaml:4:12 /);
  });
});
