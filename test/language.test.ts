// Holds the language of the project (docs/glossary.md): names in the product use the field's words, comments begin with
// a verb or a noun, files that comments name exist, and documentation is readable line by line.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Folders of the product, then those of its tools and tests. */
const PRODUCT = ['agent', 'analyzer', 'api', 'cli', 'core', 'flink', 'notify', 'store'];
const TOOLS = ['bench', 'lab', 'test', 'rules'];

/** Words that no name of the product contains, and the standard term. */
const BANNED_WORDS: Readonly<Record<string, string>> = {
  tell: 'observe, notify, report, publish',
  tells: 'shows',
  tellers: 'witnesses',
  told: 'observed (facts), notified (people), reported (losses)',
  untold: 'unannounced',
  said: 'annotations, or the thing itself (reply, output)',
  heard: 'lastSeen, lastBeats',
  unheard: 'unannounced',
  hearing: 'notification history',
  rests: 'idle',
  resting: 'idle',
  bury: 'keepDeadLetters',
  crew: 'pool',
  elder: 'predecessor',
  heir: 'mergedInto, merge target',
  heirs: 'merge targets',
  desk: 'tool context',
  crowd: 'concurrency',
  distrusted: 'muted rules',
  lookout: 'cached poller',
  kin: 'connected ids',
  kins: 'connected ids',
  whose: 'ownership',
  whereabouts: 'placements',
  most: 'max, limit',
  world: 'evaluation context',
  rooms: 'pages, buffers',
  hears: 'reads, receives',
  brake: 'throttle',
  dear: 'expensive',
  hurry: 'send now',
  head: 'prefix, first bytes, header',
  heads: 'prefixes',
  look: 'scan, check, peek, selection',
  looked: 'scanned, checked',
  looks: 'lookups, states',
  lead: 'primary diagnosis',
  keeper: 'reloader, tracker, buffer',
  loud: 'alerting',
  loudest: 'primary',
  mark: 'flag, signal rank, separator',
  marked: 'flagged',
  marker: 'index, detector',
  marks: 'flags, signal ranks',
  obey: 'handle',
  owed: 'pending, unresolved',
  piece: 'part, segment',
  pieces: 'parts, segments',
  presence: 'gaps, mentions',
  punished: 'rate limited',
  recall: 'load',
  recalled: 'loaded',
  rested: 'settled',
  rhythm: 'regularity',
  scene: 'context',
  speech: 'texts',
  spoken: 'translations',
  standing: 'current',
  stay: 'interval, span',
  stays: 'intervals, spans',
  stood: 'was announced',
  strand: 'cause group',
  strands: 'cause groups',
  strangers: 'unknown, undefined',
  stretch: 'plain entries, range',
  torn: 'cut, fragment',
  turn: 'cycle, epoch, attempt, set',
  turned: 'set, started',
  turns: 'mutex, epochs',
};
/**
 * Names that are stored or fixed elsewhere: release 0.1 wrote `resting` into the state of an analyzer, a checkpoint of
 * an agent has the hash of a file's first bytes as `head`, SQLite the epoch of an incident in the column `turn`.
 */
const ALLOWED_NAMES: ReadonlySet<string> = new Set([
  'resting',
  'BYTE_ORDER_MARK',
  'agent/checkpoint/checkpoint.ts: head',
  'store/sqlite/incidents.ts: turn',
]);

/** Words with which no comment begins: what follows them is a fragment, or a reason before its fact. */
const FIRST_WORDS =
  'What Of Whose Those Where As By Behind In With Who Whoever From Under Beside To On At For When Between Before After Until How Whether So Also Then Only Not Up Within Because If While Over Without Into Since'
    .split(' ')
    .join('|');
const BAD_BEGINNING = new RegExp(`^(?:${FIRST_WORDS})\\b`);

/** Folders and files whose string literals people read. */
const TEXT_FILES =
  /^(?:api\/web\/src\/|api\/(?:mcp|auth|http|routes)\/|api\/metrics|cli\/(?!arrow|docs\/)|core\/(?:errors|conditions|text|wording|routing|triage|config)|notify\/|analyzer\/(?:watch|input\/files\/note|author\/proof))/;
/** Phrases that no text for people contains, in either language; what the field says is in docs/glossary.md. */
const BANNED_PHRASES =
  /\bby itself\b|\bmend(?:s|ed)?\b|\bof which\b|\bhears? of\b|\b(?:is|was) told\b|\bwhoever\b|\bof before\b|\bfor good\b|\bgoes on\b|\bno more\b|\banew\b|\bshall\b|\bin vain\b|\bleft out\b|\bstands?\b|\balerts? nobody\b|日志器|日志记录器|作业自身|卡片|不认识|尚无规则/;

interface Source {
  readonly path: string;
  readonly text: string;
}

const SOURCES: readonly Source[] = ['cli.ts', 'vitest.config.ts', ...[...PRODUCT, ...TOOLS].flatMap(listFiles)]
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
const ALL_FILES = [...PRODUCT, ...TOOLS, 'docs', 'docker'].flatMap(listFiles);
const BASENAMES: ReadonlySet<string> = new Set(ALL_FILES.map((path) => basename(path)));

function listFiles(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile() && !item.parentPath.includes('node_modules'))
    .map((item) => relative(ROOT, join(item.parentPath, item.name)));
}

/** Splits `listOpenRows`, `MAX_ROWS` and `open-rows` into lower-case words. */
function splitWords(name: string): readonly string[] {
  return name.match(/[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])/g)?.map((word) => word.toLowerCase()) ?? [];
}

