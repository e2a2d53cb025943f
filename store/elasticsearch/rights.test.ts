// Checks that the rights in docs/elasticsearch.md are enough, and not more than enough: reads the roles from that page
// and gives them to users of a real Elasticsearch with security on.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../../lab/parts/testing/describe-part.js';
import { writeUsers } from '../../lab/parts/testing/users.js';
import { startElasticsearch, type Elasticsearch } from '../../lab/parts/services/elasticsearch.js';
import { openElasticsearchStore } from './elasticsearch.js';
import { buildRole, nameRole, ROLE_NAMES } from './roles.js';
import { appendRecords, makeIncident, makeRecord, waitUntil } from '../testing/samples.js';
import type { Store } from '../store.js';

const PASSWORD = 'only for this test';
const SUPERUSER = { authorization: `Basic ${Buffer.from(`superuser:${PASSWORD}`).toString('base64')}` };
/** Rights of an agent, and what its error message says may be granted. */
const TEMPLATING = {
  cluster: ['monitor', 'manage_index_templates'],
  indices: [
    { names: ['other-logs-*', 'other-agents', 'other-states'], privileges: ['index', 'read', 'auto_configure'] },
  ],
};

/** Reads the descriptor of each role from the JSON blocks of the page. */
function readRoles(): Map<string, object> {
  const page = readFileSync(new URL('../../docs/elasticsearch.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/```json\n([^`]*)```/g)].map(
    (match) => JSON.parse(match[1] ?? '') as { role_descriptors: Record<string, object> },
  );
  return new Map(blocks.flatMap((block) => Object.entries(block.role_descriptors)));
}

it('has the same roles in docs/elasticsearch.md as "jobtrace setup" makes', () => {
  const roles = ROLE_NAMES.map((part) => [nameRole('jobtrace', part), buildRole('jobtrace', part)] as const);

  expect(Object.fromEntries(readRoles())).toEqual(Object.fromEntries(roles));
});

describeWithParts(['elasticsearch-9'], 'the rights in docs/elasticsearch.md', () => {
  const dir = mkdtempSync(join(tmpdir(), 'jobtrace-store-rights-'));
  let node: Elasticsearch;
  const opened: Store[] = [];
  const open = (username: string, password = PASSWORD, indexPrefix = 'jobtrace'): Store => {
    const store = openElasticsearchStore({ nodes: [node.url], username, password, indexPrefix, refreshMs: 200 });
    opened.push(store);
    return store;
  };
  /** Creates the templates, which no part of an installation may do. */
  const makeTemplates = async (): Promise<void> => void (await open('superuser').check());
  const asSuperuser = async (method: string, path: string, body: object): Promise<void> => {
    const answer = await fetch(`${node.url}${path}`, {
      method,
      headers: { ...SUPERUSER, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status, await answer.text()).toBeLessThan(300);
  };
  beforeAll(async () => {
    node = await startElasticsearch({
      version: 9,
      // The creator of the templates sends more requests to a distribution that can find words.
      analysis: true,
      dir: join(dir, 'node'),
      settings: { 'xpack.security.enabled': 'true' },
      headers: SUPERUSER,
      editConfig: (configDir) => {
        const roles = { ...Object.fromEntries(readRoles()), templating_agent: TEMPLATING };
        const users = [...Object.keys(roles), 'superuser'].map((name) => [name, [name]] as const);
        writeUsers(configDir, { password: PASSWORD, users: Object.fromEntries(users), roles });
      },
    });
    return async () => {
      await node.stop();
      rmSync(dir, { recursive: true, force: true });
    };
  });
  afterAll(async () => {
    for (const store of opened) await store.close();
  });

  it('let agent, analyzer and API do their work and the agent nothing else', async () => {
    const [agent, analyzer, api] = [open('jobtrace_agent'), open('jobtrace_analyzer'), open('jobtrace_api')];
    await expect(appendRecords(agent, [makeRecord(1)])).rejects.toMatchObject({ code: 'JT_STORE_DENIED' });
    for (const part of [analyzer, api]) await expect(part.check()).rejects.toMatchObject({ code: 'JT_STORE_DENIED' });
    await makeTemplates();
    await analyzer.check();

    expect(await appendRecords(agent, [makeRecord(1), makeRecord(2)])).toEqual([
      { kind: 'stored' },
      { kind: 'stored' },
    ]);
    expect(await appendRecords(agent, [makeRecord(1)])).toEqual([{ kind: 'duplicate' }]);
    await agent.agents.save({
      id: 'a',
      host: 'h',
      time: '2026-11-20T10:00:00.000Z',
      files: 1,
      lagBytes: 0,
      shippedRecords: 2,
      counters: {},
      conditions: [],
    });

    expect((await analyzer.readRecords(undefined, { limit: 10 })).records).toHaveLength(2);
    await analyzer.saveIncident(makeIncident('i'));
    await analyzer.alerts.save({
      id: 'x',
      incidentId: 'i',
      receiver: 'r',
      reason: 'new',
      cause: 'c',
      sentAt: '2026-11-20T10:00:00.000Z',
      state: 'sent',
      attempts: 1,
    });
    await analyzer.states.save({ key: 'cursor', value: 'c' });

    await api.check();
    await waitUntil(
      'both records',
      async () =>
        (await api.searchRecords({ limit: 1, order: 'newest', facets: true, histogramBuckets: 3 })).total === 2,
    );
    expect((await api.findContext(makeRecord(1).id, { before: 1, after: 1 }))?.records).toHaveLength(2);
    expect(await api.findIncidents({ limit: 1 })).toHaveLength(1);
    await waitUntil('the agent', async () => (await api.agents.find()).length === 1);
    await api.states.save({ key: 'mute', value: 'm' });
    await expect(appendRecords(api, [makeRecord(3)]).then((outcomes) => outcomes[0]?.kind)).resolves.toBe('retry');

    await asSuperuser('PUT', '/jobtrace-logs-*/_settings', { 'index.blocks.read_only_allow_delete': true });
    await expect(api.checkDiskSpace()).rejects.toMatchObject({ code: 'JT_STORE_FULL' });
    await expect(analyzer.checkDiskSpace()).rejects.toMatchObject({ code: 'JT_STORE_FULL' });
    await agent.checkDiskSpace();
    await asSuperuser('PUT', '/jobtrace-logs-*/_settings', { 'index.blocks.read_only_allow_delete': null });
    await api.checkDiskSpace();

    await expect(agent.saveIncident(makeIncident('forged'))).rejects.toMatchObject({ code: 'JT_STORE_DENIED' });
    await expect(agent.readRecords(undefined, { limit: 1 })).rejects.toMatchObject({ code: 'JT_STORE_DENIED' });
    expect(await analyzer.deleteBefore('2026-12-01T00:00:00.000Z')).toBe(2);
  });

  it('let the API keep what people say, and the analyzer read it', async () => {
    const [analyzer, api] = [open('jobtrace_analyzer'), open('jobtrace_api')];
    await makeTemplates();
    const said = {
      incidentId: 'i',
      rule: 'a.b/c',
      verdict: 'right',
      by: 'anna',
      at: '2026-11-20T10:00:00.000Z',
    } as const;
    expect(await analyzer.feedback.find()).toEqual([]);
    await api.feedback.save(said);
    expect(await analyzer.feedback.find()).toEqual([said]);
    const word = { incidentId: 'i', state: 'acknowledged', by: 'anna', at: said.at } as const;
    expect(await analyzer.triage.find()).toEqual([]);
    await api.triage.save(word);
    expect(await analyzer.triage.find()).toEqual([word]);
    const silence = {
      id: 's',
      matchers: { job: 'orders' },
      startsAt: said.at,
      endsAt: '2026-11-20T11:00:00.000Z',
      createdBy: 'anna',
      comment: 'maintenance',
    };
    expect(await analyzer.silences.find()).toEqual([]);
    await api.silences.save(silence);
    expect(await analyzer.silences.find()).toEqual([silence]);
  });

  it('let the agent keep aside what an index refuses, and who sends letters put it in its place', async () => {
    const [agent, letters, api] = [open('jobtrace_agent'), open('jobtrace_letters'), open('jobtrace_api')];
    await makeTemplates();
    const record = makeRecord(1, { time: '2026-10-01T10:00:00.000Z' });
    await asSuperuser('PUT', '/jobtrace-logs-2026.10.01', { mappings: { properties: { message: { type: 'long' } } } });

    expect(await appendRecords(agent, [record])).toMatchObject([{ kind: 'aside', place: 'jobtrace-logs-dead' }]);
    expect(await appendRecords(agent, [record])).toMatchObject([{ kind: 'aside' }]);
    await waitUntil('it to be found', async () => (await api.findRefused()).records.length === 1);
    await expect(agent.removeRefused([record])).rejects.toMatchObject({ code: 'JT_STORE_DENIED' });
    const moved = makeRecord(1, { time: '2026-10-02T10:00:00.000Z' });
    expect(await appendRecords(letters, [moved])).toEqual([{ kind: 'stored' }]);
    await letters.removeRefused([record, record]);

    expect((await api.findRefused()).records).toEqual([]);
  });

  it('of an agent that makes the templates itself do not let it forget the indices of before', async () => {
    await asSuperuser('PUT', '/other-logs-2026.11.20', {
      mappings: { properties: { 'jobtrace.words': { type: 'text', analyzer: 'whitespace' } } },
    });
    await asSuperuser('PUT', '/other-logs-2026.11.20/_doc/1?refresh=true', { message: 'before' });
    const agent = open('templating_agent', PASSWORD, 'other');

    expect(await appendRecords(agent, [makeRecord(1)])).toEqual([{ kind: 'stored' }]);

    expect(JSON.parse((await agent.states.load('store/words'))?.value ?? '')).toEqual({
      by: 'analyzer',
      except: ['other-logs-2026.11.20'],
    });
  });

  it('turn away a wrong password with a message that does not show it', async () => {
    await expect(open('jobtrace_agent', 'wrong-secret').check()).rejects.toMatchObject({
      code: 'JT_STORE_DENIED',
      message: expect.not.stringContaining('wrong-secret') as string,
    });
  });
});
