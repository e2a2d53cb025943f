// Rule folders → one compiled catalog: <area>/<cause>/<variant>/rule.yaml, the built-in catalog first, then a team's
// own folders, whose rules replace, extend or disable those of the same id. Every mistake of every rule is reported at
// once as JT_RULE_INVALID with file:line:column. Called when the program starts and, by reloadCatalog, when a folder
// changes.
import { existsSync, readFileSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { createError } from '../../core/errors.js';
import { formatProblems, type ParsedDocument, type Problem } from '../../core/document.js';
import { printGlob } from '../../core/text/glob.js';
import { findNearest } from '../../core/text/nearest.js';
import type { Owner, Text } from '../../core/types.js';
import { FACT_ANCHORS } from '../../flink/facts/facts.js';
import { createAnchorScanner, type AnchorScanner } from '../../flink/words/anchors.js';
import { compileRule, extendRule } from './compile.js';
import { ENGINE_TABLES, listMarks, type Engine } from './engine.js';
import { isEnginePath, listEngineFiles, readEngine } from './engine-file.js';
import { PREPARED, type RuleAnchors } from './prepared.js';
import {
  isNamedBy,
  type Alternative,
  type DisabledFile,
  type ExtensionFile,
  type Rule,
  type RuleFile,
  type RuleStep,
} from './rule.js';

export interface Cause {
  readonly id: string;
  readonly title: Text;
  readonly owner: Owner;
  readonly symptom: boolean;
}

export interface AlternativeUse {
  /** Words: its anchor may be missing, in a message without its class. */
  readonly kind: 'alternative' | 'words';
  readonly rule: Rule;
  readonly alternative: Alternative;
  readonly order: number;
}

/** What an anchor in an entry calls for. */
export type AnchorUse =
  | AlternativeUse
  | { readonly kind: 'step'; readonly rule: Rule; readonly step: RuleStep }
  | { readonly kind: 'fact'; readonly anchor: string }
  | { readonly kind: 'failure'; readonly row: string };

/** Rules are opened when a line calls for them: `rules` opens all. */
export interface Catalog {
  /** Sorted by id. */
  readonly rules: readonly Rule[];
  readonly size: number;
  readonly causes: ReadonlyMap<string, Cause>;
  readonly engine: Engine;
  findRule(id: string): Rule | undefined;
  readonly scanner: AnchorScanner;
  /** The scanner's literals, by their index. */
  readonly literals: readonly string[];
  /** What the literal of that index calls for. */
  usesOf(literal: number): readonly AnchorUse[];
}

/** A rule of which nobody has asked more than what it looks for. */
interface ClosedRule extends RuleAnchors {
  readonly id: string;
  /** Always the same one. */
  open(): Rule;
}

export interface CatalogSources {
  /** The catalog that comes with Jobtrace; left out: the one beside the program. Undefined with `builtIn: false`. */
  readonly builtIn?: string | false;
  /** A team's own folders, later ones win. */
  readonly extra?: readonly string[];
}

/** Throws JT_RULE_INVALID with all problems. */
export function loadCatalog(sources: CatalogSources = {}): Catalog {
  const builtIn = sources.builtIn ?? findBuiltInRules();
  const folders = [...(builtIn === false ? [] : [builtIn]), ...(sources.extra ?? [])];
  const loaded = readFolders(folders, join(findBuiltInRules(), 'schema.json'));
  if (loaded.problems.length > 0 || loaded.engine === undefined)
    throw createError('JT_RULE_INVALID', { problems: loaded.problems.join('\n') });
  return assemble(loaded.rules, loaded.causes, loaded.engine);
}

export interface Reload {
  readonly catalog: Catalog;
  /** Why rules were refused, as `file:line:column …`. */
  readonly problems: readonly string[];
}

/** The folders as they are now. A rule with problems is refused: what stood under its id before stays. */
export function reloadCatalog(sources: CatalogSources, previous: Catalog): Reload {
  const builtIn = sources.builtIn ?? findBuiltInRules();
  const folders = [...(builtIn === false ? [] : [builtIn]), ...(sources.extra ?? [])];
  const missing = folders.filter((folder) => !existsSync(folder));
  if (missing.length > 0)
    return { catalog: previous, problems: missing.map((folder) => `${folder}:1:1 does not exist`) };
  const { rules, causes, engine, problems, refused } = readFolders(folders, join(findBuiltInRules(), 'schema.json'));
  const kept = [...refused].flatMap((id) => previous.findRule(id) ?? []).map(close);
  const catalog = assemble(
    [...rules.filter((rule) => !refused.has(rule.id)), ...kept],
    new Map([...(problems.length === 0 ? [] : previous.causes), ...causes]),
    engine ?? previous.engine,
  );
  return { catalog, problems };
}

/** The folder "rules" beside the sources or above the built program. */
export function findBuiltInRules(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'rules', 'schema.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('the rules folder of Jobtrace is missing');
    folder = parent;
  }
  return join(folder, 'rules');
}

