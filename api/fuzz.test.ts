// Fuzzes the API by its OpenAPI document: thousands of requests that match it, nearly match it, or do not match it, the
// same ones in each run. No answer may be a defect (500), the document must name each status for the route, and each
// JSON answer must match its schema. A failing request is printed so that it can be sent again.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { createAuthoring } from '../cli/service/author.js';
import { defaultSettings } from '../core/config/settings.js';
import { omitMissing } from '../core/json.js';
import { makeRecord } from '../store/testing/samples.js';
import { RULE, startServer } from './testing/server.js';

type Schema = Readonly<Record<string, unknown>>;
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}

const catalog = loadCatalog();
const ADMIN = { name: 'admin', token: 'admin-0123456789abcdef', role: 'admin', scope: [] } as const;
/** Number of requests to each route. */
const REQUESTS = 60;
const AT_ONCE = 8;
/** Values that exist in the store, so that a request can find something. */
const KNOWN = ['i-orders', makeRecord(1).id, RULE.id, 'orders', 'session-1', 'h1-tm', 'level:ERROR', 'none'];
const NASTY = [
  '',
  ' ',
  '\u0000',
  '../../etc/passwd',
  '%',
  '%00',
  "' OR 1=1 --",
  '"',
  '(',
  'a:',
  'level:NOPE',
  'NOT',
  'a OR',
  '*',
  '*'.repeat(300),
  `${'(a '.repeat(50)}`,
  'job:*',
  'x'.repeat(5000),
  '‮evil',
  '🦊',
  '<script>',
  '${jndi:ldap://x}',
  '-1',
  '0',
  '1e400',
  '99999999999999999999',
  'NaN',
  'null',
  'true',
  '[]',
  '{}',
  '0000-00-00T00:00:00Z',
  '9999-12-31T23:59:60Z',
  '+275760-09-13T00:00:00Z',
  '2026-02-30T00:00:00Z',
  '2026-11-20T10:00:00Z',
  '2026-11-20T10:00:00.123456789+14:00',
];
/** Texts that a header can carry. */
const PLAIN = NASTY.filter((text) => /^[ -~]*$/.test(text));
const JUNK: readonly unknown[] = [null, true, 0, -1, 1.5, 1e308, '', [], {}, [[]], { a: 1 }, ...NASTY];

type Random = () => number;

/** Returns the random generator Mulberry32 (source: T. Ettinger). It is small and gives the same numbers everywhere. */
function createRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('nothing to choose from');
  return item;
}

/** Returns a value that matches the schema in most cases. */
function sample(schema: Schema, random: Random): unknown {
  if (random() < 0.1) return pick(random, JUNK);
  if (Array.isArray(schema['enum'])) return pick(random, schema['enum']);
  if (schema['const'] !== undefined) return schema['const'];
  const types = [schema['type']].flat();
  switch (types[Math.floor(random() * types.length)]) {
    case 'object': {
      const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>);
      const required = new Set([schema['required'] ?? []].flat());
      const kept = properties.filter(([name]) => (required.has(name) ? random() < 0.95 : random() < 0.5));
      const extra = random() < 0.1 ? [[pick(random, NASTY), pick(random, JUNK)] as const] : [];
      return Object.fromEntries([...kept.map(([name, inner]) => [name, sample(inner, random)] as const), ...extra]);
    }
    case 'array': {
      const items = (schema['items'] ?? {}) as Schema;
      return Array.from({ length: Math.floor(random() * 4) }, () => sample(items, random));
    }
    case 'integer':
    case 'number':
      return pick(random, [0, 1, 2, 100, 1000, -1, 2 ** 31, 2 ** 53, 0.5]);
    case 'boolean':
      return random() < 0.5;
    default:
      if (schema['format'] === 'date-time' && random() < 0.5)
        return new Date(Date.parse('2026-11-20T10:00:00Z') + (random() - 0.5) * 1e8).toISOString();
      return pick(random, random() < 0.5 ? KNOWN : NASTY);
  }
}

interface Shot {
  readonly url: string;
  readonly init: RequestInit;
}

