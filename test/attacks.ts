// Makes texts that keep a backtracking engine busy with a pattern, from its syntax tree. Each text is a sample of what
// precedes a part, then repetitions of what the part matches, then an end that does not match.
import { parseRegExpLiteral, visitRegExpAST, type AST } from '@eslint-community/regexpp';

/** Prefix, repeated part, and end of an attack. */
export interface Attack {
  readonly before: string;
  readonly pump: string;
  readonly after: string;
}

/** Characters of many classes, which are used before a pattern's own characters. */
const COMMON = ['a', 'A', '0', ' ', '\n', '_', '-', '.', '/', ':', '"', '=', ',', '$', '(', '\t', 'é', '中', '\u0001'];
/** Ends that no pattern expects. The second one also fails patterns that look for the end of a line. */
const AFTER = ['\u0001', '\n\u0001'];
const MAX_CHARACTERS = 24;
const MAX_VARIANTS = 16;
const MAX_PARTS = 3;
const MAX_PUMP_UNITS = 400;

/** Choice among equivalent samples: the character of a class, the alternative of a group. */
interface Variant {
  readonly index: number;
  readonly characters: readonly string[];
  readonly flags: string;
}

export function makeAttacks(source: string, flags: string): readonly Attack[] {
  const tree = parseRegExpLiteral(new RegExp(source, flags));
  const characters = listCharacters(tree);
  const variants = Array.from({ length: Math.min(MAX_VARIANTS, countChoices(tree, characters)) }, (_, index) => ({
    index,
    characters,
    flags: flags.replace(/[gy]/g, ''),
  }));
  const alternatives = listAlternatives(tree);
  const attacks = variants.flatMap((variant) =>
    alternatives.flatMap((alternative) => attackParts(alternative, variant)),
  );
  const whole = variants.flatMap((variant) => attackWhole(tree, variant));
  return dropSame([...attacks, ...whole, ...characters.map((pump) => ({ before: '', pump }))]);
}

export function makeText({ before, pump, after }: Attack, units: number): string {
  const body = before + pump.repeat(Math.ceil(units / pump.length));
  return body.slice(0, units - after.length) + after;
}

type Start = Omit<Attack, 'after'>;

/** Removes duplicates and combines each start with each end. */
function dropSame(starts: readonly Start[]): readonly Attack[] {
  const all = new Map<string, Start>();
  for (const start of starts) {
    if (start.pump !== '' && start.pump.length <= MAX_PUMP_UNITS) all.set(JSON.stringify(start), start);
  }
  return [...all.values()].flatMap((start) => AFTER.map((after) => ({ ...start, after })));
}

function listCharacters(tree: AST.RegExpLiteral): readonly string[] {
  const own = new Set<string>();
  visitRegExpAST(tree, { onCharacterEnter: ({ value }) => own.add(String.fromCodePoint(value)) });
  return [...new Set([...COMMON, ...own])].slice(0, MAX_CHARACTERS);
}

function countChoices(tree: AST.RegExpLiteral, characters: readonly string[]): number {
  let max = 1;
  visitRegExpAST(tree, {
    onCharacterClassEnter: () => (max = Math.max(max, characters.length)),
    onCharacterSetEnter: () => (max = Math.max(max, characters.length)),
    onGroupEnter: ({ alternatives }) => (max = Math.max(max, alternatives.length)),
    onCapturingGroupEnter: ({ alternatives }) => (max = Math.max(max, alternatives.length)),
    onPatternEnter: ({ alternatives }) => (max = Math.max(max, alternatives.length)),
  });
  return max;
}

function listAlternatives(tree: AST.RegExpLiteral): readonly AST.Alternative[] {
  const found: AST.Alternative[] = [];
  visitRegExpAST(tree, { onAlternativeEnter: (alternative) => found.push(alternative) });
  return found;
}

/** Makes attacks that repeat neighbouring parts together, alone and after a sample of what precedes them. */
function attackParts(alternative: AST.Alternative, variant: Variant): readonly Start[] {
  const { elements } = alternative;
  const samples = elements.map((element) => sampleNode(element, variant));
  const lead = sampleBefore(alternative, variant);
  return elements.flatMap((_, first) =>
    Array.from({ length: MAX_PARTS }, (_, more) => samples.slice(first, first + more + 1).join('')).flatMap((pump) => [
      { before: '', pump },
      { before: lead + samples.slice(0, first).join(''), pump },
      { before: lead + samples.slice(0, first + 1).join(''), pump },
    ]),
  );
}

/** Makes attacks from an example of the whole pattern and each of its beginnings. */
function attackWhole(tree: AST.RegExpLiteral, variant: Variant): readonly Start[] {
  const whole = sampleOne(tree.pattern.alternatives, variant);
  return Array.from({ length: Math.min(whole.length, MAX_PUMP_UNITS) }, (_, cut) => ({
    before: '',
    pump: whole.slice(0, cut + 1),
  }));
}

/** Returns a sample of what precedes an alternative, from the beginning of the pattern. */
function sampleBefore(alternative: AST.Alternative, variant: Variant): string {
  let before = '';
  let inner: AST.Node = alternative;
  for (let outer: AST.Node | null = alternative.parent; outer !== null; outer = outer.parent) {
    if (outer.type === 'Alternative') {
      const place = outer.elements.findIndex((element) => element === inner);
      before =
        outer.elements
          .slice(0, place)
          .map((element) => sampleNode(element, variant))
          .join('') + before;
    }
    inner = outer;
  }
  return before;
}

function sampleOne(alternatives: readonly AST.Alternative[], variant: Variant): string {
  const chosen = alternatives[variant.index % alternatives.length];
  return (chosen?.elements ?? []).map((element) => sampleNode(element, variant)).join('');
}

function sampleNode(node: AST.Element, variant: Variant): string {
  switch (node.type) {
    case 'Character':
      return String.fromCodePoint(node.value);
    case 'CharacterClass':
    case 'CharacterSet':
    case 'ExpressionCharacterClass':
      return sampleClass(node.raw, variant);
    case 'Quantifier':
      return node.max === 0 ? '' : sampleNode(node.element, variant).repeat(Math.max(1, node.min));
    case 'Group':
    case 'CapturingGroup':
      return sampleOne(node.alternatives, variant);
    case 'Backreference':
      return Array.isArray(node.resolved) ? '' : sampleOne(node.resolved.alternatives, variant);
    case 'Assertion':
      return (node.kind === 'lookahead' || node.kind === 'lookbehind') && !node.negate
        ? sampleOne(node.alternatives, variant)
        : '';
  }
}

const classes = new Map<string, readonly string[]>();

/** Returns a character that matches the class, a different one in each variant. */
function sampleClass(raw: string, { index, characters, flags }: Variant): string {
  const key = `${raw} ${flags} ${characters.join('')}`;
  const known = classes.get(key);
  const fitting = known ?? characters.filter((character) => new RegExp(`^${raw}$`, flags).test(character));
  if (known === undefined) classes.set(key, fitting);
  return fitting[index % Math.max(1, fitting.length)] ?? '';
}