/** Compiled rules → catalog; tests and benches build catalogs of their own with it. */
export function buildCatalog(rules: readonly Rule[], causes: ReadonlyMap<string, Cause>, engine: Engine): Catalog {
  return assemble(rules.map(close), causes, engine);
}

function close(rule: Rule): ClosedRule {
  return { id: rule.id, ...listAnchors(rule), open: () => rule };
}

export function listAnchors({ alternatives, steps }: Rule): RuleAnchors {
  return {
    alternatives: alternatives.map(({ anchor, words }) => [anchor, ...words]),
    steps: steps.map(({ anchor }) => anchor),
  };
}

function assemble(rules: readonly ClosedRule[], causes: ReadonlyMap<string, Cause>, engine: Engine): Catalog {
  const sorted = [...rules].sort((a, b) => (a.id < b.id ? -1 : 1));
  const byId = new Map(sorted.map((rule) => [rule.id, rule]));
  const byLiteral = new Map<string, (() => AnchorUse | undefined)[]>();
  const use = (literal: string, find: () => AnchorUse | undefined): void => {
    const uses = byLiteral.get(literal);
    if (uses === undefined) byLiteral.set(literal, [find]);
    else uses.push(find);
  };
  for (const rule of sorted) {
    for (const [order, anchors] of rule.alternatives.entries()) {
      for (const [place, literal] of anchors.entries())
        use(literal, () => findAlternative(rule.open(), order, place === 0 ? 'alternative' : 'words'));
    }
    for (const [order, anchor] of rule.steps.entries()) use(anchor, () => findStep(rule.open(), order));
  }
  for (const literal of FACT_ANCHORS) use(literal, () => ({ kind: 'fact', anchor: literal }));
  for (const row of ENGINE_TABLES.flatMap((table) => engine[table]))
    for (const literal of listMarks(row)) use(literal, () => ({ kind: 'failure', row: row.id }));
  const literals = [...byLiteral.keys()];
  const finds = [...byLiteral.values()];
  const found: (readonly AnchorUse[])[] = [];
  return {
    get rules() {
      return sorted.map((rule) => rule.open());
    },
    size: sorted.length,
    causes,
    engine,
    findRule: (id) => byId.get(id)?.open(),
    scanner: createAnchorScanner(literals, PREPARED.packedOf(literals)),
    literals,
    usesOf: (literal) => (found[literal] ??= (finds[literal] ?? []).flatMap((find) => find() ?? [])),
  };
}

function findAlternative(rule: Rule, order: number, kind: AlternativeUse['kind']): AnchorUse | undefined {
  const alternative = rule.alternatives[order];
  return alternative === undefined ? undefined : { kind, rule, alternative, order };
}

function findStep(rule: Rule, order: number): AnchorUse | undefined {
  const step = rule.steps[order];
  return step === undefined ? undefined : { kind: 'step', rule, step };
}

interface Loaded {
  readonly rules: readonly ClosedRule[];
  readonly causes: ReadonlyMap<string, Cause>;
  /** Undefined when a table has problems. */
  readonly engine: Engine | undefined;
  readonly problems: readonly string[];
  /** Ids of the rules with problems. */
  readonly refused: ReadonlySet<string>;
}

