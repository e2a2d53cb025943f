// Wraps yaml and ajv. Takes the text of a YAML (or JSON) document and returns its value with all problems at once:
// syntax, duplicate keys, tabs and schema violations, each with line and column in plain words. Rules, settings and lab
// scenarios are parsed here. It reads no files and throws nothing.
import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type * as AjvModule from 'ajv';
import type { Document, LineCounter, YAMLError } from 'yaml';
import type * as Yaml from 'yaml';
import type { Static, TObject, TSchema } from './documents/schema.js';
import { errorText } from './fault.js';
import { isObject } from './json.js';
import { findNearest } from './text/nearest.js';

/**
 * Loaders of yaml and ajv. Both load only when a document is parsed, because most runs read only what the build
 * prepared. The built program has a `require` of its own; modules that are named in it are compiled into the program.
 */
const load = createRequire(import.meta.filename);
const loadYaml = (): typeof Yaml => (typeof require === 'function' ? require('yaml') : load('yaml'));
const loadAjv = (): typeof AjvModule => (typeof require === 'function' ? require('ajv') : load('ajv'));

export interface DocumentProblem {
  /** Line, from 1. */
  readonly line: number;
  readonly column: number;
  /** Path in the document, e.g. `match[0].regex`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
  /** File in which it stands, if it is another one than the document. */
  readonly file?: string;
}

/** Short name for modules whose topic is documents. */
export type Problem = DocumentProblem;

export type DocumentPath = readonly (string | number)[];

export interface ParsedDocument {
  /** Value of the document; undefined if the syntax is invalid. */
  readonly value: unknown;
  /** Problems in the order of the text. */
  readonly problems: readonly DocumentProblem[];
  /** True if the document was read and validated earlier, so that its content need not be checked again. */
  readonly trusted?: boolean;
  /** Returns the position of a value, or of its nearest existing parent if the value does not exist. */
  locate(path: DocumentPath): { readonly line: number; readonly column: number };
  /** Makes a problem of the caller's own at a position in this document. */
  problemAt(path: DocumentPath, message: string): DocumentProblem;
}

/** Parses a text into a value and problems. `name` is used only when formatProblems prints them. */
export function parseDocument(text: string, name: string, schema?: object): ParsedDocument & { readonly name: string } {
  if (text.length > MAX_CHARACTERS)
    return refuseDocument(name, `is ${text.length} characters long, but at most ${MAX_CHARACTERS} are read`);
  // The parser recurses for each level, and a stack overflow in it ends the process.
  const depth = measureDepth(text);
  if (depth > MAX_DEPTH) return refuseDocument(name, `nests ${depth} deep, but at most ${MAX_DEPTH} are read`);
  return readDocument(text, name, schema);
}

/** Limit of characters, about ten times Jobtrace's longest document. A text of this length takes seconds to read. */
const MAX_CHARACTERS = 2 * 1024 * 1024;
const MAX_DEPTH = 200;
/** Limit of reported problems, because a file of another kind has a problem in every line. */
const MAX_PROBLEMS = 50;

/** Line of the document that has lines nested under it, with its count of list and key indicators. */
interface OuterLine {
  readonly indent: number;
  signs: number;
}

/** Returns an upper bound of the nesting depth: the open brackets, and the indicators of a line and its parents. */
function measureDepth(text: string): number {
  const lines: OuterLine[] = [];
  let brackets = 0;
  let blocks = 0;
  let deepest = 0;
  let indent: number | undefined = 0;
  for (const token of new (loadYaml().Lexer)().lex(text)) {
    if (/^[\r\n]/.test(token)) indent = 0;
    else if (indent !== undefined && /^ +$/.test(token)) indent = token.length;
    else {
      if (indent !== undefined) blocks += 1 - closeLines(lines, indent);
      if (indent !== undefined) lines.push({ indent, signs: 0 });
      indent = undefined;
      if (token === '[' || token === '{') brackets += 1;
      if (token === ']' || token === '}') brackets -= 1;
      // An indicator within brackets opens no level of its own.
      if (brackets === 0 && /^[-?:]$/.test(token)) blocks += countSign(lines);
      deepest = Math.max(deepest, blocks + brackets);
    }
  }
  return deepest;
}

/** Removes the lines that are not parents of a line with this indent. Returns how many levels that closes. */
function closeLines(lines: OuterLine[], indent: number): number {
  let levels = 0;
  for (let line = lines.at(-1); line !== undefined && line.indent >= indent; line = lines.at(-1)) {
    levels += 1 + line.signs;
    lines.pop();
  }
  return levels;
}

