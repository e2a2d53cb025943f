// Parses texts with placeholders: `{name}`, `{name|format}` and `{option:taskmanager.memory.network.min}` (the option's
// name in the job's Flink version). `{{` is a plain brace. Texts are parsed once when the catalog is loaded, and filled
// by explain.ts.
import { roundDuration } from '../../core/time/duration.js';
import { joinLines } from '../../core/text/lines.js';
import type { Language, Text } from '../../core/types.js';
import type { Value, Values } from './expression.js';

export const FORMATS = ['bytes', 'size', 'duration', 'list'] as const;

export type TemplatePart =
  | { readonly text: string }
  | { readonly name: string; readonly format: string | undefined }
  | { readonly option: string };

export interface Template {
  /** Text as the rule has it, with its placeholders. */
  readonly source: string;
  readonly parts: readonly TemplatePart[];
  /** Names of the values that it needs. */
  readonly names: readonly string[];
}

export type TextTemplate = Readonly<Record<Language, Template>>;

export function parseTemplate(text: string): Template {
  const parts: TemplatePart[] = [];
  let from = 0;
  for (const found of text.matchAll(/\{\{|\{option:([\w.-]+)\}|\{([A-Za-z]\w*)(?:\|(\w+))?\}/g)) {
    if (found.index > from) parts.push({ text: text.slice(from, found.index) });
    from = found.index + found[0].length;
    if (found[0] === '{{') parts.push({ text: '{' });
    else if (found[1] !== undefined) parts.push({ option: found[1] });
    else if (found[2] !== undefined) parts.push({ name: found[2], format: found[3] });
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return { source: text, parts, names: [...new Set(parts.flatMap((part) => ('name' in part ? [part.name] : [])))] };
}

/** Returns a template that was found valid before. It is parsed when it is filled. */
function deferTemplate(source: string): Template {
  let parsed: Template | undefined;
  const open = (): Template => (parsed ??= parseTemplate(source));
  return {
    source,
    get parts() {
      return open().parts;
    },
    get names() {
      return open().names;
    },
  };
}

export function deferText(text: Text): TextTemplate {
  return { en: deferTemplate(text.en), zh: deferTemplate(text.zh) };
}

export function parseText(text: Text): TextTemplate {
  return { en: parseTemplate(text.en), zh: parseTemplate(text.zh) };
}

export interface Filled {
  readonly text: string;
  /** Names without a value; in the text an ellipsis stands for each. */
  readonly missing: readonly string[];
}

/**
 * Fills in the values. The text ends before a colon that nothing would follow, and has only one full stop at its end.
 * `optionName` returns the name that an option has in the job's version.
 */
export function fillTemplate(template: Template, values: Values, optionName: (key: string) => string): Filled {
  const missing: string[] = [];
  const text = template.parts.map((part, index) => {
    if ('text' in part) return part.text;
    if ('option' in part) return optionName(part.option);
    const value = values[part.name];
    if (value !== undefined) return stopOnce(quoteLine(formatValue(value, part.format)), template.parts[index + 1]);
    missing.push(part.name);
    return '…';
  });
  return { text: missing.length === 0 ? text.join('') : text.join('').replace(OPEN_COLON, ''), missing };
}

/** Maximum length of a quoted message, in UTF-16 units. */
const MAX_QUOTE = 240;

/**
 * Returns the beginning of a message of several lines (a plan, a piece of code) on one line, so that it fits into a
 * sentence.
 */
function quoteLine(value: string): string {
  if (!value.includes('\n')) return value;
  const line = joinLines(value.trim());
  return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
}

/** Removes the full stop at the end of a message if the sentence ends with the message and has its own. */
function stopOnce(value: string, next: TemplatePart | undefined): string {
  return next !== undefined && 'text' in next && /^(?:\.(?:\s|$)|。)/.test(next.text)
    ? value.replace(/(?<!\.)\.$/, '')
    : value;
}

const OPEN_COLON = /(?:: |：)…(?=[.。]?$)/;

/**
 * Formats a value: 117440512 → "112 MiB" (bytes), "112m" (size, as Flink's options want it); 90000 → "1.5 min"
 * (duration).
 */
export function formatValue(value: Value, format: string | undefined): string {
  if (format === 'bytes') return formatBytes(Number(value));
  if (format === 'size') return formatSize(Number(value));
  if (format === 'duration') return roundDuration(Number(value));
  if (Array.isArray(value)) return value.map((item: Value) => formatValue(item, undefined)).join(', ');
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, item]) => `${name}: ${String(item)}`)
      .join(', ');
  return String(value);
}

function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let amount = bytes;
  let unit = 0;
  while (Math.abs(amount) >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${Number(amount.toFixed(2))} ${units[unit] ?? 'bytes'}`;
}

function formatSize(bytes: number): string {
  for (const [unit, size] of [
    ['g', 1073741824],
    ['m', 1048576],
    ['k', 1024],
  ] as const) {
    if (bytes !== 0 && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return `${bytes}b`;
}
