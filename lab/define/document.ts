// Reads and prints the YAML files of the lab: scenario.yaml and manifest.yaml. Reading goes through core/document.ts
// and fails with all problems of the file at once. Printing supports only what manifests need (maps, lists, texts,
// numbers).
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { formatProblems, parseDocument, type Problem } from '../../core/document.js';
import { isObject } from '../../core/json.js';

/**
 * Reads a YAML file and returns its value; the schema guarantees that the value is a T. Throws an error that lists all
 * problems.
 */
export function readDocument<T>(file: string, schema: object): T {
  const name = relative(process.cwd(), file);
  const { value, problems } = parseDocument(readFileSync(file, 'utf8'), name, schema);
  if (!fits<T>(value, problems)) throw new Error(`${name} is not valid:\n${formatProblems(name, problems)}`);
  return value;
}

function fits<T>(_value: unknown, problems: readonly Problem[]): _value is T {
  return problems.length === 0;
}

/**
 * Prints block YAML. Keys keep the given order, undefined values are left out, and a text is quoted where YAML would
 * read something else.
 */
export function printDocument(value: Readonly<Record<string, unknown>>): string {
  return `${printMap(value, '').join('\n')}\n`;
}

function printMap(value: Readonly<Record<string, unknown>>, indent: string): string[] {
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .flatMap(([key, item]) => {
      const name = `${indent}${/^[A-Za-z@][\w.@-]*$/.test(key) ? key : JSON.stringify(key)}:`;
      const lines = printValue(item, `${indent}  `);
      return lines.length === 1 && !lines[0]?.startsWith(' ') ? [`${name} ${lines[0] ?? ''}`] : [name, ...lines];
    });
}

/** Returns one line without indent for a scalar, and indented lines for everything else. */
function printValue(value: unknown, indent: string): string[] {
  if (Array.isArray(value))
    return value.length === 0 ? ['[]'] : value.flatMap((item: unknown) => printItem(item, indent));
  if (isObject(value)) return Object.keys(value).length === 0 ? ['{}'] : printMap(value, indent);
  return [printScalar(value)];
}

function printItem(item: unknown, indent: string): string[] {
  const lines = printValue(item, `${indent}  `);
  return [`${indent}- ${lines[0]?.trimStart() ?? ''}`, ...lines.slice(1)];
}

function printScalar(value: unknown): string {
  if (typeof value !== 'string') return String(value);
  return /^[A-Za-z/][\w ./()+,@-]*$/.test(value) &&
    !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value) &&
    value.trim() === value
    ? value
    : JSON.stringify(value);
}
