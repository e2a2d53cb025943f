import { describe, expect, it } from 'vitest';
import { appendRecords, makeRecord } from '../../store/testing/samples.js';
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

  it('are cut in lists where an entry is very long, and whole by themselves and in a file', async () => {
    const { url, store } = await startServer();
    // The cut is inside a character of two UTF-16 units.
    const long = `${'x'.repeat(8191)}😀 tail ${'y'.repeat(90_000)}`;
    const record = makeRecord(7, { text: `${long}\n\tat a.B.c(B.java:1)` });
    await appendRecords(store, [{ ...record, 'error.stack_trace': '\tat a.B.c(B.java:1)' }, makeRecord(8)]);
    const id = encodeURIComponent(record.id);

    const lists = [
      await get(`${url}/api/v1/records?query=tail`),
      await get(`${url}/api/v1/records?query=ta*l`),
      await get(`${url}/api/v1/records/${id}/context`),
    ];
    for (const { body, text } of lists) {
      const row = body.records.find((found) => found.id === record.id);
      expect(row).toMatchObject({ 'jobtrace.truncated': true, 'jobtrace.length': Buffer.byteLength(long) + 20 });
      expect(row?.['event.original']).toBe('x'.repeat(8191));
      expect(text.length).toBeLessThan(20_000);
    }
    const other = lists[2]?.body.records.find((found) => found.id === makeRecord(8).id);
    expect(other).toMatchObject({ 'event.original': 'entry number 8' });
    expect(other).not.toHaveProperty('jobtrace.truncated');

    const whole = await get(`${url}/api/v1/records/${id}`);
    expect(whole.body).toMatchObject({ message: long, 'error.stack_trace': '\tat a.B.c(B.java:1)' });
    expect((await get(`${url}/api/v1/records/none`)).status).toBe(404);
    expect((await get(`${url}/api/v1/records/export?query=tail&format=ndjson`)).text).toContain(long);
  });

  it('are refused where a search would hold too many patterns against every word, with what to write', async () => {
    const { url } = await startServer();
    const ask = (query: string) =>
      get(`${url}/api/v1/records?facets=true&histogram=100&query=${encodeURIComponent(query)}`);

    const { status, body } = await ask('*a* *b* *c* *d* *e* *f*');
    expect(status).toBe(422);
    expect(body.error).toMatchObject({ code: 'JT_SEARCH_TOO_DEAR', message: expect.stringContaining('*a*, *b*, *c*') });
    expect(body.error.fix).toContain('3 consecutive letters');
    for (const query of ['*start* ord* or*s', 'host:*1', 'started', '*a*'])
      expect((await ask(query)).status, query).toBe(200);
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
