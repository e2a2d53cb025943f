// Loads rule folders into one compiled catalog: <area>/<cause>/<variant>.yaml, the built-in catalog first, then a
// team's own folders, whose rules replace, extend or disable the rules of the same id. Every mistake of every rule is
// reported at once as JT_RULE_INVALID with file:line:column. The catalog is loaded when the program starts, and loaded
// again by reloadCatalog when a folder changes.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createError } from '../../core/errors.js';
import { FACT_ANCHORS } from '../../flink/facts/facts.js';
import { createAnchorScanner, type AnchorScanner } from '../../flink/bytes/anchors.js';
import { ENGINE_TABLES, listFailureWords, type Engine } from './engine.js';
import type { Cause } from './causes.js';
import { closeRule, type ClosedRule } from './closed.js';
import { findBuiltInRules } from './files.js';
import { readFolders } from './folders.js';
import type { Sets } from './form/read.js';
import { PREPARED } from './prepared.js';
import { listSpellings } from './spelling.js';
import type { Alternative, Rule, RuleStep } from './rule.js';

export interface AlternativeUse {
  /** Kind of use. With `words`, the anchor may be missing, in a message without its class. */
  readonly kind: 'alternative' | 'words';
  readonly rule: Rule;
  readonly alternative: Alternative;
  readonly order: number;
}

/** Use of an anchor: the check for which an anchor in an entry calls. */
export type AnchorUse =
  | AlternativeUse
  | { readonly kind: 'step'; readonly rule: Rule; readonly step: RuleStep }
  | { readonly kind: 'fact'; readonly anchor: string }
  | { readonly kind: 'failure'; readonly row: string };

/** Compiled rules. A rule is opened when a line calls for it; `rules` opens all of them. */
export interface Catalog {
  /** Rules sorted by id. */
  readonly rules: readonly Rule[];
  readonly size: number;
  readonly causes: ReadonlyMap<string, Cause>;
  readonly engine: Engine;
  /** Named exceptions that a rule may use. */
  readonly sets: Sets;
  findRule(id: string): Rule | undefined;
  readonly scanner: AnchorScanner;
  /** Literals of the scanner, by their index. */
  readonly literals: readonly string[];
  /** Returns the uses of the literal with that index. */
  usesOf(literal: number): readonly AnchorUse[];
  /** Returns the kinds of these uses without opening a rule. */
  kindsOf(literal: number): ReadonlySet<AnchorUse['kind']>;
  /**
   * Returns a catalog with this rule in place of the one with its id. `cause` is the rule's cause, which the catalog
   * may not have yet.
   */
  withRule(rule: Rule, cause: Cause): Catalog;
}

export interface CatalogSources {
  /**
   * Folder of the catalog that comes with Jobtrace. If left out, it is the one beside the program; with `false` there
   * is none.
   */
  readonly builtIn?: string | false;
  /** Folders of a team's own rules; later ones win. */
  readonly extra?: readonly string[];
}

/** Loads the catalog. Throws JT_RULE_INVALID with all problems. */
export function loadCatalog(sources: CatalogSources = {}): Catalog {
  const builtIn = sources.builtIn ?? findBuiltInRules();
  const folders = [...(builtIn === false ? [] : [builtIn]), ...(sources.extra ?? [])];
  const loaded = readFolders(folders, join(findBuiltInRules(), 'schema.json'));
  if (loaded.problems.length > 0 || loaded.engine === undefined)
    throw createError('JT_RULE_INVALID', { problems: loaded.problems.join('\n') });
  return assemble(loaded.rules, loaded.causes, loaded.engine, loaded.sets);
}

export interface Reload {
  readonly catalog: Catalog;
  /** Reasons why rules were refused, as `file:line:column …`. */
  readonly problems: readonly string[];
}

