// Tests single bytes of a buffer without creating strings, for the byte-level files that classify lines. Lines are read
// by the million, so these functions create no objects.

const TAB = 9;
const SPACE = 32;
const DASH = 45;
const DOT = 46;
const BACKSLASH = 92;

export function startsWithAny(bytes: Buffer, start: number, end: number, prefixes: readonly Buffer[]): boolean {
  for (const prefix of prefixes) if (startsWith(bytes, start, end, prefix)) return true;
  return false;
}

export function startsWith(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i += 1) if (bytes[start + i] !== prefix[i]) return false;
  return true;
}

export function startsWithFolded(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  if (end - start < prefix.length) return false;
  for (let i = 0; i < prefix.length; i += 1) if ((at(bytes, start + i) & 0xdf) !== prefix[i]) return false;
  return true;
}

export function skipBlanks(bytes: Buffer, start: number, end: number): number {
  let p = start;
  for (; p < end; p += 1) {
    const byte = at(bytes, p);
    if (byte === BACKSLASH && at(bytes, p + 1) === 116) p += 1;
    else if (byte !== SPACE && byte !== TAB) break;
  }
  return p;
}

export function skipByte(bytes: Buffer, p: number, byte: number): number {
  return at(bytes, p) === byte ? p + 1 : p;
}

export function digits(bytes: Buffer, start: number, count: number): boolean {
  for (let i = 0; i < count; i += 1) if (!isDigit(at(bytes, start + i))) return false;
  return true;
}

export function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

export function isLetter(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
}

export function isNameByte(byte: number): boolean {
  return isLetter(byte) || isDigit(byte) || byte === DASH || byte === 95 || byte === DOT;
}

export function at(bytes: Buffer, index: number): number {
  return bytes[index] ?? 0;
}
