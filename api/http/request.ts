// Translates between requests and JSON schemas: describes each validation problem in one sentence, and converts query
// texts to the numbers and lists of their schema. Pure functions.
import { findNearest } from '../../core/text/nearest.js';
import type { Schema } from './route.js';

/** Problem as the validator reports it. */
export interface Violation {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string | undefined;
}

const INPUTS: Readonly<Record<string, string>> = {
  querystring: 'parameter',
  params: 'address part',
  body: 'field',
  headers: 'header',
};

/**
 * Largest number of problems in an answer. A body of four megabytes can have a hundred thousand, and nobody reads them
 * all.
 */
const MAX_PROBLEMS = 20;
const MAX_CHARACTERS = 200;

/** Returns the problems of a request in one sentence each: the first ones and the number of further ones. */
export function explainViolations(violations: readonly Violation[], part: string, schema: Schema | undefined): string {
  const input = INPUTS[part] ?? part;
  const sentences = violations.slice(0, MAX_PROBLEMS).map((violation) => explainViolation(violation, input, schema));
  return joinProblems(sentences, violations.length);
}

/** Joins the problems and shortens each, because names and values from outside may be long. */
export function joinProblems(sentences: readonly string[], all: number = sentences.length): string {
  const shown = sentences
    .slice(0, MAX_PROBLEMS)
    .map((text) => (text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text));
  return [...shown, ...(all > shown.length ? [`and ${all - shown.length} more problems`] : [])].join('; ');
}

function explainViolation(
  { keyword, instancePath, params, message }: Violation,
  input: string,
  schema: Schema | undefined,
): string {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const name = printName(path);
  const subject = name === '' ? 'the body' : `${input} "${name}"`;
  switch (keyword) {
    case 'additionalProperties': {
      const unknown = String(params['additionalProperty']);
      const nearest = path.length === 0 ? findNearest(unknown, Object.keys(readProperties(schema))) : undefined;
      return `${input} "${printName([...path, unknown])}" is not known${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`;
    }
    case 'required':
      return `${input} "${printName([...path, String(params['missingProperty'])])}" is missing`;
    case 'enum':
      return `${subject} must be one of ${Array.isArray(params['allowedValues']) ? params['allowedValues'].join(', ') : 'the allowed values'}`;
    case 'const':
      return `${subject} must be ${JSON.stringify(params['allowedValue'])}`;
    case 'type':
      return `${subject} must be ${String(params['type']) === 'object' ? 'a JSON object' : `of type ${String(params['type'])}`}`;
    case 'format':
      return `${subject} must be a time with zone, e.g. 2026-01-31T08:00:00Z`;
    default:
      return `${subject} ${message ?? `breaks the rule "${keyword}"`}`;
  }
}

function printName(path: readonly string[]): string {
  return path
    .map((part, index) => (/^\d+$/.test(part) && index > 0 ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('');
}

/**
 * Converts the texts of a query to the numbers, flags and lists of their schema. A value that cannot be converted
 * stays, so that the validation rejects it.
 */
export function convertQuery(query: unknown, schema: Schema): Record<string, unknown> {
  const properties = readProperties(schema);
  const given = typeof query === 'object' && query !== null ? Object.entries(query) : [];
  return Object.fromEntries(given.map(([name, value]) => [name, convertValue(value, properties[name])]));
}

/** Leaves out the empty texts of a query, because a form sends each field. */
export function omitBlank(query: unknown): unknown {
  const given = typeof query === 'object' && query !== null ? Object.entries(query) : [];
  return Object.fromEntries(given.filter(([, value]) => value !== ''));
}

function convertValue(value: unknown, property: unknown): unknown {
  const type = typeof property === 'object' && property !== null && 'type' in property ? property.type : undefined;
  if (type === 'array') return typeof value === 'string' ? [value] : value;
  if (typeof value !== 'string') return value;
  if (type === 'integer' && /^-?\d{1,15}$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

function readProperties(schema: Schema | undefined): Readonly<Record<string, unknown>> {
  const properties: unknown = schema?.['properties'];
  return typeof properties === 'object' && properties !== null ? Object.fromEntries(Object.entries(properties)) : {};
}