function countSign(lines: readonly OuterLine[]): number {
  const line = lines.at(-1);
  if (line !== undefined) line.signs += 1;
  return 1;
}

function refuseDocument(name: string, message: string): ParsedDocument & { readonly name: string } {
  const start = { line: 1, column: 1 };
  return {
    name,
    value: undefined,
    problems: [{ ...start, path: '', message }],
    locate: () => start,
    problemAt: (path, problem) => ({ ...start, path: printPath(path), message: problem }),
  };
}

function readDocument(text: string, name: string, schema: object | undefined): ReturnType<typeof parseDocument> {
  const yaml = loadYaml();
  const counter = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: false });
  const locate = (path: DocumentPath): { line: number; column: number } => locateNode(document, counter, path);
  const problemAt = (path: DocumentPath, message: string): DocumentProblem => ({
    ...locate(path),
    path: printPath(path),
    message,
  });
  const twins = findTwins(document).map((offset) => explainTwin(counter.linePos(offset)));
  const syntax = [...document.errors, ...document.warnings]
    .slice(0, MAX_PROBLEMS)
    .map((error) => explainSyntax(error, text, counter))
    .concat(twins.slice(0, MAX_PROBLEMS));
  if (document.errors.length > 0 || twins.length > 0)
    return { name, value: undefined, problems: sortProblems(syntax), locate, problemAt };
  const read = readValue(document);
  if (read.problem !== undefined)
    return { name, value: undefined, problems: [problemAt([], read.problem)], locate, problemAt };
  const violations =
    schema === undefined ? [] : checkSchema(read.value, schema).map((found) => problemAtKey(document, counter, found));
  return { name, value: read.value, problems: sortProblems([...syntax, ...violations]), locate, problemAt };
}

/**
 * Finds the offsets of keys that their map already has. The library compares each key with every other, which takes
 * minutes for 50,000 keys.
 */
function findTwins(document: Document): readonly number[] {
  const { visit, isScalar } = loadYaml();
  const twins: number[] = [];
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) twins.push(key.range?.[0] ?? 0);
        seen.add(key.value);
      }
    },
  });
  return twins;
}

function explainTwin(at: { readonly line: number; readonly col: number }): DocumentProblem {
  return { line: at.line, column: at.col, path: '', message: 'duplicate key; keep one of them' };
}

/** Makes a document whose value is known to be valid. Its text is read and parsed only when a position is requested. */
export function trustDocument(readValue: () => unknown, readText: () => string, name: string): ParsedDocument {
  const parsed = (): ParsedDocument => parseDocument(readText(), name);
  return {
    get value() {
      return readValue();
    },
    problems: [],
    trusted: true,
    locate: (path) => parsed().locate(path),
    problemAt: (path, message) => parsed().problemAt(path, message),
  };
}

