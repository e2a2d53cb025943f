// Building blocks from which every document is declared once: each is a JSON Schema and carries the TypeScript type of
// its values. From a declaration follow the type (Static), the check of a stored document (createCheck in document.ts),
// the schema of the API with its OpenAPI document, and the type that the page sees. The only module that imports
// TypeBox: its schemas are plain JSON Schemas, which fastify and ajv take as they are.
import {
  Array as list,
  Boolean as BooleanType,
  Integer as boundedInteger,
  Number as NumberType,
  Object as object,
  Null,
  Omit as omit,
  Optional,
  Partial as partial,
  Pick as pick,
  String as boundedText,
  Union as either,
  Unsafe as typed,
  type Static as Mutable,
  type TProperties,
  type TObject,
  type TSchema,
  type TUnsafe,
} from '@sinclair/typebox';

export { boundedInteger, boundedText, either, list, object, omit, partial, pick, typed };
export type { TObject, TProperties, TSchema };

/** Type of the values of a schema. They are not changed after they are made. */
export type Static<Schema extends TSchema> = Frozen<Mutable<Schema>>;
type Frozen<Value> = Value extends object ? { readonly [Key in keyof Value]: Frozen<Value[Key]> } : Value;

export const text = boundedText();
export const integer = boundedInteger();
export const number = NumberType();
export const flag = BooleanType();
/** ISO 8601 time. */
export const time = boundedText({ format: 'date-time' });
export const texts = list(text);
export const nothing = Null();
/** A field that is either true or absent. */
export const yes = typed<true>({ const: true });

/** One of a closed set of words, which `enum` lists. */
export function word<const Words extends readonly string[]>(
  words: Words,
): TUnsafe<Words[number]> & { readonly enum: Words } {
  return { ...typed<Words[number]>({ type: 'string' }), enum: words };
}

/** Two values of one type. */
export function pair<Value extends TSchema>(items: Value): TUnsafe<readonly [Static<Value>, Static<Value>]> {
  return typed<readonly [Static<Value>, Static<Value>]>({ type: 'array', items, minItems: 2, maxItems: 2 });
}

/** Map of names to values of one type. */
export function map<Value extends TSchema>(value: Value): TUnsafe<Readonly<Record<string, Static<Value>>>> {
  return typed<Readonly<Record<string, Static<Value>>>>({ type: 'object', additionalProperties: value });
}

export function described<Schema extends TSchema>(schema: Schema, description: string): Schema {
  return { ...schema, description };
}

/** A field that may be absent. */
export function optional<Schema extends TSchema>(schema: Schema, description?: string) {
  return Optional(description === undefined ? schema : described(schema, description));
}

/** Object in which unknown fields are errors, for requests. */
export function request<Properties extends TProperties>(properties: Properties): TObject<Properties> {
  return object(properties, { additionalProperties: false });
}
