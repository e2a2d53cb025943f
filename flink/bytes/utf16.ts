// Recognises UTF-16 text, which some programs on Windows write, and finds the end of its lines. In: bytes. Out: the
// form, or an index. The agent and offline diagnosis both use it.

export const UTF16_FORMS = ['utf-16le', 'utf-16be'] as const;
export type Utf16 = (typeof UTF16_FORMS)[number];

/** Number of bytes of a file that are examined. */
export const UTF16_PROBE_BYTES = 64;

/** Number of ASCII units with which a file without a byte order mark must begin, for example a date and a level. */
const CLEAR_UNITS = 16;
const NEWLINE = 10;

/** Detects UTF-16 by the byte order mark, or because every other byte is NUL and those between are printable. */
export function findUtf16(firstBytes: Buffer): Utf16 | undefined {
  if (firstBytes[0] === 0xff && firstBytes[1] === 0xfe) return 'utf-16le';
  if (firstBytes[0] === 0xfe && firstBytes[1] === 0xff) return 'utf-16be';
  if (firstBytes.length < 2 * CLEAR_UNITS) return undefined;
  return UTF16_FORMS.find((form) => {
    const low = form === 'utf-16le' ? 0 : 1;
    for (let at = 0; at < 2 * CLEAR_UNITS; at += 2)
      if (firstBytes[at + 1 - low] !== 0 || !isPrintable(firstBytes[at + low] ?? 0)) return false;
    return true;
  });
}

function isPrintable(byte: number): boolean {
  return (byte >= 32 && byte < 127) || byte === 9 || byte === NEWLINE || byte === 13;
}

export function isUtf16(form: string): form is Utf16 {
  return UTF16_FORMS.some((known) => known === form);
}

/**
 * Returns the index after the last line break; 0 if there is none. `base` is the offset of the first byte in its file.
 */
export function findLastLine(bytes: Buffer, base: number, form: Utf16): number {
  const high = form === 'utf-16le' ? 1 : 0;
  const last = bytes.length - ((base + bytes.length) % 2);
  for (let at = last - 2; at >= 0; at -= 2)
    if (bytes[at + 1 - high] === NEWLINE && bytes[at + high] === 0) return at + 2;
  return 0;
}
