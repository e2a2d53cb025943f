import { describe, expect, it } from 'vitest';
import { get, RULE, SHEET, startServer } from '../testing/server.js';

describe('the rules', () => {
  it('are given as the catalog and one rule by its id', async () => {
    const { url } = await startServer();

    expect((await get(`${url}/api/v1/rules`)).body.rules).toEqual([RULE]);
    expect((await get(`${url}/api/v1/rules`)).body.problems).toEqual(['own/rule.yaml:3:8 `owner` must be one of …']);
    expect((await get(`${url}/api/v1/rules/${encodeURIComponent(RULE.id)}`)).body).toEqual({
      ...RULE,
      isOwn: false,
      sheet: SHEET,
    });
    expect(await get(`${url}/api/v1/rules/none`)).toMatchObject({
      status: 404,
      body: { error: { code: 'JT_RULE_NOT_FOUND' } },
    });
  });
});
