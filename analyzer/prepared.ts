// Documents of the catalog, read when the program was built: YAML and schema take most of a second for some hundred rules,
// and a small log is to be answered at once. A value goes with the hash of the schema and text that it came from, so a
// changed rule or schema is simply read again. catalog.ts reads every document here; prepare.ts, the build's last step,
// writes the file. Beside the sources there is none.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument, trustDocument, type ParsedDocument } from '../core/document.js';

const PREPARED_FILE = join(import.meta.dirname, '..', 'rules.json');

/** Hash of schema and text → value: what the file holds, and what was read in this process. */
let prepared: ReadonlyMap<string, unknown> | undefined;
const read = new Map<string, unknown>();

/** As parseDocument; what is known from the build is trusted and not parsed again. */
export function readDocument(text: string, name: string, schema: object): ParsedDocument {
  prepared ??= readPrepared();
  const key = hashTexts(schema, text);
  const known = prepared.get(key);
  if (known !== undefined) return trustDocument(known, text, name);
  const document = parseDocument(text, name, schema);
  read.set(key, document.value);
  return document;
}

/** Everything is read again, and every check made. */
export function forgetPrepared(): void {
  prepared = new Map();
}

/** Keeps what was read for the next start; for a catalog that was loaded and has no problems. */
export function savePrepared(): void {
  writeFileSync(PREPARED_FILE, `${JSON.stringify(Object.fromEntries(read))}\n`);
}

function readPrepared(): ReadonlyMap<string, unknown> {
  if (!existsSync(PREPARED_FILE)) return new Map();
  const values: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(PREPARED_FILE, 'utf8'));
  return new Map(Object.entries(values));
}

const schemaHashes = new WeakMap<object, string>();

function hashTexts(schema: object, text: string): string {
  let schemaHash = schemaHashes.get(schema);
  if (schemaHash === undefined) schemaHashes.set(schema, (schemaHash = hashText(JSON.stringify(schema))));
  return hashText(schemaHash + text);
}

function hashText(text: string): string {
  return createHash('sha1').update(text).digest('base64');
}
