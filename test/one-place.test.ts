// Adds a field to the declaration of each document, in its one place, and finds it in all that follows from it: the
// type on the page, the schema of the API, and the check of a stored document. Nothing is written to the sources: the
// compiler and the bundler read the changed text.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { isSilence } from '../store/stored.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = join(ROOT, 'api', 'web', 'src', 'one-place.ts');

interface Row {
  readonly name: string;
  readonly file: string;
  readonly declaration: string;
  /** Type on the page, or of the API's answer where the page shows none. */
  readonly shown: string;
  /** Module and name of the schema with which the API answers. */
  readonly answer: readonly [module: string, name: string];
}

const ROWS: readonly Row[] = [
  row('incident', 'Incident', "Shown<'incident'>", ['api/schemas/incidents.ts', 'INCIDENT']),
  row('alert', 'Alert', "Shown<'alerts'>['alerts'][number]", ['api/schemas/alerts.ts', 'ALERT_LIST']),
  row('triage', 'Triage', "Shown<'triage'>['words'][number]", ['api/schemas/triage.ts', 'TRIAGE']),
  row('feedback', 'Feedback', "Shown<'feedback'>['feedback'][number]", ['api/schemas/rules.ts', 'FEEDBACK_LIST']),
  row('silence', 'Silence', "Shown<'silences'>['silences'][number]", ['api/schemas/alerts.ts', 'SILENCE_LIST']),
  row('job', 'JobSummary', "Shown<'jobs'>['jobs'][number]", ['api/schemas/incidents.ts', 'JOB_LIST']),
  row('agent', 'AgentStatus', "Shown<'agents'>['agents'][number]", ['api/schemas/system.ts', 'AGENT_LIST']),
  row('rule', 'WrittenRule', "Shown<'ownRule'>", ['api/schemas/author.ts', 'RULE_TEXTS']),
  row('viewer', 'ShownViewer', "Shown<'viewer'>", ['core/documents/viewer.ts', 'ShownViewer']),
  row('session', 'StoredSession', "Shown<'sessions'>[number]", ['api/schemas/access.ts', 'SESSION_LIST']),
  row('user', 'LocalUser', "Static<typeof import('../../schemas/access.ts').USER_LIST>['users'][number]", [
    'api/schemas/access.ts',
    'USER_LIST',
  ]),
  row('token', 'ApiToken', "Static<typeof import('../../schemas/access.ts').TOKEN_LIST>['tokens'][number]", [
    'api/schemas/access.ts',
    'TOKEN_LIST',
  ]),
];

function row(name: string, declaration: string, shown: string, answer: Row['answer']): Row {
  return { name, file: join(ROOT, 'core', 'documents', `${name}.ts`), declaration, shown, answer };
}

/** Returns the text of the declaration with a further field, `addedField`. */
function addField({ file, declaration }: Row): string {
  const parts = readFileSync(file, 'utf8').split(`export const ${declaration} = object({\n`);
  expect(parts, `${declaration} in ${file}`).toHaveLength(2);
  return parts.join(`export const ${declaration} = object({\n  addedField: text,\n`);
}

/** Compiles a module of the page that reads the added field of each document. Returns the names of those without it. */
function findMissing(rows: readonly Row[], isAdded: boolean): readonly string[] {
  const config = ts.readConfigFile(join(ROOT, 'api', 'web', 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, join(ROOT, 'api', 'web'));
  const lines = rows.map(({ name, shown }) => `export const ${name} = (shown: ${shown}): string => shown.addedField;`);
  const changed = new Map(isAdded ? rows.map((item) => [item.file, addField(item)]) : []);
  changed.set(
    PAGE,
    [
      `import type { api } from './server/client.ts';`,
      `import type { Static } from '../../../core/documents/schema.ts';`,
      `type Shown<Name extends keyof typeof api> = Awaited<ReturnType<(typeof api)[Name]>>;`,
      ...lines,
    ].join('\n'),
  );
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => changed.has(path) || fileExists(path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = changed.get(path);
    return text === undefined ? getSourceFile(path, language, ...rest) : ts.createSourceFile(path, text, language);
  };
  const program = ts.createProgram([PAGE], options, host);
  const problems = program.getSemanticDiagnostics(program.getSourceFile(PAGE));
  return problems.map(({ file, start = 0 }) => {
    const line = file?.getLineAndCharacterOfPosition(start).line ?? 0;
    return rows[line - 3]?.name ?? `line ${line}`;
  });
}

/** Bundles a module of the program with the changed declarations, and returns what it exports. */
async function loadChanged(path: string): Promise<Readonly<Record<string, unknown>>> {
  const folder = mkdtempSync(join(tmpdir(), 'one-place-'));
  try {
    await build({
      entryPoints: [join(ROOT, path)],
      outfile: join(folder, 'bundle.cjs'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      define: { 'import.meta.filename': '__filename' },
      plugins: [
        {
          name: 'one-place',
          setup: ({ onLoad }) =>
            onLoad({ filter: /core\/documents\/\w+\.ts$/ }, (given) => {
              const changed = ROWS.find(({ file }) => file === given.path);
              return { loader: 'ts', contents: changed ? addField(changed) : readFileSync(given.path, 'utf8') };
            }),
        },
      ],
    });
    return createRequire(import.meta.url)(join(folder, 'bundle.cjs'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('a field that is added to the declaration of a document', () => {
  it('is in the type that the page has of it', () => {
    expect(findMissing(ROWS, false)).toEqual(ROWS.map(({ name }) => name));
    expect(findMissing(ROWS, true)).toEqual([]);
  });

  it.each(ROWS)(
    'is in the schema of the API: $name',
    async ({ answer: [module, name] }) => {
      expect(JSON.stringify((await loadChanged(module))[name])).toContain('"addedField":{"type":"string"}');
    },
    60_000,
  );

  it('is checked in a stored document that has it', async () => {
    const changed = await loadChanged('store/stored.ts');
    const silence = {
      id: 's',
      matchers: { job: 'orders' },
      startsAt: '2026-11-20T10:00:00.000Z',
      endsAt: '2026-11-20T11:00:00.000Z',
      createdBy: 'anna',
      comment: 'migration',
    };
    expect(isSilence(silence)).toBe(true);
    const check = changed['isSilence'] as (value: unknown) => boolean;
    const withField = (addedField: unknown): unknown => ({ ...silence, addedField });
    expect([silence, withField('x'), withField(7)].map(check)).toEqual([true, true, false]);
  });
});
