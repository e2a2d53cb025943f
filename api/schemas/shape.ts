// The words in which the schemas of the API are written: texts, numbers, lists, objects that are open (answers) and
// closed (requests). Pure; the files beside this one use them.
import type { Schema } from '../route.js';

export const text = { type: 'string' } as const;

export const integer = { type: 'integer' } as const;

export const time = { type: 'string', format: 'date-time' } as const;

export const texts = { type: 'array', items: text } as const;

export function described(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

export function object(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
  more: Schema = {},
): Schema {
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}), ...more };
}

/** A closed object for requests: unknown fields are errors. */
export function request(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return object(properties, required, { additionalProperties: false });
}

export function list(items: Schema): Schema {
  return { type: 'array', items };
}
