// Sends large requests that are wrong in each of their parts: the answer must stay short, whatever was sent.
import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../analyzer/catalog/catalog.js';
import { createAuthoring } from '../cli/service/author.js';
import { defaultSettings } from '../core/config/settings.js';
import { AUTHOR, get, startServer } from './testing/server.js';

const MAX_ANSWERED = 16_384;
const accept = 'application/json, text/event-stream';

async function serve(): Promise<string> {
  const authoring = createAuthoring(defaultSettings(), { folders: [], catalog: loadCatalog() }, Date.now);
  const { url } = await startServer({
    authoring,
    settings: { tokens: [AUTHOR] },
    notifyHooks: { receiveAlerts: async () => [] },
    assistantHooks: {
      diagnoseText: async () => ({ diagnoses: [], unknown: [], incidents: [] }),
      listRules: () => [],
      draftRule: () => ({
        id: 'a.b/c',
        ruleYaml: `# ${String.fromCodePoint(0xe0041, 0xe0042, 0x202e)}`,
        matchLog: 'a line',
        nearMissLog: 'a line',
        file: `# ${String.fromCodePoint(0xe0041, 0xe0042, 0x202e)}`,
        named: undefined,
      }),
      hideSecrets: (text) => text,
    },
  });
  return url;
}

const send = (url: string, body: unknown) =>
  get(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', accept, authorization: `Bearer ${AUTHOR.token}` },
  });

const call = (name: string, given: object, id = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: given },
});
const manyKeys = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, index]));

describe('the answer is short', () => {
  it('to a rule with tens of thousands of unknown keys', async () => {
    const rule = Array.from({ length: 30_000 }, (_, index) => `key${index}: 1`).join('\n');

    const { status, text } = await send(`${await serve()}/api/v1/rules/try`, {
      id: 'a.b/c',
      rule,
      match: '',
      nearMiss: '',
    });

    expect(status).toBeLessThan(500);
    expect(text.length).toBeLessThan(4 * MAX_ANSWERED);
    expect(text).toMatch(/has \d+ more problems/);
  });

  it('to a message of alerts that are all wrong', async () => {
    const alerts = Array.from({ length: 60_000 }, () => ({ status: 1, labels: 2 }));

    const { status, text } = await send(`${await serve()}/api/v1/alertmanager`, { version: '4', alerts });

    expect(status).toBe(400);
    expect(text.length).toBeLessThan(MAX_ANSWERED);
    expect(text).toMatch(/and \d+ more problems/);
  });

  it('to a tool that is given tens of thousands of arguments', async () => {
    const { text } = await send(`${await serve()}/api/v1/mcp`, call('search_records', manyKeys(50_000)));

    expect(text.length).toBeLessThan(MAX_ANSWERED);
    expect(text).toMatch(/and \d+ more problems/);
  });
});

describe('an assistant', () => {
  it('asks a few questions in one request, each of which counts', async () => {
    const url = await serve();
    const batch = (count: number) =>
      Array.from({ length: count }, (_, index) => call('diagnose_text', { text: 'a line' }, index + 1));

    expect(await send(`${url}/api/v1/mcp`, batch(60))).toMatchObject({
      status: 429,
      body: { error: { code: 'JT_BUSY' } },
    });
    expect((await send(`${url}/api/v1/mcp`, batch(8))).status).toBe(200);
  });

  it('sees the letters that nobody sees', async () => {
    const { text } = await send(`${await serve()}/api/v1/mcp`, call('draft_rule', { lines: 'a line' }));

    expect(text).toContain('udb40');
    expect(text).toContain('u202e');
    expect(text).not.toMatch(/[\u202e\u{e0041}]/u);
  });
});