/** Formats one line per problem in the order of the text: `file:line:column path message`. */
export function formatProblems(name: string, problems: readonly DocumentProblem[]): string {
  return sortProblems(problems)
    .map(
      (problem) =>
        `${problem.file ?? name}:${problem.line}:${problem.column} ${problem.path === '' ? '' : `\`${problem.path}\` `}${problem.message}`,
    )
    .join('\n');
}

function printPath(path: DocumentPath): string {
  return path
    .map((part, index) =>
      typeof part === 'number'
        ? `[${part}]`
        : /^[\w-]+$/.test(part)
          ? `${index === 0 ? '' : '.'}${part}`
          : `["${part}"]`,
    )
    .join('');
}

function readValue(document: Document): { readonly value?: unknown; readonly problem?: string } {
  try {
    // The library's own limit refuses an alias that multiplies itself ("billion laughs") here.
    return { value: document.toJS({ maxAliasCount: 100 }) };
  } catch (error) {
    return { problem: `cannot be read: ${errorText(error)}` };
  }
}

const SYNTAX_WORDS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab is used to indent, which YAML does not allow; use blanks',
  BAD_INDENT: 'the indentation does not fit the lines around it',
  MISSING_CHAR: 'a character is missing here, such as a closing quote, bracket or a colon',
  BLOCK_AS_IMPLICIT_KEY: 'a nested value cannot begin on this line; quote the text if it holds ": "',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line; is a colon missing, or a quote not closed?',
  BAD_ALIAS: 'a value cannot begin with * or & unless it is quoted',
  BAD_DIRECTIVE: 'a value cannot begin with % unless it is quoted',
  MULTIPLE_DOCS: 'only one document is allowed in this file; remove the "---" in the middle',
  UNEXPECTED_TOKEN: 'this character was not expected here',
};

function explainSyntax(error: YAMLError, text: string, counter: LineCounter): DocumentProblem {
  const at = counter.linePos(error.pos[0]);
  const tab = text.split('\n')[at.line - 1]?.match(/^\s*\t/) !== null && text.split('\n')[at.line - 1] !== undefined;
  const words = tab ? SYNTAX_WORDS['TAB_AS_INDENT'] : SYNTAX_WORDS[error.code];
  const detail = error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? '';
  return {
    line: Math.max(1, at.line),
    column: Math.max(1, at.col),
    path: '',
    message: words === undefined ? `is not valid YAML: ${detail}` : words,
  };
}

interface Violation {
  readonly path: DocumentPath;
  /** Key of `path` that the problem is about, if the position of the key is the better one. */
  readonly key?: string;
  readonly message: string;
}

const validators = new WeakMap<object, ValidateFunction>();

/**
 * Options for Jobtrace's own, correct schemas. To check and optimize them would take longer than to run all their
 * checks.
 */
const OURS = { meta: false, validateSchema: false, code: { optimize: false } } as const;

/** Returns the check of a declared document. It compiles at its first use, because most runs check few documents. */
export function createCheck<Schema extends TSchema>(schema: Schema): (value: unknown) => value is Static<Schema> {
  let validate: ValidateFunction<Static<Schema>> | undefined;
  return (value): value is Static<Schema> => {
    validate ??= new (loadAjv().Ajv)({ ...OURS, strict: false, validateFormats: false }).compile(schema);
    return validate(value);
  };
}

/**
 * Returns the check of a document that a database returns. A field in `needed` must fit its declaration, lists and
 * objects by their kind alone; any other field must only be of its type if it is there. So what an older or a newer
 * release stored is read, as long as its subject is known.
 */
export function createStoredCheck<Schema extends TObject>(
  schema: Schema,
  needed: readonly (keyof Schema['properties'] & string)[],
): (value: unknown) => value is Static<Schema> {
  const properties = Object.fromEntries(
    Object.entries(schema.properties).map(([name, field]) => {
      const isWhole = needed.includes(name) && field['type'] !== 'object' && field['type'] !== 'array';
      return [name, isWhole || field['type'] === undefined ? field : { type: field['type'] }];
    }),
  );
  return createCheck<Schema>({ ...schema, properties, required: needed, additionalProperties: true });
}

function checkSchema(value: unknown, schema: object): readonly Violation[] {
  const validate =
    validators.get(schema) ??
    new (loadAjv().Ajv)({ ...OURS, allErrors: true, verbose: true, strict: false, allowUnionTypes: true }).compile(
      schema,
    );
  validators.set(schema, validate);
  if (validate(value)) return [];
  const errors = validate.errors ?? [];
  // `if` only repeats what its branch reports already.
  const relevant = errors.filter(({ keyword }) => keyword !== 'if' && keyword !== 'anyOf' && keyword !== 'oneOf');
  // The time to explain and locate a problem grows with the size of its map.
  const explained = relevant.slice(0, MAX_PROBLEMS).map((error) => explainViolation(error, value));
  const more = relevant.length - explained.length;
  return more === 0 ? explained : [...explained, { path: [], message: `has ${more} more problems` }];
}

function explainViolation(error: ErrorObject, root: unknown): Violation {
  const path = readPointer(error.instancePath, root);
  const params: Readonly<Record<string, unknown>> = error.params;
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties':
    case 'propertyNames':
      return explainUnknownKey(error, path);
    case 'required':
      return { path, message: `misses \`${String(params['missingProperty'])}\`` };
    case 'dependentRequired':
    case 'dependencies':
      return {
        path,
        message: `needs \`${String(params['missingProperty'])}\` as well, because \`${String(params['property'])}\` is given`,
      };
    case 'type':
      return { path, message: `must be ${withArticle(String(params['type']))}, not ${printData(error)}` };
    case 'enum':
      return {
        path,
        message: explainEnum(
          error.data,
          Array.isArray(params['allowedValues']) ? params['allowedValues'].map(String) : [],
        ),
      };
    case 'const':
      return { path, message: `must be ${JSON.stringify(params['allowedValue'])}` };
    case 'pattern':
      return { path, message: `${printData(error)} does not have the right form${readHint(error)}` };
    case 'minItems':
      return { path, message: `needs at least ${String(params['limit'])} entry` };
    case 'minLength':
      return {
        path,
        message:
          Number(params['limit']) === 1 ? 'must not be empty' : `needs at least ${String(params['limit'])} characters`,
      };
    case 'maxItems':
      return { path, message: `has more than ${String(params['limit'])} entries` };
    case 'maxLength':
      return { path, message: `has more than ${String(params['limit'])} characters` };
    case 'maxProperties':
      return { path, message: `has more than ${String(params['limit'])} keys` };
    case 'minProperties':
      return { path, message: `needs at least ${String(params['limit'])} key` };
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return {
        path,
        message: `must be ${String(params['comparison'])} ${String(params['limit'])}, not ${printData(error)}`,
      };
    case 'uniqueItems':
      return {
        path,
        message: `holds the same entry twice (numbers ${Number(params['j']) + 1} and ${Number(params['i']) + 1})`,
      };
    case 'false schema':
      return { path, message: 'is not allowed here' };
    default:
      return { path, message: error.message ?? 'is not valid' };
  }
}