function aim(url: string, method: string, path: string, operation: Operation, random: Random): Shot {
  const search = new URLSearchParams();
  let filled = path;
  for (const { name, in: place, schema } of operation.parameters ?? []) {
    const value = sample(schema, random);
    const text = String(typeof value === 'object' ? JSON.stringify(value) : value);
    if (place === 'path') filled = filled.replace(`{${name}}`, encodeURIComponent(text === '' ? 'none' : text));
    else if (random() < 0.3)
      for (const item of Array.isArray(value) ? value : [text]) search.append(name, String(item));
  }
  if (random() < 0.05) search.append(pick(random, ['nothing', '__proto__', 'constructor', '']), pick(random, NASTY));
  const content = Object.entries(operation.requestBody?.content ?? {})[0];
  const isJson = content?.[0] === 'application/json';
  const value = content === undefined ? undefined : sample(content[1].schema, random);
  const text = isJson ? JSON.stringify(value) : String(value);
  const broken = pick(random, ['{', '{"a":', 'a line', '', '\u0000', '[1,2', '"x"']);
  const types = ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'text/html; charset=x', ';;'];
  const seldom = (text: string, share: number): string | undefined => (random() < share ? text : undefined);
  return {
    url: `${url}${filled}?${search.toString()}`,
    init: {
      method: method.toUpperCase(),
      body: content === undefined ? undefined : random() < 0.1 ? broken : text,
      headers: omitMissing({
        'content-type': content === undefined ? undefined : random() < 0.9 ? content[0] : pick(random, types),
        'content-encoding': seldom(pick(random, ['gzip', 'br', 'zstd', 'x']), 0.03),
        accept: seldom('application/json, text/event-stream', 0.5),
        'last-event-id': seldom(pick(random, PLAIN), 0.05),
        authorization: random() < 0.95 ? `Bearer ${ADMIN.token}` : seldom(`Bearer ${pick(random, PLAIN)}`, 0.5),
        cookie: seldom('jobtrace=x; jobtrace-oidc=a.b.c; =; ;;', 0.05),
      }),
    },
  };
}

let url: string;
let document: { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> };
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
const validators = new Map<Schema, ValidateFunction>();

function explainMisfit(schema: Schema, body: unknown): string {
  const validate = validators.get(schema) ?? ajv.compile(schema);
  validators.set(schema, validate);
  return validate(body) ? '' : ajv.errorsText(validate.errors);
}

beforeEach(async () => {
  const server = await startServer({
    settings: { tokens: [ADMIN] },
    analyzerHooks: { diagnosePaste: async () => ({ diagnoses: [], unknown: [], facts: {}, incidents: [] }) },
    notifyHooks: { receiveAlerts: async () => [] },
    authoring: createAuthoring(defaultSettings(), { folders: [], catalog }),
    assistantHooks: {
      diagnoseText: async () => ({ diagnoses: [], unknown: [], incidents: [] }),
      listRules: () => [],
      draftRule: () => undefined,
      hideSecrets: (text) => text,
    },
  });
  url = server.url;
  document = (await (await fetch(`${url}/openapi.json`)).json()) as typeof document;
});

/** Sends a request and describes what the answer violates; undefined if it is correct. */
async function shoot({ url: address, init }: Shot, operation: Operation): Promise<string | undefined> {
  const gone = new AbortController();
  const response = await fetch(address, { ...init, redirect: 'manual', signal: gone.signal });
  const { status, headers } = response;
  const type = headers.get('content-type') ?? '';
  if (type.startsWith('text/event-stream')) {
    gone.abort();
    return undefined;
  }
  const text = await response.text();
  if (status === 500) return `500 ${text}`;
  const described = operation.responses[String(status)];
  if (described === undefined) return `${status}, which the document does not name: ${text.slice(0, 300)}`;
  const schema = described.content?.['application/json']?.schema;
  if (schema === undefined || !type.startsWith('application/json')) return undefined;
  const misfit = explainMisfit(schema, JSON.parse(text));
  return misfit === '' ? undefined : `${status}, but ${misfit}: ${text.slice(0, 300)}`;
}

describe('the API, asked by a fuzzer', () => {
  it('answers nothing with a defect, and everything as its document says', async () => {
    const shots = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, operation]) => {
        const seed = Array.from(`${method}${path}`).reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7);
        const random = createRandom(seed);
        return Array.from({ length: REQUESTS }, () => ({ shot: aim(url, method, path, operation, random), operation }));
      }),
    );
    const problems: string[] = [];
    for (let start = 0; start < shots.length; start += AT_ONCE)
      await Promise.all(
        shots.slice(start, start + AT_ONCE).map(async ({ shot, operation }) => {
          const problem = await shoot(shot, operation);
          if (problem !== undefined) problems.push(`${JSON.stringify(shot)} → ${problem}`);
        }),
      );
    expect(problems).toEqual([]);
    expect(shots.length).toBeGreaterThan(2000);
  }, 600_000);

  it('has every route in its document, with the error that everything may be answered with', () => {
    const folder = join(import.meta.dirname, 'routes');
    const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
    const paths = sources.flatMap((name) =>
      [...readFileSync(join(folder, name), 'utf8').matchAll(/\bpath: '(\/[^']+)'/g)].map(([, path = '']) =>
        path.replace(/:(\w+)/g, '{$1}'),
      ),
    );
    const missing = paths.filter((path) => !path.startsWith('/api/v1/oidc/') && document.paths[path] === undefined);
    expect(missing).toEqual([]);
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, { responses }] of Object.entries(methods))
        expect(Object.keys(responses), `${method} ${path}`).toEqual(
          expect.arrayContaining(['400', '404', '500', '503']),
        );
  });

  it('refuses a method that no route has', async () => {
    for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD', 'PROPFIND'])
      for (const path of ['/api/v1/records', '/api/v1/nothing', '/metrics', '/'])
        expect((await fetch(`${url}${path}`, { method })).status, `${method} ${path}`).toBeLessThan(500);
  });
});
