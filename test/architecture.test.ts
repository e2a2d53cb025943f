// Checks the import rules of docs/architecture.md: stages never import each other, each npm package is imported by one
// file, and only the command line reads the environment.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { describeRoom, listRooms, readReadme, STAGES } from '../lab/docs-rooms.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Folder → folders it may import. `store/store.ts` (the port) is listed separately. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  flink: ['core'],
  store: ['core', 'flink'],
  agent: ['core', 'flink', 'store/store.ts', 'store/batch.ts', 'store/encode.ts'],
  analyzer: ['core', 'flink', 'store/store.ts'],
  notify: ['core', 'store/store.ts'],
  api: ['core', 'store/store.ts', 'store/scope.ts', 'store/caller.ts', 'store/erase.ts'],
};

/**
 * Layers of a stage, the lowest first: a room (a folder, or a single file) imports only from its own layer and from
 * those before it. The file that is named after its stage is on top.
 */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  core: [
    'json.ts',
    'fault.ts',
    'sequence.ts',
    'record.ts',
    'types.ts',
    'text',
    'time/iso.ts',
    'documents',
    'sink.ts',
    'log.ts',
    'errors.ts',
    'conditions.ts',
    'health.ts',
    'document.ts',
    'regex.ts',
    'time',
    'wasm',
    'config',
    'proxy.ts',
    'fetch.ts',
    'wording',
  ],
  flink: ['bytes', 'trace', 'layout', 'facts', 'memory'],
  agent: [
    'settings.ts',
    'status.ts',
    'alarm.ts',
    'discovery',
    'checkpoint',
    'record',
    'dead-letters.ts',
    'ship.ts',
    'tail',
    'pipeline.ts',
    'follower.ts',
    'workers',
    'process-tracker.ts',
    'state.ts',
    'report.ts',
    'reload.ts',
    'agent.ts',
  ],
  store: [
    'store.ts',
    'scope.ts',
    'stored.ts',
    'message-prefix.ts',
    'words.ts',
    'query',
    'caller.ts',
    'page.ts',
    'collections.ts',
    'expiry.ts',
    'incident-pages.ts',
    'incident-rows.ts',
    'job-counts.ts',
    'job-lines.ts',
    'conflict.ts',
    'batch.ts',
    'erase.ts',
    'sqlite',
    'elasticsearch/record',
    'elasticsearch',
    'encode.ts',
    'open.ts',
    'testing',
  ],
  analyzer: [
    'catalog',
    'entry',
    'restarts',
    'topology',
    'incident',
    'input/files',
    'input',
    'platform',
    'service',
    'author',
    'testing',
  ],
  notify: ['decide', 'card', 'routing', 'channels', 'deliver', 'notify.ts', 'reload.ts', 'policy.ts', 'testing'],
  api: [
    'auth',
    'schemas',
    'http',
    'routes',
    'mcp',
    'document.ts',
    'page.ts',
    'probe.ts',
    'serve-route.ts',
    'server.ts',
  ],
  'api/web/src': ['server', 'texts', 'view', 'search', 'incidents', 'pages', 'shell'],
  cli: [
    'command.ts',
    'version.ts',
    'settings.ts',
    'terminal',
    'service',
    'inspect',
    'operate',
    'main.ts',
    'program.ts',
    'write-bundles.ts',
    'write-code-cache.ts',
    'write-prepared.ts',
  ],
  lab: [
    'parts',
    'parts/services',
    'reference',
    'define',
    'play',
    'options.ts',
    'watch',
    'replay.ts',
    'live.ts',
    'silence.ts',
    'docs-rooms.ts',
    'docs-rules.ts',
    'docs.ts',
    'parts-cli.ts',
    'start.ts',
    'cli.ts',
  ],
};

const PAGE = 'api/web/src';

/**
 * Folders that the page may import, because it parses a search and a stack trace itself with the functions of the
 * stages.
 */
const PAGE_ALLOWED = [
  'core',
  'store/store.ts',
  'store/words.ts',
  'store/query',
  'flink/trace',
  'rules/engine/packages.yaml',
];

/** Largest number of sources in a room; more mean that it holds two ideas. */
const MAX_FILES = 20;

/** Largest number of casts in the product. Each has a comment that says why the compiler cannot know the type. */
const MAX_CASTS = 10;

/** Largest number of rooms of the house. */
const MAX_ROOMS = 65;