function readFolders(folders: readonly string[], schemaPath: string): Loaded {
  const schema = readSchema(schemaPath);
  const problems: string[] = [];
  const causes = readCauses([dirname(schemaPath), ...folders], problems);
  const files = new Map([dirname(schemaPath), ...folders].map((folder) => [folder, findCatalogFiles(folder)]));
  const engine = readTables(
    [...files.values()].map(({ tables }) => tables),
    problems,
  );
  const rules: ReadRules = new Map();
  const refused = new Set<string>();
  for (const folder of folders) {
    if (!existsSync(folder)) problems.push(`${folder}:1:1 does not exist`);
    for (const file of files.get(folder)?.rules ?? [])
      readRule({ folder, file, schema, causes, rules, problems, refused });
    const sized = [...rules.values()].map((item) => item.rule);
    for (const problem of checkSize(folder, sized)) problems.push(problem);
  }
  for (const problem of checkExplains(rules, causes, refused)) problems.push(problem);
  return { rules: [...rules.values()].map((item) => item.rule), causes, engine, problems, refused };
}

/** The built-in tables, and what a team's folders change of them. */
function readTables(files: readonly (readonly string[])[], problems: string[]): Engine | undefined {
  const schema = readSchema(join(findBuiltInRules(), 'engine.schema.json'));
  const found: string[] = [];
  const engine = readEngine({
    files,
    problems: found,
    read: (file) => PREPARED.read(file, file, schema),
  });
  for (const problem of found) problems.push(problem);
  return found.length === 0 ? engine : undefined;
}

/** By id, each with its document. */
type ReadRules = Map<string, { readonly rule: ClosedRule; readonly document: ParsedDocument }>;

/** With more, the scan's table of words would know a part of nearly every line. */
const MAX_ANCHOR_BYTES = 1 << 20;

function checkSize(folder: string, rules: readonly ClosedRule[]): readonly string[] {
  const anchors = new Set(rules.flatMap((rule) => [...rule.alternatives.flat(), ...rule.steps]));
  const bytes = [...anchors].reduce((sum, anchor) => sum + Buffer.byteLength(anchor), 0);
  if (bytes <= MAX_ANCHOR_BYTES) return [];
  const longest = [...rules].sort((a, b) => anchorBytes(b) - anchorBytes(a))[0];
  return [
    `${folder}:1:1 the anchors of its rules are ${bytes} bytes long together, but at most ${MAX_ANCHOR_BYTES} fit into one scan; shorten those of ${longest?.id ?? 'its rules'} first`,
  ];
}

function anchorBytes(rule: ClosedRule): number {
  return rule.alternatives.flat().reduce((sum, anchor) => sum + Buffer.byteLength(anchor), 0);
}

/** Compiling a schema takes longer than reading all rules: each file once. */
const schemas = new Map<string, object>();

function readSchema(path: string): object {
  const known = schemas.get(path);
  if (known !== undefined) return known;
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (typeof value !== 'object' || value === null) throw new Error('rules/schema.json is not an object');
  schemas.set(path, value);
  return value;
}

/** What the catalog reads below a folder, sorted; nothing where the folder does not exist. */
export interface CatalogFiles {
  readonly rules: readonly string[];
  /** Of the engine. */
  readonly tables: readonly string[];
}

export function findCatalogFiles(folder: string): CatalogFiles {
  if (!existsSync(folder)) return { rules: [], tables: [] };
  const listed = PREPARED.list(folder);
  return {
    rules: listed?.filter(isRulePath) ?? listRuleFiles(folder).sort(),
    tables: listed?.filter(isEnginePath) ?? listEngineFiles(folder),
  };
}

function isRulePath(path: string): boolean {
  return ['rule.yaml', 'rule.yml'].includes(basename(path));
}

/** Rules stand three folders deep; links that lead to each other end here. */
const MOST_FOLDERS = 8;

