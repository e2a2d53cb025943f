// Marked texts and bytes → the marks of those texts that stand in them. An Aho-Corasick automaton, walked byte by
// byte in one pass whose cost does not grow with the number of texts; a letter is the same in both cases. It only
// says what to look at closer, so that most entries are never made a string. Called by the agent
// (agent/record/plain.ts). Pure.

export interface MarkedText {
  /** Printable ASCII. */
  readonly text: string;
  /** One bit of eight. */
  readonly mark: number;
}

export interface Automaton {
  /** By state and class of the byte: the next state. A state is the index at which its row begins. */
  readonly next: Int32Array;
  /** By state: the marks of the texts that end there. */
  readonly marks: Uint8Array;
  /** By byte: its class. */
  readonly classes: Uint8Array;
}

/** Class of every byte that is no printable ASCII. */
const ODD = 0;
/** Class of every printable byte that stands in no text. */
const OTHER = 1;

/** `odd` marks every byte that is no printable ASCII. */
export function buildAutomaton(texts: readonly MarkedText[], odd: number): Automaton {
  const { classes, width } = classifyBytes(texts);
  const trie = growTrie(texts, classes);
  const oddState = trie.length;
  const next = new Int32Array(width * (trie.length + 1));
  const marks = new Uint8Array(width * (trie.length + 1));
  // In the order of their depth: where a state falls back to is shallower, and complete by then.
  for (const { state, parent, byteClass } of walkTrie(trie)) {
    const fallback = parent === 0 ? 0 : (next[width * (trie[parent]?.fallback ?? 0) + byteClass] ?? 0) / width;
    const node = trie[state];
    if (node === undefined) continue;
    if (state > 0) node.fallback = fallback;
    marks[width * state] = node.marks | (marks[width * node.fallback] ?? 0);
    for (let following = OTHER; following < width; following += 1) {
      const inherited = state === 0 ? 0 : (next[width * node.fallback + following] ?? 0);
      const own = node.next.get(following);
      next[width * state + following] = own === undefined ? inherited : width * own;
    }
    next[width * state + ODD] = width * oddState;
  }
  // Behind such a byte no text has begun, as at the beginning.
  next.copyWithin(width * oddState, 0, width);
  marks[width * oddState] = odd;
  return { next, marks, classes };
}

/** The marks of all texts that stand from `start` up to `end`. */
export function scanMarks({ next, marks, classes }: Automaton, bytes: Uint8Array, start: number, end: number): number {
  let found = 0;
  let state = 0;
  for (let at = start; at < end; at += 1) {
    state = next[state + (classes[bytes[at] ?? 0] ?? 0)] ?? 0;
    found |= marks[state] ?? 0;
  }
  return found;
}

function classifyBytes(texts: readonly MarkedText[]): { readonly classes: Uint8Array; readonly width: number } {
  const classes = new Uint8Array(256);
  classes.fill(OTHER, 0x20, 0x7f);
  let width = OTHER + 1;
  for (const byte of Buffer.from(texts.map(({ text }) => text.toLowerCase()).join(''), 'latin1')) {
    if (classes[byte] !== OTHER) continue;
    classes[byte] = width;
    if (byte >= 0x61 && byte <= 0x7a) classes[byte - 0x20] = width;
    width += 1;
  }
  return { classes, width };
}

interface Node {
  readonly next: Map<number, number>;
  marks: number;
  /** The state of the longest beginning of a text that ends here, but for this one. */
  fallback: number;
}

function growTrie(texts: readonly MarkedText[], classes: Uint8Array): readonly Node[] {
  const trie: Node[] = [{ next: new Map(), marks: 0, fallback: 0 }];
  for (const { text, mark } of texts) {
    let node = trie[0];
    for (const byte of Buffer.from(text, 'latin1')) {
      const byteClass = classes[byte] ?? ODD;
      const known = node?.next.get(byteClass);
      if (known === undefined) {
        node?.next.set(byteClass, trie.length);
        node = { next: new Map(), marks: 0, fallback: 0 };
        trie.push(node);
      } else node = trie[known];
    }
    if (node !== undefined) node.marks |= mark;
  }
  return trie;
}

interface Step {
  readonly state: number;
  readonly parent: number;
  readonly byteClass: number;
}

/** The shallow ones first. */
function walkTrie(trie: readonly Node[]): readonly Step[] {
  const steps: Step[] = [{ state: 0, parent: 0, byteClass: ODD }];
  for (const step of steps)
    for (const [byteClass, state] of trie[step.state]?.next ?? []) steps.push({ state, parent: step.state, byteClass });
  return steps;
}
