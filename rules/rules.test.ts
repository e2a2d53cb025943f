// Contract of the catalog, for every rule without exceptions: each log of its cases is named first by the rule, each
// near miss is not, what a case asserts is there, and healthy recordings stay silent. rules/patches.test.ts starts what
// is patched, lab/reference/sources.test.ts looks the sources up in the real jars.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../analyzer/incident/diagnose.js';
import { flattenIncidents } from '../analyzer/incident/document.js';
import { listRows, proveRow } from '../analyzer/author/engine-proof.js';
import { readCases } from '../analyzer/author/cases.js';
import { proveCase, proveWhole } from '../analyzer/author/proof.js';
import { readEntries } from '../analyzer/input/read.js';
import { readWholeCatalog } from '../analyzer/testing/samples.js';
import { parseDocument } from '../core/document.js';

const catalog = readWholeCatalog();
const recordings = fileURLToPath(new URL('../lab/recordings', import.meta.url));

interface Manifest {
  readonly expected?: { readonly cause: string };
  readonly jobs?: readonly { readonly id: string }[];
}

const runs = readdirSync(recordings, { recursive: true, withFileTypes: true })
  .filter((item) => item.isFile() && item.name === 'manifest.yaml')
  .map((item) => ({
    folder: item.parentPath,
    name: item.parentPath.slice(recordings.length + 1),
    manifest: readManifest(join(item.parentPath, 'manifest.yaml')),
  }));

function readManifest(path: string): Manifest {
  return parseDocument(readFileSync(path, 'utf8'), path).value as Manifest;
}

const proven = catalog.rules.map((rule) => ({ rule, ...readCases(rule) }));

describe.each(proven)('$rule.id', ({ rule, cases, problems }) => {
  const results = cases.map((one) => () => proveCase(rule, catalog, one));
  const found = new Map<number, ReturnType<typeof proveCase>>();
  const resultOf = (index: number): ReturnType<typeof proveCase> => {
    const result = found.get(index) ?? results[index]?.() ?? { file: rule.file, alternatives: [] };
    found.set(index, result);
    return result;
  };

  it.each(cases.map(({ name, place }, index) => [`${rule.id}: ${name}`, place, index] as const))(
    '%s',
    (_, place, index) => {
      expect(resultOf(index).problem, place).toBeUndefined();
    },
  );

  it(`${rule.id}: every form is proven`, () => {
    const all = cases.map((_, index) => resultOf(index));
    expect(proveWhole(rule, catalog, all, cases, problems).map(({ problem }) => problem)).toEqual([]);
  });
});

describe('every rule', () => {
  it.each(catalog.rules.map((rule) => [rule.id, rule] as const))(
    '%s says the same numbers, options and commands in both languages',
    (_, rule) => {
      const texts = [
        rule.title,
        rule.summary,
        ...rule.reasons.map((reason) => reason.text),
        ...rule.fixes.flatMap((fix) => [fix.text, fix.cost, fix.verify]),
      ];

      for (const text of texts) {
        if (text === undefined) continue;
        expect(listTerms(text.zh.source), text.en.source).toEqual(listTerms(text.en.source));
      }
    },
  );

  it('is documented by pages that are addresses', () => {
    for (const rule of catalog.rules)
      expect(
        rule.references.filter((reference) => !/^https:\/\/\S+$/.test(reference)),
        rule.id,
      ).toEqual([]);
  });

  it('is stable only when a recorded failure or a literal of a class proves it', () => {
    for (const { rule, cases } of proven.filter((item) => item.rule.status === 'stable')) {
      expect(
        cases.some(({ expectation }) => expectation?.from === 'lab') ||
          rule.alternatives.every((alternative) => alternative.sources.length > 0),
        rule.id,
      ).toBe(true);
    }
  });

  it('has a recording for each case that names one, and no recording stands there for nothing', () => {
    const named = proven.flatMap(({ cases }) => cases.flatMap(({ recording }) => recording ?? []));
    const folder = fileURLToPath(new URL('recordings', import.meta.url));

    expect(readdirSync(folder).sort()).toEqual(named.map((name) => `${name}.log`).sort());
  });

  it('has texts in zh.yaml only of rules and parts that there are', () => {
    for (const area of new Set(proven.map(({ rule }) => dirname(dirname(rule.file))))) {
      const file = join(area, 'zh.yaml');
      const texts = parseDocument(readFileSync(file, 'utf8'), file).value as Readonly<Record<string, unknown>>;
      const ids = proven.filter(({ rule }) => rule.file.startsWith(`${area}/`)).map(({ rule }) => rule.id);

      expect(
        Object.keys(texts)
          .map((name) => `${basename(area)}.${name}`)
          .sort(),
      ).toEqual([...ids].sort());
    }
  });
});