/** npm package → the only file that imports it. */
const DOORS: Readonly<Record<string, string>> = {
  re2: 'core/regex.ts',
  pino: 'core/log.ts',
  yaml: 'core/document.ts',
  ajv: 'core/document.ts',
  '@sinclair/typebox': 'core/documents/schema.ts',
  chokidar: 'agent/discovery/watch.ts',
  '@elastic/elasticsearch': 'store/elasticsearch/client.ts',
  '@photostructure/sqlite': 'store/sqlite/engine.ts',
  fastify: 'api/server.ts',
  'openid-client': 'api/auth/provider.ts',
  '@marcbachmann/cel-js': 'analyzer/catalog/expression.ts',
  minizlib: 'analyzer/input/files/inflate.ts',
  'prom-client': 'api/http/metrics.ts',
  undici: 'core/fetch.ts',
  'get-east-asian-width': 'cli/terminal/print.ts',
  nodemailer: 'notify/channels/smtp.ts',
  tar: 'cli/inspect/tar.ts',
  esbuild: 'cli/write-bundles.ts',
  '@modelcontextprotocol/sdk/server/index.js': 'api/mcp/serve.ts',
  '@modelcontextprotocol/sdk/server/stdio.js': 'api/mcp/serve.ts',
  '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js': 'api/mcp/serve.ts',
  '@modelcontextprotocol/sdk/types.js': 'api/mcp/serve.ts',
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function listSources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((item) => item.isFile() && item.name.endsWith('.ts') && !item.parentPath.includes(join('api', 'web')))
    .map((item) => posix.join(item.parentPath.slice(root.length), item.name))
    .filter((file) => !file.endsWith('.test.ts') && !file.includes('/testing/'));
}

/** Lists the sources of the page, which is a separate package with its own build. */
function listPage(): string[] {
  return readdirSync(join(root, PAGE), { withFileTypes: true, recursive: true })
    .filter((item) => item.isFile() && /\.tsx?$/.test(item.name) && !/\.test\.tsx?$/.test(item.name))
    .map((item) => posix.join(item.parentPath.slice(root.length), item.name));
}

function readImports(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [
    ...text.matchAll(
      /^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|(?:\b(?:import|require|load)|\bcreateRequire\([^)]*\))\('([^']+)'\)/gm,
    ),
  ].map((found) => ({
    file,
    typeOnly: found[1] !== undefined,
    target: found[2] ?? found[3] ?? found[4] ?? '',
  }));
}

