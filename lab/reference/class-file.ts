// Reads the string constants of a compiled Java class. Takes the bytes of a .class file and returns the constants,
// split at the gaps of concatenations. Format: The Java Virtual Machine Specification, chapter 4.4.
//
// A source expression such as "Could not open " + path + " for writing" becomes either several constants or one recipe
// in which \u0001 stands for each argument, depending on the compiler. Both give the pieces between arguments.

const MAGIC = 0xcafebabe;
const UTF8 = 1;
const STRING = 8;
/** Place of an argument (1) or of a constant (2) in the recipe of a concatenation. */
const ARGUMENT = new RegExp(`[${String.fromCharCode(1, 2)}]`);
/**
 * Length in bytes, without the tag, of each other kind of constant. Long (5) and double (6) take two entries of the
 * table.
 */
const LENGTHS: ReadonlyMap<number, number> = new Map([
  [3, 4],
  [4, 4],
  [5, 8],
  [6, 8],
  [7, 2],
  [9, 4],
  [10, 4],
  [11, 4],
  [12, 4],
  [15, 3],
  [16, 2],
  [17, 4],
  [18, 4],
  [19, 2],
  [20, 2],
]);

/** Returns every string constant of the class, with concatenations split into pieces. */
export function readTexts(bytes: Buffer): readonly string[] {
  if (bytes.readUInt32BE(0) !== MAGIC) throw new Error('This is no Java class.');
  const count = bytes.readUInt16BE(8);
  const texts = new Map<number, string>();
  const strings: number[] = [];
  let at = 10;
  for (let index = 1; index < count; index++) {
    const tag = bytes.readUInt8(at);
    if (tag === UTF8) {
      const length = bytes.readUInt16BE(at + 1);
      texts.set(index, bytes.toString('utf8', at + 3, at + 3 + length));
      at += 3 + length;
    } else if (tag === STRING) {
      strings.push(bytes.readUInt16BE(at + 1));
      at += 3;
    } else {
      const length = LENGTHS.get(tag);
      if (length === undefined) throw new Error(`The class holds a constant of the unknown kind ${tag}.`);
      at += 1 + length;
      if (tag === 5 || tag === 6) index += 1;
    }
  }
  return strings.flatMap((index) => (texts.get(index) ?? '').split(ARGUMENT)).filter((text) => text !== '');
}