describe('every row of the engine', () => {
  const rows = listRows(catalog.engine);

  it.each(rows.map((row) => [row.id, row] as const))('%s acts on its logs and spares its near misses', (_, row) => {
    expect(proveRow(row, catalog).filter(({ problem }) => problem !== undefined)).toEqual([]);
  });

  it('stands in a file that names its schema in its first line', () => {
    for (const file of new Set(rows.map(({ path }) => path)))
      expect(readFileSync(file, 'utf8'), file).toMatch(
        /^# yaml-language-server: \$schema=\.\.\/engine\.schema\.json\n/,
      );
  });
});

describe('the names that the engine knows', () => {
  const { packages, wrappers, shared } = catalog.engine;
  const twice = (names: readonly string[]): readonly string[] => names.filter((name, at) => names.indexOf(name) < at);

  it('stand once in their table', () => {
    expect(twice(packages.flatMap((row) => row.packages))).toEqual([]);
    expect(twice(wrappers.flatMap(({ classes }) => classes))).toEqual([]);
    expect(twice(shared.flatMap(({ causes }) => causes))).toEqual([]);
  });

  it('are causes that exist, where a row names causes', () => {
    expect(shared.flatMap(({ causes }) => causes).filter((cause) => !catalog.causes.has(cause))).toEqual([]);
  });
});

describe("the authors' schemas", () => {
  it.each(['rule.schema.json', 'schema.json', 'proof.schema.json', 'engine.schema.json'])(
    '%s has a hover text for every key',
    (name) => {
      const schema: unknown = JSON.parse(readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8'));

      expect(findUndescribed(schema, '', schema)).toEqual([]);
    },
  );

  it('is named in the first line of every rule', () => {
    for (const { file } of catalog.rules)
      expect(readFileSync(file, 'utf8'), file).toMatch(
        /^# yaml-language-server: \$schema=\.\.\/\.\.\/rule\.schema\.json\n/,
      );
  });
});

/** Returns the paths of keys that have no description and do not refer to a definition that has one. */
function findUndescribed(node: unknown, path: string, schema: unknown): readonly string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]): readonly string[] => {
    if (key !== 'properties' || path.endsWith('/if') || path.endsWith('/then'))
      return findUndescribed(value, `${path}/${key}`, schema);
    return Object.entries(value as Readonly<Record<string, unknown>>).flatMap(([name, property]) => [
      ...(isDescribed(property, schema) ? [] : [`${path}/${name}`]),
      ...findUndescribed(property, `${path}/${name}`, schema),
    ]);
  });
}

function isDescribed(property: unknown, schema: unknown): boolean {
  const { description, $ref } = property as { readonly description?: string; readonly $ref?: string };
  if (description !== undefined) return true;
  const definition =
    $ref === undefined
      ? undefined
      : (schema as { readonly definitions: Readonly<Record<string, { readonly description?: string }>> }).definitions[
          $ref.slice('#/definitions/'.length)
        ];
  return definition?.description !== undefined;
}

describe('every recorded failure', () => {
  it.each(runs.filter((run) => !run.name.startsWith('healthy')).map((run) => [run.name, run] as const))(
    '%s is named from the logs of all its processes',
    (_, run) => {
      const { diagnoses } = flattenIncidents(diagnose(readEntries([run.folder]), catalog), 'en');

      expect(diagnoses[0]?.cause).toBe(run.manifest.expected?.cause);
      expect(diagnoses[0]?.symptom).toBe(false);
    },
  );
});

describe('every healthy run', () => {
  const healthy = runs.filter((run) => run.name.startsWith('healthy'));

  it('is there', () => {
    expect(healthy.length).toBeGreaterThan(1);
  });

  it.each(healthy.map((run) => [run.name, run] as const))('%s stays silent', (_, run) => {
    const { diagnoses, unknown } = flattenIncidents(diagnose(readEntries([run.folder]), catalog), 'en');

    expect([...diagnoses.map((item) => item.rule), ...unknown.map((item) => item.chain)]).toEqual([]);
  });

  const logs = fileURLToPath(new URL('healthy', import.meta.url));
  it.each(existsSync(logs) ? readdirSync(logs).filter((name) => name.endsWith('.log')) : [])(
    'rules/healthy/%s stays silent',
    (name) => {
      const { diagnoses, unknown } = flattenIncidents(diagnose(readEntries([join(logs, name)]), catalog), 'en');

      expect([...diagnoses.map((item) => item.rule), ...unknown.map((item) => item.chain)]).toEqual([]);
    },
  );
});

/** Lists what must not differ between languages: placeholders, option names, and commands in back quotes. */
function listTerms(text: string): readonly string[] {
  return [...text.matchAll(/\{[^}]+\}|`[^`]+`|\b[a-z]+(?:[.-][a-z]+){2,}\b/g)].map(([term]) => term).sort();
}