function readText(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Matches a line of code with `as`, or with `<Type>` where a value may begin. Most files have none. */
const MAYBE_CAST = /^(?!\s*(?:\/\/|\/?\*)).*(?:\bas (?!const\b)|[=(,:?] ?<\w+>)/m;

/** Finds the casts of a file but `as const`. A comment on the line of a cast, or on the line before, explains it. */
function findCasts(file: string): { readonly place: string; readonly isExplained: boolean }[] {
  const text = readText(file);
  if (!MAYBE_CAST.test(text)) return [];
  const lines = text.split('\n');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const casts: { readonly place: string; readonly isExplained: boolean }[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) && !ts.isConstTypeReference(node.type)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      const isExplained = [line, line - 1].some((at) => /\/\/ |\*\/$/.test(lines[at] ?? ''));
      casts.push({ place: `${file}:${line + 1}`, isExplained });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return casts;
}

function resolveTarget(file: string, target: string): string {
  return posix.normalize(posix.join(posix.dirname(file), target)).replace(/\.js$/, '.ts');
}

/** Counts the lines of the comment at the beginning of a file. */
function countOpening(text: string): number {
  const lines = text.replace(/^#!.*\n/, '').split('\n');
  return lines.findIndex((line) => !line.startsWith('//'));
}

const sources = Object.keys(ALLOWED).flatMap(listSources);
/** Sources that are divided into rooms: the stages, the page, the command line, and the laboratory. */
const housed = [...sources, ...listPage(), ...listSources('cli'), ...listSources('lab')];
/** Files that nobody imports, because they are run directly or replace a package in the build. */
const STARTS = [
  'api/web/src/shell/main.tsx',
  'cli/write-prepared.ts',
  'cli/write-bundles.ts',
  'cli/write-code-cache.ts',
  'cli/no-arrow.ts',
  'cli/service/store-worker.ts',
];
const product = [...sources, ...listPage(), ...listSources('cli')];
const imports = [...product, 'cli.ts'].flatMap(readImports);

describe('the house', () => {
  it('has source in every stage', () => {
    for (const stage of Object.keys(ALLOWED)) expect(listSources(stage).length, stage).toBeGreaterThan(0);
  });

  it('lets a stage import only what its row of the table allows', () => {
    const broken = imports
      .filter(({ file, target }) => target.startsWith('.') && ALLOWED[file.split('/')[0] ?? ''] !== undefined)
      .filter(({ file, target }) => {
        const folder = file.split('/')[0] ?? '';
        const path = resolveTarget(file, target);
        const more = file.startsWith(`${PAGE}/`) ? PAGE_ALLOWED : ALLOWED[folder];
        const allowed = [folder, ...(more ?? [])];
        if (path.includes('/testing/')) return !file.includes('/testing/');
        return !allowed.some((place) => path === place || path.startsWith(`${place}/`));
      });
    expect(broken).toEqual([]);
  });

  it('lets a room import only from the floors below it', () => {
    const floorOf = (stage: string, path: string): number => {
      const floors = FLOORS[stage] ?? [];
      const [nearest] = floors
        .filter((floor) => path === `${stage}/${floor}` || path.startsWith(`${stage}/${floor}/`))
        .sort((left, right) => right.length - left.length);
      return nearest === undefined ? -1 : floors.indexOf(nearest);
    };
    const stageOf = (file: string): string => (file.startsWith(`${PAGE}/`) ? PAGE : (file.split('/')[0] ?? ''));
    const inside = housed
      .flatMap(readImports)
      .filter(({ file, target }) => /^\..*\.[jt]sx?$/.test(target) && FLOORS[stageOf(file)]);
    const broken = inside.filter(({ file, target }) => {
      const stage = stageOf(file);
      const path = resolveTarget(file, target);
      if (!path.startsWith(`${stage}/`)) return false;
      return floorOf(stage, file) === -1 || floorOf(stage, path) === -1 || floorOf(stage, path) > floorOf(stage, file);
    });
    expect(broken.map(({ file, target }) => `${file} → ${target}`)).toEqual([]);
  });

  it('has no circle of imports', () => {
    const targets = new Map(
      housed.map((file) => [file, readImports(file).map(({ target }) => resolveTarget(file, target))]),
    );
    const circles: string[] = [];
    const seen = new Set<string>();
    const visit = (file: string, way: readonly string[]): void => {
      if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' → '));
      if (seen.has(file)) return;
      seen.add(file);
      for (const target of targets.get(file) ?? []) visit(target, [...way, file]);
    };
    for (const file of targets.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('has rooms of at most twenty files', () => {
    const rooms = new Map<string, number>();
    for (const file of housed) {
      rooms.set(posix.dirname(file), (rooms.get(posix.dirname(file)) ?? 0) + 1);
    }
    expect([...rooms].filter(([, files]) => files > MAX_FILES)).toEqual([]);
  });

  it.each(STAGES.filter((stage) => readReadme(stage) !== ''))(
    'has a README of %s with what comes in, what goes out, and what to read first',
    (stage) => {
      const readme = readReadme(stage);
      expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(15);
      expect(readme).toMatch(/\b(?:comes in|In)\b[^]*\b(?:goes out|Out)\b[^]*\bread first\b/i);
      const [, file = ''] = /read first\W+`[\w.#]+` in `([\w./-]+)`/i.exec(readme) ?? [];
      expect(existsSync(join(root, stage, file)), file).toBe(true);
      const rooms = listRooms(stage).filter(({ path }) => path !== `${stage}/`);
      expect(rooms.filter(({ path }) => describeRoom(stage, path, readme) === undefined)).toEqual([]);
      expect(rooms.filter(({ files }) => files.length === 1)).toEqual([]);
    },
  );

  it('has at most sixty-five rooms in the stages, the page, the command line and the laboratory', () => {
    const rooms = new Set(housed.map((file) => posix.dirname(file)));
    expect(rooms.size).toBeLessThanOrEqual(MAX_ROOMS);
  });

  it('imports nothing of the laboratory, the benches and the tests', () => {
    const foreign = imports.filter(({ file, target }) => /^(?:lab|bench|test)\//.test(resolveTarget(file, target)));
    expect(foreign).toEqual([]);
  });

  it('has nothing that nobody reaches', () => {
    const imported = [...housed, 'cli.ts'].flatMap(readImports);
    const reached = new Set(imported.map(({ file, target }) => resolveTarget(file, target)));
    expect(product.filter((file) => !reached.has(file) && !STARTS.includes(file))).toEqual([]);
  });

  it('opens each file with what comes in, what goes out and who calls it, in two to six lines', () => {
    const lengths = [...product, 'cli.ts'].map(
      (file) => [file, countOpening(readFileSync(join(root, file), 'utf8'))] as const,
    );
    expect(lengths.filter(([, lines]) => lines < 2 || lines > 6)).toEqual([]);
  });

  it('is described in docs/ by files that exist', () => {
    const named = readdirSync(join(root, 'docs'))
      .filter((page) => page.endsWith('.md'))
      .flatMap((page) =>
        [...readFileSync(join(root, 'docs', page), 'utf8').matchAll(/`((?:\w[\w-]*\/)+[\w.-]+\.[a-z]+)`/g)].map(
          ([, path = '']) => [page, path] as const,
        ),
      );
    const isOurs = ([, path]: readonly [string, string]): boolean =>
      path.split('/').length > 1 && existsSync(join(root, path.split('/')[0] ?? ''));
    expect(named.filter(isOurs).filter(([, path]) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('exports a type name once', () => {
    const places = new Map<string, string[]>();
    for (const file of [...product, ...['lab', 'bench', 'test'].flatMap(listSources)]) {
      for (const [, name = ''] of readFileSync(join(root, file), 'utf8').matchAll(
        /^export (?:declare )?(?:interface|type|class|enum) (\w+)/gm,
      )) {
        places.set(name, [...(places.get(name) ?? []), file]);
      }
    }
    expect([...places].filter(([, files]) => files.length > 1)).toEqual([]);
  });

  it('lets each npm package in through one door', () => {
    const broken = imports.filter(({ file, target, typeOnly }) => {
      const door = DOORS[target];
      return door !== undefined && door !== file && !typeOnly;
    });
    expect(broken).toEqual([]);
  });

  it('has each door where the table says', () => {
    const opened = imports.filter(({ typeOnly }) => !typeOnly).map(({ file, target }) => `${target} ${file}`);
    expect(Object.entries(DOORS).filter(([name, door]) => !opened.includes(`${name} ${door}`))).toEqual([]);
  });

  it('writes to the terminal in one place, which shows what would command it, and in the progress bar', () => {
    const writers = listSources('cli').filter((file) =>
      /\b(?:stdout|stderr|stream)\.write\(|console\./.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(writers).toEqual(['cli/terminal/progress.ts', 'cli/terminal/write.ts']);
  });

  it('writes a time as text, and limits what is remembered, in one place', () => {
    const holding = (pattern: RegExp): readonly string[] =>
      product.filter((file) => pattern.test(readFileSync(join(root, file), 'utf8')));
    expect(holding(/\.toISOString\(/)).toEqual(['core/time/iso.ts']);
    expect(holding(/\.size >=? \w+\) \w+\.clear\(\)|const \[oldest\] = \w+\.keys\(\)/)).toEqual([]);
    expect(holding(/ = \w+\.catch\(\(\) => undefined\);/)).toEqual(['core/queue.ts']);
  });

  it('casts to a type at most ten times, and says why', () => {
    const casts = [...product, 'cli.ts'].flatMap(findCasts);
    expect(casts.filter(({ isExplained }) => !isExplained)).toEqual([]);
    expect(casts.length).toBeLessThanOrEqual(MAX_CASTS);
  });

  it('checks a document only by its declaration', () => {
    const documents = readdirSync(join(root, 'core/documents'))
      .filter((name) => !name.endsWith('.test.ts'))
      .flatMap((name) => [...readText(`core/documents/${name}`).matchAll(/^export type (\w+) = Static</gm)])
      .map(([, name = '']) => name);
    const guard = new RegExp(`\\): \\w+ is (?:Readonly<)?(?:${documents.join('|')})\\b`);
    expect(documents).toContain('Incident');
    expect(product.filter((file) => guard.test(readText(file)))).toEqual([]);
  });

  it('takes what comes into the page as unknown', () => {
    const lines = listPage().flatMap((file) => readText(file).split('\n'));
    const incoming = lines.filter((line) => /\bJSON\.parse\(|\.json\(\)/.test(line));
    expect(incoming.length).toBeGreaterThan(2);
    expect(incoming.filter((line) => !/: unknown\b/.test(line))).toEqual([]);
  });

  it('reads arguments and environment only at the front door', () => {
    const readers = sources.filter((file) => /process\.(env|argv)\b/.test(readFileSync(join(root, file), 'utf8')));
    expect(readers).toEqual([]);
  });
});