/** Loads the folders as they are now. A rule with problems is refused, and the rule that had its id before stays. */
export function reloadCatalog(sources: CatalogSources, previous: Catalog): Reload {
  const builtIn = sources.builtIn ?? findBuiltInRules();
  const folders = [...(builtIn === false ? [] : [builtIn]), ...(sources.extra ?? [])];
  const missing = folders.filter((folder) => !existsSync(folder));
  if (missing.length > 0)
    return { catalog: previous, problems: missing.map((folder) => `${folder}:1:1 does not exist`) };
  const { rules, causes, engine, sets, problems, refused } = readFolders(
    folders,
    join(findBuiltInRules(), 'schema.json'),
  );
  const kept = [...refused].flatMap((id) => previous.findRule(id) ?? []).map(closeRule);
  const catalog = assemble(
    [...rules.filter((rule) => !refused.has(rule.id)), ...kept],
    new Map([...(problems.length === 0 ? [] : previous.causes), ...causes]),
    engine ?? previous.engine,
    sets,
  );
  return { catalog, problems };
}

/** Builds a catalog from compiled rules; tests and benches build catalogs of their own with it. */
export function buildCatalog(rules: readonly Rule[], causes: ReadonlyMap<string, Cause>, engine: Engine): Catalog {
  return assemble(rules.map(closeRule), causes, engine);
}

function assemble(
  rules: readonly ClosedRule[],
  causes: ReadonlyMap<string, Cause>,
  engine: Engine,
  sets: Sets = new Map(),
): Catalog {
  const sorted = [...rules].sort((a, b) => (a.id < b.id ? -1 : 1));
  const byId = new Map(sorted.map((rule) => [rule.id, rule]));
  const byLiteral = new Map<string, ClosedUse[]>();
  const use = (literal: string, kind: AnchorUse['kind'], open: () => AnchorUse | undefined): void => {
    const uses = byLiteral.get(literal);
    if (uses === undefined) byLiteral.set(literal, [{ kind, open }]);
    else uses.push({ kind, open });
  };
  for (const rule of sorted) {
    for (const [order, anchors] of rule.alternatives.entries()) {
      for (const [place, anchor] of anchors.entries()) {
        const kind = place === 0 ? 'alternative' : 'words';
        for (const literal of listSpellings(anchor))
          use(literal, kind, () => findAlternative(rule.open(), order, kind));
      }
    }
    for (const [order, anchor] of rule.steps.entries())
      for (const literal of listSpellings(anchor)) use(literal, 'step', () => findStep(rule.open(), order));
  }
  for (const literal of FACT_ANCHORS) use(literal, 'fact', () => ({ kind: 'fact', anchor: literal }));
  for (const row of ENGINE_TABLES.flatMap((table) => engine[table]))
    for (const literal of listFailureWords(row)) use(literal, 'failure', () => ({ kind: 'failure', row: row.id }));
  const literals = [...byLiteral.keys()];
  const closed = [...byLiteral.values()];
  const found: (readonly AnchorUse[])[] = [];
  return {
    get rules() {
      return sorted.map((rule) => rule.open());
    },
    size: sorted.length,
    causes,
    engine,
    sets,
    findRule: (id) => byId.get(id)?.open(),
    scanner: createAnchorScanner(literals, PREPARED.packedOf(literals)),
    literals,
    usesOf: (literal) => (found[literal] ??= (closed[literal] ?? []).flatMap(({ open }) => open() ?? [])),
    kindsOf: (literal) => new Set(closed[literal]?.map(({ kind }) => kind)),
    withRule: (rule, cause) =>
      assemble(
        [...sorted.filter(({ id }) => id !== rule.id), closeRule(rule)],
        new Map([[cause.id, cause], ...causes]),
        engine,
        sets,
      ),
  };
}

/** Use of a literal by a rule that may not be open yet. */
interface ClosedUse {
  readonly kind: AnchorUse['kind'];
  readonly open: () => AnchorUse | undefined;
}

function findAlternative(rule: Rule, order: number, kind: AlternativeUse['kind']): AnchorUse | undefined {
  const alternative = rule.alternatives[order];
  return alternative === undefined ? undefined : { kind, rule, alternative, order };
}

function findStep(rule: Rule, order: number): AnchorUse | undefined {
  const step = rule.steps[order];
  return step === undefined ? undefined : { kind: 'step', rule, step };
}
