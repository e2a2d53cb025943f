// Implements Flink's MemorySize: parses text into bytes, formats bytes as in Flink's messages, and computes with them.
// Bytes are bigint because Flink uses all 63 bits (the default of network.max is Long.MAX_VALUE). Fractions are Java
// floats widened to double, multiplied as decimals, and truncated to whole bytes.
import { refuse } from './words.js';

export const MAX_BYTES = 9223372036854775807n;
export const MEBIBYTE = 1024 * 1024;

const UNITS: readonly { readonly names: readonly string[]; readonly bytes: bigint }[] = [
  { names: ['b', 'bytes'], bytes: 1n },
  { names: ['k', 'kb', 'kibibytes'], bytes: 1024n },
  { names: ['m', 'mb', 'mebibytes'], bytes: 1024n ** 2n },
  { names: ['g', 'gb', 'gibibytes'], bytes: 1024n ** 3n },
  { names: ['t', 'tb', 'tebibytes'], bytes: 1024n ** 4n },
];

/** Parses "1g", "512 mb" or "1024" (bytes), in any case, into bytes, or returns the problem in Flink's words. */
export function parseMemorySize(text: string): { readonly bytes: bigint } | { readonly problem: string } {
  const trimmed = text.trim();
  if (trimmed === '') return { problem: 'argument is an empty- or whitespace-only string' };
  const number = /^[0-9]*/.exec(trimmed)?.[0] ?? '';
  if (number === '') return { problem: 'text does not start with a number' };
  if (BigInt(number) > MAX_BYTES)
    return { problem: `The value '${number}' cannot be re represented as 64bit number (numeric overflow).` };
  const unitName = trimmed.slice(number.length).trim().toLowerCase();
  const unit = unitName === '' ? UNITS[0] : UNITS.find((known) => known.names.includes(unitName));
  if (unit === undefined) {
    const all = UNITS.map((known) => `(${known.names.join(' | ')})`).join(' / ');
    return { problem: `Memory size unit '${unitName}' does not match any of the recognized units: ${all}` };
  }
  const bytes = BigInt(number) * unit.bytes;
  return bytes > MAX_BYTES
    ? { problem: `The value '${text}' cannot be re represented as 64bit number of bytes (numeric overflow).` }
    : { bytes };
}

/** Formats 1811939328 as "1.688gb (1811939328 bytes)": three decimals in the largest unit that the size exceeds. */
export function formatMemorySize(bytes: bigint): string {
  const unit = UNITS.findLast((known) => bytes > known.bytes);
  if (unit === undefined || unit.bytes === 1n) return `${bytes} bytes`;
  const { digits, scale } = splitDecimal(Number(bytes) / Number(unit.bytes));
  const thousandths = (digits * 1000n * 2n + 10n ** scale) / (2n * 10n ** scale);
  return `${thousandths / 1000n}.${String(thousandths % 1000n).padStart(3, '0')}${unit.names[1] ?? ''} (${bytes} bytes)`;
}

/** Formats like Java's Double.toString: 1 → "1.0", 1e-7 → "1.0E-7". */
export function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e7))
    return Number.isInteger(value) ? `${Object.is(value, -0) ? '-0' : value}.0` : String(value);
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
}

/** Formats a widened float like Java's Float.toString: 0.10000000149011612 → "0.1". */
export function formatFloat(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return formatDouble(short);
  }
  return formatDouble(value);
}

export function addBytes(...parts: readonly bigint[]): bigint {
  return parts.reduce(
    (sum, part) => (sum + part > MAX_BYTES ? refuse('overflow', 'long overflow', []) : sum + part),
    0n,
  );
}

export function subtractBytes(from: bigint, bytes: bigint): bigint {
  return from < bytes ? refuse('negative-size', 'bytes must be >= 0', []) : from - bytes;
}

/**
 * Multiplies and truncates to whole bytes. `factor` is at least zero, because ranges are checked before anything is
 * multiplied.
 */
export function multiplyBytes(bytes: bigint, factor: number): bigint {
  const { digits, scale } = splitDecimal(factor);
  const product = bytes * digits;
  return product > MAX_BYTES * 10n ** scale ? refuse('overflow', 'long overflow', []) : product / 10n ** scale;
}

/** Returns the shortest decimal of this double as digits × 10^-scale, like Java's BigDecimal.valueOf. */
function splitDecimal(value: number): { readonly digits: bigint; readonly scale: bigint } {
  const [mantissa = '0', exponentText = '0'] = String(value).split('e');
  const [whole = '0', decimals = ''] = mantissa.split('.');
  const digits = BigInt(whole + decimals);
  const scale = decimals.length - Number(exponentText);
  return scale >= 0 ? { digits, scale: BigInt(scale) } : { digits: digits * 10n ** BigInt(-scale), scale: 0n };
}
