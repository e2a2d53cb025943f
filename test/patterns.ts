// Finds every pattern of the product that the runtime's own engine runs, in the syntax tree of its sources: literals,
// `new RegExp` of constants, and the patterns of fact rows. Patterns that are composed while the product runs are
// listed separately, because no test can know them.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['core', 'flink', 'agent', 'store', 'analyzer', 'notify', 'api', 'cli'];

/** Way in which a pattern is applied to a text. */
export type Method = 'match' | 'replace' | 'split';

export interface ProductPattern {
  readonly file: string;
  readonly line: number;
  readonly source: string;
  readonly flags: string;
  readonly method: Method;
}

/** Pattern whose text is known only while the product runs. */
export interface Composed {
  readonly file: string;
  readonly line: number;
  readonly code: string;
}

export interface Findings {
  readonly patterns: readonly ProductPattern[];
  readonly composed: readonly Composed[];
}

/** Functions of the fact tables that make a pattern, with the flag `u`, from their second argument. */
const MAKERS: ReadonlySet<string> = new Set(['begins', 'holds']);
const MADE_IN = 'flink/facts/';

export function listSources(): readonly string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
      .filter((item) => item.isFile() && /\.tsx?$/.test(item.name) && !item.name.endsWith('.test.ts'))
      .map((item) => posix.join(item.parentPath.slice(ROOT.length), item.name))
      .filter((file) => !file.includes('/testing/')),
  ).sort();
}

export async function findPatterns(): Promise<Findings> {
  const files = listSources();
  // The first pass shows which texts only the modules know.
  files.forEach((file) => findInFile(openFile(file)));
  for (const file of asked) {
    const values: Readonly<Record<string, unknown>> = await import(pathToFileURL(join(ROOT, file)).href);
    for (const [name, value] of Object.entries(values))
      if (typeof value === 'string') exported.set(`${file} ${name}`, value);
  }
  const all = files.map((file) => findInFile(openFile(file)));
  return { patterns: all.flatMap(({ patterns }) => patterns), composed: all.flatMap(({ composed }) => composed) };
}

const opened = new Map<string, ts.SourceFile>();
/** Modules whose exported texts are computed, and the texts by file and name. */
const asked = new Set<string>();
const exported = new Map<string, string>();

function openFile(file: string): ts.SourceFile {
  const known = opened.get(file);
  if (known !== undefined) return known;
  const tree = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true);
  opened.set(file, tree);
  return tree;
}

function findInFile(tree: ts.SourceFile): Findings {
  const patterns: ProductPattern[] = [];
  const composed: Composed[] = [];
  const visit = (node: ts.Node): void => {
    node.forEachChild(visit);
    const made = readPattern(node);
    if (made === undefined) return;
    const place = { file: tree.fileName, line: tree.getLineAndCharacterOfPosition(node.getStart()).line + 1 };
    if (made === 'composed') composed.push({ ...place, code: node.getText().replaceAll(/\s+/g, ' ') });
    else for (const method of findMethods(node)) patterns.push({ ...place, ...made, method });
  };
  visit(tree);
  return { patterns, composed };
}

interface Made {
  readonly source: string;
  readonly flags: string;
}

/** Reads the pattern that a node makes; undefined if it makes none. */
function readPattern(node: ts.Node): Made | 'composed' | undefined {
  if (ts.isRegularExpressionLiteral(node)) return splitLiteral(node.text);
  if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) return undefined;
  const name = node.expression.getText();
  const [first, second] = node.arguments ?? [];
  if (name === 'RegExp' && first !== undefined) return composePattern(first, second);
  if (!MAKERS.has(name) || second === undefined || !node.getSourceFile().fileName.startsWith(MADE_IN)) return undefined;
  const source = evaluate(second);
  return source === undefined ? 'composed' : { source, flags: 'u' };
}

function composePattern(first: ts.Expression, second: ts.Expression | undefined): Made | 'composed' {
  const literal = findLiteral(first);
  const source = literal?.source ?? evaluate(first);
  const flags = second === undefined ? (literal?.flags ?? '') : evaluate(second);
  return source === undefined || flags === undefined ? 'composed' : { source, flags };
}

