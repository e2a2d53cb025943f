import { describe, expect, it } from 'vitest';
import { makeRecord } from '../../store/testing/samples.js';
import { ORDERS, startServer, get, messages } from '../testing/server.js';

describe('records', () => {
  it('are searched by query, filters and range, with total, histogram and facets', async () => {
    const { url } = await startServer();

    const { status, body } = await get(
      `${url}/api/v1/records?query=started&job=${ORDERS[0]}&level=INFO&level=ERROR&from=2026-11-20T18:00:00%2B08:00&to=2026-11-20T11:00:00Z&histogram=10&facets=true&cluster=session-1`,
    );

    expect(status).toBe(200);
    expect(messages(body)).toEqual(['orders started']);
    expect(body.total).toBe(1);
    expect(body.facets.job).toEqual([{ value: 'orders', count: 1 }]);
    expect(body.histogram.reduce((sum, bar) => sum + (bar.counts.INFO ?? 0), 0)).toBe(1);
  });

  it('are paged newest first by default, oldest first on demand', async () => {
    const { url } = await startServer();

    const first = await get(`${url}/api/v1/records?limit=3`);
    const second = await get(`${url}/api/v1/records?limit=3&after=${encodeURIComponent(first.body.next)}`);
    const oldest = await get(`${url}/api/v1/records?limit=1&order=oldest`);

    expect([...messages(first.body), ...messages(second.body)]).toEqual([
      'the process itself',
      'fraud started',
      'orders met java.io.IOException',
      'orders started',
    ]);
    expect(second.body.next).toBeUndefined();
    expect(messages(oldest.body)).toEqual(['orders started']);
  });

  it('come as a file: all of a search, as people read them, as documents or as rows', async () => {
    const { url } = await startServer();

    const read = async (format: string): Promise<{ text: string; headers: Headers }> =>
      get(`${url}/api/v1/records/export?format=${format}&level=ERROR`);
    const [text, ndjson, csv] = [await read('text'), await read('ndjson'), await read('csv')];

    expect(text.text).toMatch(/^2026-11-20T\S+ ERROR .*orders met java\.io\.IOException/);
    expect(text.headers.get('content-disposition')).toBe('attachment; filename="jobtrace.log"');
    expect(JSON.parse(ndjson.text)).toMatchObject({ 'log.level': 'ERROR' });
    expect(csv.text.split('\r\n')[0]).toMatch(/^id,@timestamp,message,/);
    expect(csv.text.trimEnd().split('\r\n').length).toBe(2);
    expect((await get(`${url}/api/v1/records/export?query=levl%3AERROR`)).status).toBe(400);
  });

  it('are refused with every problem at once when the parameters do not fit', async () => {
    const { url } = await startServer();

    const { status, body } = await get(`${url}/api/v1/records?levl=ERROR&level=LOUD&limit=many&from=yesterday`);

    expect(status).toBe(400);
    expect(body.error.code).toBe('JT_REQUEST_INVALID');
    expect(body.error.message).toContain('parameter "levl" is not known; did you mean "level"?');
    expect(body.error.message).toContain('parameter "level[0]" must be one of TRACE, DEBUG');
    expect(body.error.message).toContain('parameter "limit" must be of type integer');
    expect(body.error.message).toContain('parameter "from" must be a time with zone');
  });

  it.each(['limit=0', 'limit=1001', 'histogram=501', 'facets=maybe', 'order=up', 'component=worker'])(
    'refuse %s',
    async (query) => {
      const { url } = await startServer();

      expect(await get(`${url}/api/v1/records?${query}`)).toMatchObject({
        status: 400,
        body: { error: { code: 'JT_REQUEST_INVALID' } },
      });
    },
  );

  it('refuse a range that ends before it begins and a query that cannot be read', async () => {
    const { url } = await startServer();

    expect(
      (await get(`${url}/api/v1/records?from=2026-11-20T11:00:00Z&to=2026-11-20T10:00:00Z`)).body.error.message,
    ).toContain('must be before');
    expect(await get(`${url}/api/v1/records?query=level%3ALOUD`)).toMatchObject({
      status: 400,
      body: { error: { code: 'JT_QUERY_INVALID' } },
    });
  });

  it('come with their neighbours; an unknown one is not found', async () => {
    const { url } = await startServer();
    const id = makeRecord(1).id;

    const found = await get(`${url}/api/v1/records/${encodeURIComponent(id)}/context?before=1&after=1`);
    const gone = await get(`${url}/api/v1/records/nothing/context`);

    expect(messages(found.body)).toEqual(['orders started', 'orders met java.io.IOException', 'fraud started']);
    expect(found.body.index).toBe(1);
    expect(gone).toMatchObject({ status: 404, body: { error: { code: 'JT_NOT_FOUND' } } });
  });
});
