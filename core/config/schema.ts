// Builds the JSON schema of the settings file from the table of settings. Each part of a dotted name becomes a node,
// and each secret gets a second property for the name of a file. load.ts checks the file with the schema.
import { isObject, omitMissing } from '../json.js';
import { ROUTE_REFERENCE, ROUTE_SCHEMA } from './route.js';
import type { SettingRow, SettingType } from './row.js';
import { isObjects, OBJECTS, SETTINGS } from './settings.js';

/** Schemas that several places refer to, so that each is compiled once. A route refers to itself. */
const DEFINITIONS = {
  route: ROUTE_SCHEMA,
  receiver: OBJECTS.receivers.schema,
  timeInterval: OBJECTS.timeIntervals.schema,
};
const REFERENCES: Readonly<Partial<Record<SettingType, string>>> = {
  receivers: '#/definitions/receiver',
  timeIntervals: '#/definitions/timeInterval',
};

export function settingsSchema(): Readonly<Record<string, unknown>> {
  const root: SchemaNode = { type: 'object', additionalProperties: false, properties: {} };
  for (const row of SETTINGS) {
    addProperty(root, row.name, rowSchema(row));
    if (row.type === 'secret')
      addProperty(root, `${row.name}File`, { type: 'string', description: `File that holds ${row.name}.` });
  }
  return { ...root, definitions: DEFINITIONS };
}

/** Builds the schema of a file that `include` names. Such a file may hold teams and nothing else. */
export function includedSchema(): Readonly<Record<string, unknown>> {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['teams'],
    properties: { teams: { type: 'array', items: OBJECTS.teamDefinitions.schema } },
    definitions: DEFINITIONS,
  };
}

interface SchemaNode extends Record<string, unknown> {
  properties: Record<string, unknown>;
}

function addProperty(root: SchemaNode, name: string, schema: unknown): void {
  const parts = name.split('.');
  const last = parts.pop() ?? name;
  let node = root;
  for (const part of parts) {
    const next = node.properties[part];
    if (isSchemaNode(next)) node = next;
    else {
      const created: SchemaNode = { type: 'object', additionalProperties: false, properties: {} };
      node.properties[part] = created;
      node = created;
    }
  }
  node.properties[last] = schema;
}

function isSchemaNode(value: unknown): value is SchemaNode {
  return isObject(value) && isObject(value['properties']);
}

function rowSchema(row: SettingRow): unknown {
  const description = row.help;
  if (isObjects(row.type)) {
    const reference = REFERENCES[row.type];
    const items = reference === undefined ? OBJECTS[row.type].schema : { $ref: reference };
    return { type: 'array', items, description };
  }
  switch (row.type) {
    case 'integer':
    case 'number':
      return { type: row.type, description, ...omitMissing({ minimum: row.minimum }) };
    case 'boolean':
      return { type: 'boolean', description };
    case 'strings':
    case 'paths':
      return {
        type: 'array',
        items: { type: 'string', ...omitMissing({ maxLength: row.maxLength }) },
        description,
      };
    case 'route':
      return { $ref: ROUTE_REFERENCE };
    default:
      if (row.values !== undefined) return { enum: row.values, description };
      return { type: 'string', description, ...omitMissing({ writeOnly: row.type === 'secret' ? true : undefined }) };
  }
}
