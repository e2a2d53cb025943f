// Attacks every route of the OpenAPI document as somebody who must not see its data: without a token, with a wrong one,
// and as another team with guessed ids. The answer to a team must be equal, byte for byte, to the answer of a store in
// which the other team has no data, so that counts and pages leak nothing either. A route, or a tool of the assistant,
// without an entry fails the test.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { useElasticsearch } from '../lab/parts/testing/use-elasticsearch.js';
import { openStore } from '../store/open.js';
import type { Store } from '../store/store.js';
import { omitMissing } from '../core/json.js';
import { createLog } from '../core/log.js';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { createAuthoring } from '../cli/service/author.js';
import { defaultSettings } from '../core/config/settings.js';
import { createSessions } from './auth/sessions.js';
import { createTokens } from './auth/tokens.js';
import { createServer, type ApiServer } from './server.js';
import { RULE } from './testing/server.js';
import { fillTeams, incidentIdOf, jobOf, PLATFORM_ID, recordIdOf, SHARED_GROUP } from './testing/teams.js';

const catalog = loadCatalog();
const ADMIN = { name: 'admin', token: 'admin-0123456789abcdef', role: 'admin', scope: [] } as const;
/** Token with the highest role, for one team. */
const BETA = { name: 'beta', token: 'beta-0123456789abcdef', role: 'admin', scope: ['beta-*'] } as const;
/** Other scopes of beta: the same in another form, or with names that do not exist. */
const SCOPES = [[jobOf('beta')[0]], ['*-nothing', 'beta*orders'], ['beta-orders', 'BETA', '?lpha*', '.*', 'alph']];

/** Provider at an address where nothing listens, so no sign-in of it can be real. */
const PROVIDER = {
  issuer: 'http://127.0.0.1:9',
  clientId: 'jobtrace',
  clientSecret: '',
  name: 'SSO',
  asks: 'openid',
  groupsClaim: 'groups',
  grants: [{ group: 'beta', role: BETA.role, scope: BETA.scope }],
  redirectUri: 'http://127.0.0.1:9/api/v1/oidc/callback',
};

