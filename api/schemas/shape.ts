// Building blocks of the API's schemas: texts, numbers, lists, open objects (answers) and closed objects (requests).
// Pure functions.
import type { Schema } from '../http/route.js';

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

/** Returns the schema of a closed object for requests, in which unknown fields are errors. */
export function request(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return object(properties, required, { additionalProperties: false });
}

export function list(items: Schema): Schema {
  return { type: 'array', items };
}