function splitLiteral(text: string): Made {
  const end = text.lastIndexOf('/');
  return { source: text.slice(1, end), flags: text.slice(end + 1) };
}

function findLiteral(node: ts.Expression): Made | undefined {
  const target = ts.isIdentifier(node) ? findDeclaration(node.getSourceFile(), node.text)?.initializer : node;
  return target !== undefined && ts.isRegularExpressionLiteral(target) ? splitLiteral(target.text) : undefined;
}

/**
 * Evaluates a text that does not change while the product runs: literals, templates of literals, and exports of a
 * module.
 */
function evaluate(node: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTaggedTemplateExpression(node) && node.tag.getText() === 'String.raw')
    return fillTemplate(node.template, true);
  if (ts.isTemplateExpression(node)) return fillTemplate(node, false);
  if (ts.isIdentifier(node)) return evaluateName(findDeclaration(node.getSourceFile(), node.text));
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
    return concatenate([evaluate(node.left), evaluate(node.right)]);
  return undefined;
}

function evaluateName(declaration: ts.VariableDeclaration | undefined): string | undefined {
  if (declaration?.initializer === undefined) return undefined;
  const value = evaluate(declaration.initializer);
  const { statements, fileName } = declaration.getSourceFile();
  const isExported = statements.some(
    (statement) =>
      ts.isVariableStatement(statement) &&
      statement.declarationList.declarations.includes(declaration) &&
      statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true,
  );
  if (value === undefined && isExported) asked.add(fileName);
  return value ?? exported.get(`${fileName} ${declaration.name.getText()}`);
}

function fillTemplate(node: ts.TemplateLiteral, raw: boolean): string | undefined {
  const read = (part: ts.TemplateLiteralLikeNode): string => (raw ? (part.rawText ?? part.text) : part.text);
  if (ts.isNoSubstitutionTemplateLiteral(node)) return read(node);
  return concatenate([
    read(node.head),
    ...node.templateSpans.flatMap(({ expression, literal }) => [evaluate(expression), read(literal)]),
  ]);
}

function concatenate(parts: readonly (string | undefined)[]): string | undefined {
  return parts.some((part) => part === undefined) ? undefined : parts.join('');
}

/** Finds the declaration of a name at the top of a file, there or in the file that it is imported from. */
function findDeclaration(tree: ts.SourceFile, name: string): ts.VariableDeclaration | undefined {
  for (const statement of tree.statements) {
    if (ts.isVariableStatement(statement)) {
      const found = statement.declarationList.declarations.find((one) => one.name.getText() === name);
      if (found !== undefined) return found;
    }
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const path = statement.moduleSpecifier.text;
    const names = statement.importClause?.namedBindings;
    if (!path.startsWith('.') || names === undefined || !ts.isNamedImports(names)) continue;
    if (names.elements.some((one) => one.name.text === name))
      return findDeclaration(openFile(join(dirname(tree.fileName), path).replace(/\.js$/, '.ts')), name);
  }
  return undefined;
}

/** Finds how the code runs a pattern: where it is written, or where the name of its variable is used. */
function findMethods(node: ts.Node): readonly Method[] {
  const { parent } = node;
  if (!ts.isVariableDeclaration(parent)) return [readMethod(node)];
  const name = parent.name.getText();
  const methods = new Set<Method>();
  const visit = (other: ts.Node): void => {
    if (ts.isIdentifier(other) && other.text === name && other.parent !== parent) methods.add(readMethod(other));
    other.forEachChild(visit);
  };
  visit(node.getSourceFile());
  return methods.size === 0 ? ['match'] : [...methods];
}

/** Returns the method. `exec`, `test`, `search`, `match` and `matchAll` search in the same way. */
function readMethod(node: ts.Node): Method {
  const { parent } = node;
  if (!ts.isCallExpression(parent) || !ts.isPropertyAccessExpression(parent.expression)) return 'match';
  const name = parent.expression.name.text;
  if (name === 'replace' || name === 'replaceAll') return 'replace';
  return name === 'split' ? 'split' : 'match';
}