interface Attempt {
  readonly query?: string;
  readonly id?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Entry {
  readonly attempts: readonly Attempt[];
  /**
   * True if the attempts find data of alpha, so that a viewer without a scope gets them. False if the data of the route
   * belong to no team.
   */
  readonly finds: boolean;
  /** Status of the answer to anybody. */
  readonly toAnybody?: number;
}

const alpha = incidentIdOf('alpha');
const [alphaJobId, alphaJob] = jobOf('alpha');
const idQuery = (name: string): readonly string[] =>
  [alphaJobId, alphaJob, 'alpha-*', '*', 'beta-orders'].map((value) => `${name}=${encodeURIComponent(value)}`);

const DRAFT = {
  id: 'code.ledger/closed',
  rule: `
status: draft
title: Met
why: Somebody met somebody.
owner: platform
in: any
find: [{ is: ' met com.' }]
fix: None.
`,
};

const FILTERS = [
  '',
  ...idQuery('job'),
  'cluster=session-1',
  'process=h1-tm',
  'process=alpha-node-tm',
  'query=alpha',
  'query=alph*',
  'query=-beta',
  'query=NOT+beta+OR+alpha',
  `query=job:${alphaJob}`,
  `query=job:${alphaJobId}`,
  'query=job:al*',
  'query=host:alpha-node',
  'query=error:LedgerException',
  'query=level:ERROR',
];
const times = (queries: readonly string[], ...with_: readonly string[]): readonly Attempt[] =>
  queries.flatMap((query) => with_.map((more) => ({ query: [query, more].filter((part) => part !== '').join('&') })));

const ids = (...list: readonly string[]): readonly Attempt[] => list.map((id) => ({ id }));
const guessed = ids(
  alpha,
  PLATFORM_ID,
  `unknown-of-alpha-${SHARED_GROUP}`,
  incidentIdOf('beta'),
  'none',
  "' OR 1=1 --",
);

/** Arguments by tool of the assistant. */
const TOOLS: Readonly<Record<string, readonly object[]>> = {
  list_incidents: [{}, { job: alphaJob }, { job: '*' }, { cluster: 'session-1', since: '30d' }, { outcome: 'failing' }],
  show_incident: [{ incident: alpha }, { incident: PLATFORM_ID }, { job: alphaJob }, { job: '*' }],
  search_records: [
    {},
    { query: 'alpha' },
    { job: alphaJob },
    { job: '*', limit: 1 },
    { query: '-beta', order: 'oldest' },
  ],
  show_lines: [{ record: recordIdOf('alpha') }, { record: recordIdOf('beta'), before: 3, behind: 3 }],
  diagnose_text: [{ text: 'nothing' }],
  explain_rule: [{ id: RULE.id }],
  draft_rule: [{ lines: 'nothing' }],
};

const call = (method: string, params: object): Attempt => ({
  body: { jsonrpc: '2.0', id: 1, method, params },
  headers: { accept: 'application/json, text/event-stream' },
});

function alertFrom(version: string): object {
  return {
    version,
    alerts: [{ status: 'firing', labels: { job_name: alphaJob }, startsAt: '2026-11-20T10:00:00Z' }],
  };
}

const ENTRIES: Readonly<Record<string, Entry>> = {
  'GET /api/v1/records': {
    attempts: times(FILTERS, 'facets=true&histogram=7', 'limit=1', 'limit=2&order=oldest&facets=true'),
    finds: true,
  },
  'GET /api/v1/records/export': {
    attempts: times(FILTERS, 'format=text', 'format=csv&limit=1', 'format=ndjson'),
    finds: true,
  },
  'GET /api/v1/records/stream': {
    attempts: FILTERS.map((query) => ({ query: `from=2026-11-20T00:00:00Z&${query}` })),
    finds: true,
  },
  'GET /api/v1/records/{id}': {
    attempts: [recordIdOf('alpha'), recordIdOf('beta'), 'none'].map((id) => ({ id })),
    finds: true,
  },
  'GET /api/v1/records/{id}/context': {
    attempts: [recordIdOf('alpha'), recordIdOf('beta'), 'none'].flatMap((id) =>
      ['', 'before=2&after=2', 'before=0&after=0', 'before=500&after=500'].map((query) => ({ id, query })),
    ),
    finds: true,
  },
  'GET /api/v1/incidents': {
    attempts: times(
      ['', ...idQuery('job'), 'cluster=session-1', 'cluster=*', `group=${SHARED_GROUP}`, 'group=g1-alpha', 'limit=1'],
      'format=json',
      'fields=full',
      'format=csv',
      'format=ndjson&lang=zh',
      'format=markdown',
    ),
    finds: true,
  },
  'GET /api/v1/incidents/rows': {
    attempts: times(
      ['', ...idQuery('job'), 'cluster=*', 'cause=unknown', 'triage=open', 'triage=ignored', 'limit=1'],
      '',
      'top=true',
      'lang=zh',
    ),
    finds: true,
  },
  'GET /api/v1/incidents/{id}': {
    attempts: guessed.flatMap((attempt) => [attempt, { ...attempt, query: 'format=markdown' }]),
    finds: true,
  },
  'GET /api/v1/incidents/{id}/feedback': { attempts: guessed, finds: true },
  'POST /api/v1/incidents/{id}/feedback': {
    attempts: guessed.map((attempt) => ({ ...attempt, body: { rule: RULE.id, verdict: 'wrong' } })),
    finds: true,
  },
  'GET /api/v1/incidents/{id}/triage': { attempts: guessed, finds: true },
  'POST /api/v1/incidents/{id}/triage': {
    attempts: guessed.map((attempt) => ({ ...attempt, body: { state: 'acknowledged', comment: 'mine' } })),
    finds: true,
  },
  'GET /api/v1/diagnosis': {
    attempts: times(idQuery('job'), '', 'cluster=session-1', 'format=markdown', 'at=2026-11-20T10:00:00Z&lang=zh'),
    finds: true,
  },
  'GET /api/v1/groups/{id}': { attempts: ids(SHARED_GROUP, 'g1-alpha', 'g1-beta', 'none'), finds: true },
  'GET /api/v1/jobs': {
    attempts: times(['', 'cluster=session-1', 'cluster=*', 'limit=1'], 'from=2026-11-19T00:00:00Z'),
    finds: true,
  },
  'GET /api/v1/alerts': {
    attempts: times(
      ['', 'state=undeliverable', `incident=${alpha}`, `incident=${incidentIdOf('beta')}`],
      '',
      'limit=1',
    ),
    finds: true,
  },
  'GET /api/v1/deliveries': { attempts: [{}], finds: true },
  'GET /api/v1/advice': { attempts: times(['', 'limit=1'], '', 'from=2026-11-19T00:00:00Z'), finds: false },
  // store/scope.test.ts tests which team owns a silence.
  'GET /api/v1/silences': { attempts: [{}], finds: false },
  'POST /api/v1/silences': { attempts: [{ body: { matchers: { job: alphaJob } } }], finds: false },
  'POST /api/v1/silences/{id}/expire': { attempts: ids('none'), finds: false },
  'POST /api/v1/receivers/{name}/test': { attempts: ids('alpha-hook', 'none'), finds: false },
  'GET /api/v1/rules': { attempts: [{}], finds: false },
  'GET /api/v1/rules/{id}': { attempts: ids(RULE.id, 'none'), finds: false },
  'GET /api/v1/rules/{id}/texts': { attempts: ids(RULE.id, 'none'), finds: false },
  'POST /api/v1/rules': { attempts: [{ body: { ...DRAFT, match: '', nearMiss: '' } }], finds: false },
  'POST /api/v1/rules/draft': { attempts: [{ body: { lines: 'a line' } }], finds: false },
  'POST /api/v1/rules/try': { attempts: [{ body: { ...DRAFT, match: '', nearMiss: '' } }], finds: false },
  'POST /api/v1/rules/backtest': { attempts: [{ body: DRAFT }, { body: { ...DRAFT, days: 90 } }], finds: true },
  'GET /api/v1/agents': { attempts: [{}, { query: 'lang=zh' }], finds: true },
  'GET /api/v1/viewer': { attempts: [{}], finds: false },
  'POST /api/v1/diagnose': { attempts: [{ body: 'a line' }], finds: false },
  'POST /api/v1/alertmanager': { attempts: [{ body: alertFrom('4') }], finds: true },
  'POST /api/v1/grafana': { attempts: [{ body: alertFrom('1') }], finds: true },
  'GET /api/v1/mcp': { attempts: [{}], finds: false },
  'POST /api/v1/mcp': {
    attempts: [
      call('tools/list', {}),
      ...Object.entries(TOOLS).flatMap(([name, given]) =>
        given.map((values) => call('tools/call', { name, arguments: values })),
      ),
    ],
    finds: true,
  },
  'GET /metrics': { attempts: [{}], finds: false },
  'GET /health/live': { attempts: [{}], finds: false, toAnybody: 200 },
  'GET /health/ready': { attempts: [{}], finds: false, toAnybody: 200 },
  'GET /api/v1/access': { attempts: [{}], finds: false, toAnybody: 200 },
  'POST /api/v1/session': { attempts: [{ body: { name: '' } }], finds: false, toAnybody: 400 },
  'DELETE /api/v1/session': { attempts: [{}], finds: false, toAnybody: 200 },
  'GET /api/v1/tokens': { attempts: [{}], finds: false },
  'POST /api/v1/tokens': { attempts: [{ body: { name: 'more', role: 'admin' } }], finds: false },
  'DELETE /api/v1/tokens/{id}': { attempts: ids('none'), finds: false },
  'GET /api/v1/users': { attempts: [{}], finds: false },
  'POST /api/v1/users': { attempts: [{ body: { name: 'beta', role: 'admin' } }], finds: false },
  'DELETE /api/v1/users/{id}': { attempts: ids('beta', 'none'), finds: false },
  'POST /api/v1/deletions': {
    attempts: [
      { body: { job: alphaJob } },
      { body: { job: alphaJob, dryRun: true } },
      { body: { cluster: 'session-1', contains: 'alpha' } },
    ],
    finds: false,
  },
  'GET /api/v1/audit': { attempts: [{}], finds: false },
  'GET /api/v1/oidc/start': { attempts: [{}], finds: false, toAnybody: 502 },
  'GET /api/v1/oidc/callback': {
    attempts: times(['', 'code=x&state=y', 'error=x'], ''),
    finds: false,
    toAnybody: 303,
  },
  // A viewer with a scope sees and ends only their own sign-ins.
  'GET /api/v1/sessions': { attempts: [{}, { query: 'name=alpha-person' }], finds: true },
  'DELETE /api/v1/sessions': { attempts: [{ query: 'name=alpha-person' }], finds: true },
  'DELETE /api/v1/sessions/{id}': { attempts: ids('none'), finds: false },
};

/** Routes whose attempts read the store; they are enough for a store that answers slowly. */
const FEW = Object.keys(ENTRIES).filter((route) => ENTRIES[route]?.finds === true);

interface Answered {
  readonly status: number;
  readonly text: string;
}

type Heads = Readonly<Record<string, string>>;
const asBearer = (token: string): Heads => ({ authorization: `Bearer ${token}` });
const NOW = '2026-11-20T10:01:00.000Z';
const now = (): number => Date.parse(NOW);

/** Returns headers of former and wrong credentials. */
async function makeWrong(store: Store): Promise<readonly Heads[]> {
  const grant = { role: 'admin', scope: [] } as const;
  const tokens = createTokens(store, now);
  const expired = await tokens.create({ name: 'expired', ...grant, expiresAt: '2026-11-20T10:00:30Z' }, 'test');
  const revoked = await tokens.create({ name: 'revoked', ...grant }, 'test');
  await tokens.revoke(revoked.token.id, 'test');
  const early = createSessions(store, { now: () => now() - 7_200_000, lastsMs: 3_600_000 });
  const sessions = createSessions(store, { now, lastsMs: 3_600_000 });
  const provided = { issuer: PROVIDER.issuer, subject: 'gone', groups: ['beta'] };
  const start = { name: 'gone', of: 'provider', provided } as const;
  const over = await early.start(start);
  const ended = await sessions.start(start);
  await sessions.end(ended);
  const removed = await sessions.start({ name: 'gone', of: 'user' });
  const elsewhere = await sessions.start({ ...start, provided: { ...provided, issuer: 'https://old.example' } });
  const groupless = await sessions.start({ ...start, provided: { ...provided, groups: ['sales'] } });
  const ofFormerRelease = await sessions.start({ name: 'gone', of: 'provider' });
  return [
    {},
    asBearer('forged-0123456789abcdef'),
    asBearer(`${ADMIN.token}x`),
    asBearer(ADMIN.token.slice(0, -1)),
    asBearer(expired.secret),
    asBearer(revoked.secret),
    asBearer(`${expired.secret.slice(0, 16)}${revoked.secret.slice(16)}`),
    ...[over, ended, removed, elsewhere, groupless, ofFormerRelease, 'forged', ADMIN.token].map((id) => ({
      cookie: `jobtrace=${id}`,
    })),
  ];
}

/** Returns headers for every way in which beta can be identified. */
async function makeBeta(store: Store, url: string): Promise<readonly Heads[]> {
  const { role, scope, name } = BETA;
  const made = await createTokens(store, now).create({ name, role, scope }, 'test');
  const provided = { issuer: PROVIDER.issuer, subject: name, groups: ['beta'] };
  const id = await createSessions(store, { now, lastsMs: 3_600_000 }).start({ name, of: 'provider', provided });
  return [
    asBearer(BETA.token),
    asBearer(made.secret),
    { cookie: `jobtrace=${id}`, origin: url },
    ...SCOPES.map((_scope, index) => asBearer(`${BETA.token}-${index}`)),
  ];
}

const servers: ApiServer[] = [];
afterAll(async () => void (await Promise.all(servers.map((server) => server.close()))));

async function serve(store: Store): Promise<string> {
  const server = createServer({
    store,
    catalogInfo: () => [RULE],
    log: createLog('silent'),
    now,
    analyzerHooks: { diagnosePaste: async () => ({ diagnoses: [], unknown: [], facts: {}, incidents: [] }) },
    notifyHooks: {
      receiveAlerts: async () => [{ fingerprint: 'f', status: 'firing', outcome: 'diagnosed', incidentId: alpha }],
    },
    authoring: createAuthoring(defaultSettings(), { folders: [], catalog }, now),
    assistantHooks: {
      diagnoseText: async () => ({ diagnoses: [], unknown: [], incidents: [] }),
      listRules: () => [],
      draftRule: () => undefined,
      hideSecrets: (text) => text,
    },
    settings: {
      version: '0',
      language: 'en',
      webDir: '/nowhere',
      livePollMs: 20,
      liveHeartbeatMs: 0,
      provider: PROVIDER,
      tokens: [ADMIN, BETA, ...SCOPES.map((scope, index) => ({ ...BETA, token: `${BETA.token}-${index}`, scope }))],
    },
  });
  servers.push(server);
  return (await server.listen({ host: '127.0.0.1', port: 0 })).url;
}

async function ask(url: string, route: string, attempt: Attempt, heads: Heads): Promise<Answered> {
  const [method = '', path = ''] = route.split(' ');
  const { id = 'none', query = '', body } = attempt;
  const isText = typeof body === 'string';
  const type = body === undefined ? undefined : isText ? 'text/plain' : 'application/json';
  const response = await fetch(`${url}${path.replace(/\{\w+\}/, encodeURIComponent(id))}?${query}`, {
    method,
    redirect: 'manual',
    headers: omitMissing({ 'content-type': type, ...attempt.headers, ...heads }),
    body: isText || body === undefined ? body : JSON.stringify(body),
  });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const text = isStream ? await readEvents(response) : await response.text();
  return { status: response.status, text: withoutNumbers(text) };
}

/**
 * Removes the record number from the start of the next page. On Elasticsearch it counts the records of a shard,
 * including those of other teams (docs/access.md).
 */
function withoutNumbers(text: string): string {
  // The id of a sign-in is random.
  const named = text.replace(/"id":"[\w-]{16}","name"/g, '"id":"…","name"');
  return named.replace(/"next":"([\w-]+)"/g, (_whole, mark: string) => {
    const position = Buffer.from(mark, 'base64url').toString('utf8');
    return `"next":${JSON.stringify(position.replace(/,\d+\]"\]$/, ']"]'))}`;
  });
}

/** Reads the stream until the first heartbeat, which follows the existing events. */
async function readEvents(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  while (reader !== undefined && !text.includes(': alive')) {
    const { value, done } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  await reader?.cancel();
  return text.slice(0, text.indexOf(': alive'));
}

/**
 * Removes the query and id of the request from the answer, because some error messages repeat them. They reveal
 * nothing.
 */
function withoutEcho(text: string, { id = '', query = '' }: Attempt): string {
  const named = text.replace(/of the job \\"[^"]*\\"/, '');
  return query === '' ? named.replaceAll(id, '') : named.replaceAll(id, '').replaceAll(decodeURIComponent(query), '');
}

const TRACE = /alpha|a1fa/i;

function describeAttacks(open: () => Promise<Store>, routes: readonly string[], ways: number): void {
  let both: string;
  let alone: string;
  let wrong: readonly Heads[];
  /** Headers of the same credentials for both servers. */
  let beta: readonly (readonly [Heads, Heads])[];

  beforeAll(async () => {
    const [full, half] = [await open(), await open()];
    wrong = await makeWrong(full);
    await createSessions(full, { now, lastsMs: 3_600_000 }).start({ name: 'alpha-person', of: 'user' });
    both = await serve(await fillTeams(full, ['alpha', 'beta']));
    alone = await serve(await fillTeams(half, ['beta']));
    const inAlone = await makeBeta(half, alone);
    beta = (await makeBeta(full, both)).map((heads, index) => [heads, inAlone[index] ?? {}] as const).slice(0, ways);
  });

  it.each(routes)('tells nobody: %s', async (route) => {
    const { attempts = [], toAnybody = 401 } = ENTRIES[route] ?? {};
    for (const attempt of attempts)
      for (const heads of wrong) {
        const { status, text } = await ask(both, route, attempt, heads);
        expect(status, `${JSON.stringify(heads)} ${text}`).toBe(toAnybody);
        expect(text).not.toMatch(TRACE);
      }
  });

  const ofSomebody = routes.filter((route) => ENTRIES[route]?.toAnybody === undefined);
  it.each(ofSomebody)('tells a team what it would be told if it were alone: %s', async (route) => {
    for (const attempt of ENTRIES[route]?.attempts ?? [])
      for (const [heads, inAlone] of beta) {
        const told = await ask(both, route, attempt, heads);
        expect(told, JSON.stringify(attempt)).toEqual(await ask(alone, route, attempt, inAlone));
        expect(withoutEcho(told.text, attempt), JSON.stringify(attempt)).not.toMatch(
          route.endsWith('/mcp') ? /incident-of-alpha.*since|alpha line|alpha failed/ : TRACE,
        );
        expect(told.status).toBeLessThan(500);
      }
  });

  it.each(routes.filter((route) => ENTRIES[route]?.finds === true))('could tell it: %s', async (route) => {
    const told: string[] = [];
    for (const attempt of ENTRIES[route]?.attempts ?? [])
      told.push(withoutEcho((await ask(both, route, attempt, asBearer(ADMIN.token))).text, attempt));
    expect(told.join('\n')).toMatch(TRACE);
  });
}

describe('whoever may not see it, over SQLite', () => {
  describeAttacks(() => openStore({ kind: 'sqlite', path: ':memory:' }), Object.keys(ENTRIES), 3 + SCOPES.length);

  it('is asked for on every route of the document, and by every tool of the assistant', async () => {
    const url = await serve(await openStore({ kind: 'sqlite', path: ':memory:' }));
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual(Object.keys(ENTRIES).sort());

    const tools = await ask(url, 'POST /api/v1/mcp', call('tools/list', {}), asBearer(ADMIN.token));
    const names = [...tools.text.matchAll(/"name":"(\w+)","title"/g)].map(([, name]) => name);
    expect(names).toEqual(Object.keys(TOOLS));
  });
});

describeWithParts(['elasticsearch-8'], 'whoever may not see it, over Elasticsearch', () => {
  const node = useElasticsearch('attack');
  let stores = 0;

  describeAttacks(
    () => openStore({ kind: 'elasticsearch', nodes: [node.url], indexPrefix: `attack-${stores++}`, refreshMs: 200 }),
    FEW,
    1,
  );
});