function explainUnknownKey(error: ErrorObject, path: DocumentPath): Violation {
  const params: Readonly<Record<string, unknown>> = error.params;
  const key = String(params['additionalProperty'] ?? params['unevaluatedProperty'] ?? params['propertyName']);
  const parent: unknown = error.parentSchema;
  const properties = isObject(parent) && isObject(parent['properties']) ? Object.keys(parent['properties']) : [];
  const nearest = findNearest(key, properties);
  const hint =
    nearest !== undefined
      ? `; did you mean \`${nearest}\`?`
      : properties.length > 0
        ? `; known here: ${properties.join(', ')}`
        : readHint(error);
  return { path, key, message: `has the unknown key \`${key}\`${hint}` };
}

function explainEnum(value: unknown, allowed: readonly string[]): string {
  const nearest = typeof value === 'string' ? findNearest(value, allowed) : undefined;
  return `must be one of ${allowed.join(', ')}, not ${printValue(value)}${nearest === undefined ? '' : `; did you mean \`${nearest}\`?`}`;
}

function readHint(error: ErrorObject): string {
  const parent: unknown = error.parentSchema;
  const description = isObject(parent) ? parent['description'] : undefined;
  return typeof description === 'string' ? ` (${description})` : '';
}

function withArticle(type: string): string {
  const words: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    integer: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a map of keys',
    null: 'empty',
  };
  return type
    .split(',')
    .map((name) => words[name] ?? name)
    .join(' or ');
}

/** Prints the value, or "this value" if the schema marks it as `writeOnly`, because that is a secret. */
function printData({ data, parentSchema }: ErrorObject): string {
  return isObject(parentSchema) && parentSchema['writeOnly'] === true ? 'this value' : printValue(data);
}

function printValue(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map of keys';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Converts a JSON pointer to a path, with list positions as numbers. */
function readPointer(pointer: string, root: unknown): DocumentPath {
  const path: (string | number)[] = [];
  let at: unknown = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(at) ? Number(key) : key);
    at = Array.isArray(at) ? at[Number(key)] : isObject(at) ? at[key] : undefined;
  }
  return path;
}

function problemAtKey(document: Document, counter: LineCounter, found: Violation): DocumentProblem {
  const place =
    found.key === undefined
      ? locateNode(document, counter, found.path)
      : locateKey(document, counter, found.path, found.key);
  return { ...place, path: printPath(found.path), message: found.message };
}

function locateNode(document: Document, counter: LineCounter, path: DocumentPath): { line: number; column: number } {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (loadYaml().isNode(node) && node.range) return printPosition(counter, node.range[0]);
  }
  const start = loadYaml().isNode(document.contents) && document.contents.range ? document.contents.range[0] : 0;
  return printPosition(counter, start);
}

function locateKey(
  document: Document,
  counter: LineCounter,
  path: DocumentPath,
  key: string,
): { line: number; column: number } {
  const parent: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  const { isMap, isScalar } = loadYaml();
  if (isMap(parent)) {
    for (const pair of parent.items) {
      if (isScalar(pair.key) && String(pair.key.value) === key && pair.key.range)
        return printPosition(counter, pair.key.range[0]);
    }
  }
  return locateNode(document, counter, path);
}

function printPosition(counter: LineCounter, offset: number): { line: number; column: number } {
  const at = counter.linePos(offset);
  return { line: Math.max(1, at.line), column: Math.max(1, at.col) };
}

function sortProblems(problems: readonly DocumentProblem[]): readonly DocumentProblem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}
