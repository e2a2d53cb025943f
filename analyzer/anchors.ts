// One pass over an entry's bytes for any number of literals: an Aho-Corasick automaton with a dense table,
// built once when the catalog is compiled. Bytes that occur in no literal share one column, states that end a
// literal come last, so that a byte costs two look-ups and one comparison however many literals there are. A blank of a
// literal fits any single white space.
// scan.ts calls it; bench/scan measures it against RE2 sets.

export interface AnchorScanner {
  readonly size: number;
  /** The literals that occur in the bytes, by their index, each once, in the order in which they end. */
  scan(bytes: Uint8Array): readonly number[];
}

/** Most entries hold nothing: one empty list for all of them. */
const NONE: readonly number[] = [];

interface Node {
  readonly next: Map<number, number>;
  readonly ends: number[];
  fail: number;
}

/** Literals (compared byte by byte, as UTF-8) → scanner. Empty literals are ignored. */
export function createAnchorScanner(literals: readonly string[]): AnchorScanner {
  const nodes = linkFailures(buildTrie(literals.map((literal) => Buffer.from(literal, 'utf8'))));
  const columns = assignColumns(literals);
  const width = columns.width;
  const order = [...nodes.keys()].sort((a, b) => Number(a !== 0 && (nodes[a]?.ends.length ?? 0) > 0) - Number(b !== 0 && (nodes[b]?.ends.length ?? 0) > 0) || a - b);
  const place = new Map(order.map((node, index) => [node, index * width]));
  const table = fillTable(nodes, order, place, columns);
  const firstEnd = order.findIndex((node) => (nodes[node]?.ends.length ?? 0) > 0);
  const firstEndState = (firstEnd < 0 ? order.length : firstEnd) * width;
  const outputs = order.slice(firstEnd < 0 ? order.length : firstEnd).map((node) => nodes[node]?.ends ?? []);
  const seen = new Uint32Array(literals.length);
  let generation = 0;

  function scan(bytes: Uint8Array): readonly number[] {
    const columnOf = columns.columnOf;
    const length = bytes.length;
    let found: number[] | undefined;
    let state = 0;
    for (let index = 0; index < length; index++) {
      state = table[state + (columnOf[bytes[index] ?? 0] ?? 0)] ?? 0;
      if (state >= firstEndState) found = collect(state, found);
    }
    return found ?? NONE;
  }

  function collect(state: number, known: number[] | undefined): number[] {
    const found = known ?? [];
    if (known === undefined) generation = (generation + 1) >>> 0;
    for (const literal of outputs[(state - firstEndState) / width] ?? []) {
      if (seen[literal] !== generation) found.push(literal);
      seen[literal] = generation;
    }
    return found;
  }

  return { size: literals.length, scan };
}

function buildTrie(literals: readonly Buffer[]): Node[] {
  const nodes: Node[] = [{ next: new Map(), ends: [], fail: 0 }];
  for (const [index, literal] of literals.entries()) {
    let at = 0;
    for (const byte of literal) {
      let next = nodes[at]?.next.get(byte);
      if (next === undefined) {
        next = nodes.push({ next: new Map(), ends: [], fail: 0 }) - 1;
        nodes[at]?.next.set(byte, next);
      }
      at = next;
    }
    if (literal.length > 0) nodes[at]?.ends.push(index);
  }
  return nodes;
}

/** Breadth first: where to go on when the next byte does not fit, and the literals that end there as well. */
function linkFailures(nodes: Node[]): readonly Node[] {
  const queue = [...(nodes[0]?.next.values() ?? [])];
  for (let head = 0; head < queue.length; head++) {
    const node = nodes[queue[head] ?? 0];
    if (node === undefined) continue;
    for (const [byte, child] of node.next) {
      const target = nodes[child];
      if (target === undefined) continue;
      target.fail = stepFrom(nodes, node.fail, byte);
      target.ends.push(...(nodes[target.fail]?.ends ?? []));
      queue.push(child);
    }
  }
  return nodes;
}

function stepFrom(nodes: readonly Node[], from: number, byte: number): number {
  let at = from;
  for (;;) {
    const next = nodes[at]?.next.get(byte);
    if (next !== undefined) return next;
    if (at === 0) return 0;
    at = nodes[at]?.fail ?? 0;
  }
}

interface Columns {
  readonly columnOf: Uint8Array;
  readonly width: number;
}

/** Column 0 is every byte that no literal holds. */
function assignColumns(literals: readonly string[]): Columns {
  const columnOf = new Uint8Array(256);
  let width = 1;
  for (const literal of literals) {
    for (const byte of Buffer.from(literal, 'utf8')) {
      if (columnOf[byte] === 0 && width < 256) columnOf[byte] = width++;
    }
  }
  // A paste is often wrapped at blanks: a line break fits where a literal has a blank.
  for (const byte of [9, 10, 13]) if (columnOf[byte] === 0) columnOf[byte] = columnOf[32] ?? 0;
  return { columnOf, width };
}

function fillTable(nodes: readonly Node[], order: readonly number[], place: ReadonlyMap<number, number>, columns: Columns): Int32Array {
  const { columnOf, width } = columns;
  const table = new Int32Array(order.length * width);
  // Breadth first again, so that the row of the failure state is complete before it is copied.
  const queue = [0];
  for (let head = 0; head < queue.length; head++) {
    const index = queue[head] ?? 0;
    const node = nodes[index];
    const row = place.get(index) ?? 0;
    if (node === undefined) continue;
    if (index !== 0) table.copyWithin(row, place.get(node.fail) ?? 0, (place.get(node.fail) ?? 0) + width);
    for (const [byte, child] of node.next) {
      table[row + (columnOf[byte] ?? 0)] = place.get(child) ?? 0;
      queue.push(child);
    }
  }
  return table;
}