function isBanned(path: string, name: string): boolean {
  if (ALLOWED_NAMES.has(name) || ALLOWED_NAMES.has(`${path}: ${name}`)) return false;
  return splitWords(name).some((word) => Object.hasOwn(BANNED_WORDS, word));
}

/** Lists `path:line: name` of every declaration with a banned word. */
function listBannedNames({ path, text }: Source): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const { name } = node as { readonly name?: ts.Node };
    if (name !== undefined && ts.isIdentifier(name) && name.parent === node && isDeclaration(node))
      if (isBanned(path, name.text)) found.push(`${path}:${lineOf(source, name)}: ${name.text}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Leaves out assignments of properties: their names are declared elsewhere. */
function isDeclaration(node: ts.Node): boolean {
  return !ts.isPropertyAssignment(node) && !ts.isPropertyAccessExpression(node) && !ts.isJsxAttribute(node);
}

/** Lists `path:line: text` of every literal text with a banned phrase. A single word is a name, not a text. */
function listBannedTexts({ path, text }: Source): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      if (/\s|[一-鿿]/.test(node.text) && BANNED_PHRASES.test(node.text))
        found.push(`${path}:${lineOf(source, node)}: ${node.text}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

interface Comment {
  readonly line: number;
  readonly text: string;
}

/** Comments without their marks; line comments that follow each other are one. */
function listComments({ text }: Source): readonly Comment[] {
  const comments: { line: number; text: string }[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const [, ofLine] = /^\s*\/\/ ?(.*)$/.exec(line) ?? [];
    if (ofLine !== undefined) {
      const isMore = /^\s*\/\//.test(lines[index - 1] ?? '');
      const last = comments.at(-1);
      if (isMore && last !== undefined) last.text += ` ${ofLine}`;
      else comments.push({ line: index + 1, text: ofLine });
    } else if (/^\s*\/\*\*/.test(line)) {
      const begin = index;
      const block: string[] = [];
      for (; index < lines.length; index += 1) {
        block.push((lines[index] ?? '').replace(/^\s*(?:\/\*\*|\*(?!\/))?\s?|\s*\*\/\s*$/g, ''));
        if (/\*\/\s*$/.test(lines[index] ?? '')) break;
      }
      comments.push({ line: begin + 1, text: block.join(' ').trim() });
    }
  }
  return comments;
}

/** `X.ts`, and files of others. */
const FOREIGN_FILES = /^(?:X|name|file|NAME)?\.|jobtrace\.config/;

function isThere(name: string, path: string): boolean {
  if (FOREIGN_FILES.test(name)) return true;
  const places = [join(ROOT, name), join(ROOT, dirname(path), name)];
  return places.some((place) => existsSync(place)) || (!name.includes('/') && BASENAMES.has(name)) || endsKnown(name);
}

/** A path from some folder on, as `topology/job.ts`. */
function endsKnown(name: string): boolean {
  return name.includes('/') && ALL_FILES.some((path) => path.endsWith(`/${name}`));
}

describe('the language', () => {
  it('of names in the product is that of the field', () => {
    const names = SOURCES.filter(({ path }) => PRODUCT.includes(path.split('/', 1)[0] ?? ''))
      .filter(({ path }) => !/\.test\.ts$|\/testing\//.test(path))
      .flatMap(listBannedNames);
    const files = PRODUCT.flatMap(listFiles).filter((path) => isBanned(path, basename(path).replace(/\..*$/, '')));

    expect([...names, ...files]).toEqual([]);
  });

  it('of texts for people is that of the field, in both languages', () => {
    const texts = SOURCES.filter(({ path }) => TEXT_FILES.test(path) && !/\.test\.tsx?$|\/testing\//.test(path));

    expect(texts.flatMap(listBannedTexts)).toEqual([]);
  });

  it('of comments begins with a verb or a noun', () => {
    const bad = SOURCES.flatMap((source) =>
      listComments(source)
        .filter(({ text }) => BAD_BEGINNING.test(text))
        .map(({ line, text }) => `${source.path}:${line}: ${text.slice(0, 60)}`),
    );

    expect(bad).toEqual([]);
  });

  it('of comments says neither who calls a function nor a file that is not there', () => {
    const bad = SOURCES.flatMap((source) =>
      listComments(source).flatMap(({ line, text }) => [
        ...(/\bcalled by\b/i.test(text) ? [`${source.path}:${line}: ${text.slice(0, 60)}`] : []),
        ...(text.match(/[\w./-]+\.(?:tsx?|wat)\b/g) ?? [])
          .filter((name) => !isThere(name, source.path))
          .map((name) => `${source.path}:${line}: ${name}`),
      ]),
    );

    expect(bad).toEqual([]);
  });

  it('of documentation fits in lines of 400 characters, and of the changelog in 160', () => {
    const pages = ['README.md', 'CONTRIBUTING.md', 'rules/README.md', ...listFiles('docs')].filter((path) =>
      path.endsWith('.md'),
    );
    const long = (path: string, limit: number): readonly string[] =>
      readFileSync(join(ROOT, path), 'utf8')
        .split('\n')
        .flatMap((line, index) => (line.length > limit ? [`${path}:${index + 1}: ${line.length}`] : []));

    expect([...pages.flatMap((path) => long(path, 400)), ...long('CHANGELOG.md', 160)]).toEqual([]);
  });
});