/**
 * Folder by folder: Node's own way to read them all takes several times longer. Links are followed, for a mounted
 * ConfigMap is made of them; what it keeps behind hidden names is there a second time.
 */
function listRuleFiles(folder: string, depth = 0): string[] {
  if (depth > MOST_FOLDERS) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) return [];
    if (isRulePath(path)) return [path];
    return entry.isDirectory() || (entry.isSymbolicLink() && leadsElsewhere(folder, path))
      ? listRuleFiles(path, depth + 1)
      : [];
  });
}

/** To a folder that is none of those above. */
function leadsElsewhere(folder: string, link: string): boolean {
  try {
    return statSync(link).isDirectory() && !`${realpathSync(folder)}${sep}`.startsWith(`${realpathSync(link)}${sep}`);
  } catch {
    // It leads nowhere, or in a circle.
    return false;
  }
}

interface RuleReading {
  readonly folder: string;
  readonly file: string;
  readonly schema: object;
  readonly causes: ReadonlyMap<string, Cause>;
  readonly rules: ReadRules;
  readonly problems: string[];
  readonly refused: Set<string>;
}

function readRule({ folder, file, schema, causes, rules, problems, refused }: RuleReading): void {
  const parts = (file.startsWith(`${folder}${sep}`) ? file.slice(folder.length + 1) : relative(folder, file))
    .split(sep)
    .slice(0, -1);
  const here = `${process.cwd()}${sep}`;
  const name = file.startsWith(here) ? file.slice(here.length) : file;
  const [area = '', cause = '', variant = ''] = parts;
  const id = `${area}.${cause}/${variant}`;
  const document = readSafely(file, name, schema);
  if (typeof document === 'string') {
    problems.push(`${name}:1:1 cannot be read: ${document}`);
    refused.add(id);
    return;
  }
  const found: Problem[] = [...document.problems];
  if (parts.length !== 3)
    found.push(document.problemAt([], `must stand in <area>/<cause>/<variant>/, not in ${parts.join('/')}/`));
  else if (!causes.has(`${area}.${cause}`))
    found.push(
      document.problemAt(
        [],
        `its folder names the cause \`${area}.${cause}\`, which causes.yaml does not have${suggestCause(`${area}.${cause}`, causes)}`,
      ),
    );
  const anchors = document.trusted === true ? PREPARED.anchorsOf(file) : undefined;
  if (anchors !== undefined) rules.set(id, { rule: deferRule(id, file, document, anchors), document });
  else if (document.problems.length === 0 && isRuleFile(document.value))
    for (const problem of takeRule(id, file, document.value, document, rules)) found.push(problem);
  if (found.length === 0) return;
  for (const line of formatProblems(name, found).split('\n')) problems.push(line);
  if (parts.length === 3) refused.add(id);
}

/** The document, or why the system does not give it. */
function readSafely(file: string, name: string, schema: object): ParsedDocument | string {
  try {
    return PREPARED.read(file, name, schema);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error.message;
    throw error;
  }
}

/** The build found no problem in it. */
function deferRule(id: string, file: string, document: ParsedDocument, anchors: RuleAnchors): ClosedRule {
  let rule: Rule | undefined;
  const open = (): Rule => {
    const { value } = document;
    if (!isRuleFile(value) || !('match' in value)) throw new Error(`the prepared ${id} is no rule`);
    return compileRule(id, file, value, document).rule;
  };
  return { id, ...anchors, open: () => (rule ??= open()) };
}

/** Adds the rule, or changes the one of its id in the catalogs before. */
function takeRule(
  id: string,
  file: string,
  source: RuleFile | ExtensionFile | DisabledFile,
  document: ParsedDocument,
  rules: ReadRules,
): readonly Problem[] {
  const known = rules.get(id);
  if (source.status === 'disabled') {
    rules.delete(id);
    return known === undefined
      ? [document.problemAt(['status'], `disables \`${id}\`, which no catalog before has${suggestRule(id, rules)}`)]
      : [];
  }
  if (source.status === 'extended') {
    if (known === undefined)
      return [
        document.problemAt(['status'], `extends \`${id}\`, which no catalog before has${suggestRule(id, rules)}`),
      ];
    const extended = extendRule(known.rule.open(), source, document);
    rules.set(id, { rule: close(extended.rule), document: known.document });
    return extended.problems;
  }
  const compiled = compileRule(id, file, source, document);
  rules.set(id, { rule: close(compiled.rule), document });
  return compiled.problems;
}

