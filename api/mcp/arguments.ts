// Defines the arguments of a tool as rows. The rows give the JSON schema that an assistant reads and the check of the
// values that it sends. Unknown names and wrong values are errors, as everywhere in the API, and all problems are
// reported together. Pure functions.
import { createError } from '../../core/errors.js';
import { isObject, omitMissing } from '../../core/json.js';
import { findNearest } from '../../core/text/nearest.js';
import { LANGUAGES } from '../../core/types.js';
import { joinProblems } from '../http/request.js';
import type { Schema } from '../http/route.js';

export interface ArgumentRow {
  readonly name: string;
  readonly kind: 'text' | 'count';
  readonly isNeeded?: boolean;
  readonly values?: readonly string[];
  /** Largest value of a count, or largest number of characters of a text. */
  readonly max: number;
  readonly help: string;
}

/** Accepted values. An empty text counts as missing. */
export interface ToolValues {
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  word<Word extends string>(name: string, words: readonly Word[]): Word | undefined;
}

/** Largest number of unknown arguments that are explained. A call with more of them was meant for another tool. */
const MAX_EXPLAINED = 5;

/** Arguments of every tool. */
const SHARED: readonly ArgumentRow[] = [
  { name: 'lang', kind: 'text', values: LANGUAGES, max: 2, help: 'Language of the diagnosis.' },
  { name: 'skip', kind: 'count', max: 100_000, help: 'Parts of the answer that were read already.' },
];

/** JSON schema of a tool's arguments. */
interface ArgumentSchema {
  type: 'object';
  properties: Record<string, Schema>;
  required: string[];
  additionalProperties: false;
}

export function describeArguments(rows: readonly ArgumentRow[]): ArgumentSchema {
  const all = [...rows, ...SHARED];
  return {
    type: 'object',
    properties: Object.fromEntries(all.map((row) => [row.name, describeRow(row)])),
    required: all.filter(({ isNeeded }) => isNeeded).map(({ name }) => name),
    additionalProperties: false,
  };
}

function describeRow({ kind, values, max, help }: ArgumentRow): Schema {
  if (kind === 'count') return { type: 'integer', minimum: 0, maximum: max, description: help };
  return { type: 'string', maxLength: max, description: help, ...omitMissing({ enum: values }) };
}

/** Validates and returns the arguments. Throws JT_REQUEST_INVALID. */
export function readArguments(rows: readonly ArgumentRow[], given: unknown): ToolValues {
  const all = [...rows, ...SHARED];
  const values = isObject(given) ? given : {};
  const unknown = Object.keys(values).filter((name) => !all.some((row) => row.name === name));
  const wrong = all.flatMap((row) => checkRow(row, values));
  const problems = [...unknown.slice(0, MAX_EXPLAINED).map((name) => explainUnknown(name, all)), ...wrong];
  const count = unknown.length + wrong.length;
  if (count > 0) throw createError('JT_REQUEST_INVALID', { problems: joinProblems(problems, count) });
  return {
    text(name) {
      const value = values[name];
      return typeof value === 'string' && value !== '' ? value : undefined;
    },
    number(name) {
      const value = values[name];
      return typeof value === 'number' ? value : undefined;
    },
    word: (name, words) => words.find((word) => word === values[name]),
  };
}

function explainUnknown(name: string, rows: readonly ArgumentRow[]): string {
  const names = rows.map((row) => row.name);
  const nearest = findNearest(name, names);
  return `argument "${name}" is not known${nearest === undefined ? ` (known: ${names.join(', ')})` : `; did you mean "${nearest}"?`}`;
}

function checkRow(
  { name, kind, isNeeded, values, max }: ArgumentRow,
  given: Readonly<Record<string, unknown>>,
): string[] {
  const value = given[name];
  if (value === undefined || value === '') return isNeeded === true ? [`argument "${name}" is missing`] : [];
  if (kind === 'count')
    return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max
      ? []
      : [`argument "${name}" must be a whole number from 0 to ${max}`];
  if (typeof value !== 'string') return [`argument "${name}" must be a text`];
  if (values !== undefined && !values.includes(value))
    return [`argument "${name}" must be one of ${values.join(', ')}`];
  return value.length > max ? [`argument "${name}" has ${value.length} characters; at most ${max} are taken`] : [];
}