function suggestRule(id: string, rules: ReadRules): string {
  const nearest = findNearest(id, rules.keys());
  return nearest === undefined ? '' : `; did you mean \`${nearest}\`?`;
}

/** Only asked for documents that rules/schema.json found valid: this is what the schema says. */
function isRuleFile(value: unknown): value is RuleFile | ExtensionFile | DisabledFile {
  return typeof value === 'object' && value !== null;
}

function suggestCause(id: string, causes: ReadonlyMap<string, Cause>): string {
  const nearest = findNearest(id, causes.keys());
  return nearest === undefined ? '' : `; did you mean \`${nearest}\`?`;
}

const CAUSES_SCHEMA = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    additionalProperties: false,
    required: ['title', 'owner'],
    properties: {
      title: {
        type: 'object',
        additionalProperties: false,
        required: ['en', 'zh'],
        properties: { en: { type: 'string', minLength: 1 }, zh: { type: 'string', minLength: 1 } },
      },
      owner: { enum: ['user-code', 'configuration', 'connector', 'framework', 'platform', 'external'] },
      symptom: { type: 'boolean' },
    },
  },
};

function readCauses(folders: readonly string[], problems: string[]): ReadonlyMap<string, Cause> {
  const causes = new Map<string, Cause>();
  for (const folder of new Set(folders)) {
    const file = join(folder, 'causes.yaml');
    if (!existsSync(file)) continue;
    const document = PREPARED.read(file, file, CAUSES_SCHEMA);
    if (document.problems.length > 0)
      for (const line of formatProblems(file, document.problems).split('\n')) problems.push(line);
    else if (isCausesFile(document.value)) {
      for (const [id, cause] of Object.entries(document.value))
        causes.set(id, { id, title: cause.title, owner: cause.owner, symptom: cause.symptom ?? false });
    }
  }
  return causes;
}

/** Only asked for documents that CAUSES_SCHEMA found valid. */
function isCausesFile(
  value: unknown,
): value is Readonly<Record<string, { readonly title: Text; readonly owner: Owner; readonly symptom?: boolean }>> {
  return typeof value === 'object' && value !== null;
}

/** `explains` must name what exists, and must not run in a circle. */
function checkExplains(rules: ReadRules, causes: ReadonlyMap<string, Cause>, refused: Set<string>): readonly string[] {
  // The build looked at them, and nobody's own rules are among them.
  if ([...rules.values()].every(({ document }) => document.trusted === true)) return [];
  const all = [...rules.values()].map((item) => item.rule.open());
  const areas = new Set([...causes.keys()].map((id) => `${id.slice(0, id.indexOf('.'))}.*`));
  return [...rules.values()].flatMap(({ rule: closed, document }) => {
    const rule = closed.open();
    const problems = rule.explains.flatMap((glob, index): Problem[] => {
      const pattern = printGlob(glob);
      const known = rules.has(pattern) || causes.has(pattern) || areas.has(pattern);
      if (!known)
        return [
          document.problemAt(
            ['explains', index],
            `names \`${pattern}\`, which is no cause or rule${suggestCause(pattern, causes)}`,
          ),
        ];
      const circle = all.find(
        (other) => other.id > rule.id && isNamedBy(other, glob) && other.explains.some((back) => isNamedBy(rule, back)),
      );
      return circle === undefined
        ? []
        : [document.problemAt(['explains', index], `runs in a circle: ${circle.id} explains this rule as well`)];
    });
    if (problems.length > 0) refused.add(rule.id);
    return problems.length === 0 ? [] : formatProblems(relative(process.cwd(), rule.file), problems).split('\n');
  });
}
