import { describe, expect, it } from 'vitest';
import { createError } from '../../core/errors.js';
import { appendRecords, makeRecord, waitUntil } from '../../store/testing/samples.js';
import type { Store } from '../../store/store.js';
import { READER, AUTHOR, startServer, get, bearer, createFilledStore } from '../testing/server.js';

describe('the live stream', () => {
  async function openTail(
    url: string,
    headers: Record<string, string> = {},
  ): Promise<{ text: () => string; messages: () => string[]; end: Promise<void>; stop: () => void }> {
    const abort = new AbortController();
    const response = await fetch(url, { headers, signal: abort.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    const read = async (): Promise<void> => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
    };
    const end = read().catch(() => undefined);
    return {
      text: () => text,
      messages: () =>
        [...text.matchAll(/^event: record\n(?:id: .*\n)?data: (.*)\n/gm)].map(
          (hit) => JSON.parse(hit[1] ?? '').message,
        ),
      end,
      stop: () => abort.abort(),
    };
  }

  it('sends each new record of the filters once, a late one with an earlier time too', async () => {
    const { url, store } = await startServer();
    const tail = await openTail(`${url}/api/v1/records/stream?query=fresh`);
    await appendRecords(store, [makeRecord(50, { text: 'fresh 50' }), makeRecord(51, { text: 'other' })]);
    await waitUntil('the first', async () => tail.messages().includes('fresh 50') || tail.text());

    await appendRecords(store, [
      makeRecord(49, { text: 'fresh 49', path: '/logs/late.log' }),
      ...Array.from({ length: 450 }, (_, index) => makeRecord(60 + index, { text: `fresh ${60 + index}` })),
    ]);
    await waitUntil('all', async () => tail.messages().length >= 452 || `${tail.messages().length}`);

    expect(new Set(tail.messages()).size).toBe(452);
    expect(tail.messages()).toHaveLength(452);
    expect(tail.messages()).toContain('fresh 49');
    expect(tail.messages()).not.toContain('other');
    tail.stop();
  });

  it('does not show what was there before, unless "from" or the last seen event asks for it', async () => {
    const { url, store } = await startServer();
    const [now, from, resumed] = await Promise.all([
      openTail(`${url}/api/v1/records/stream`),
      openTail(`${url}/api/v1/records/stream?from=2026-11-20T10:00:02Z`),
      openTail(`${url}/api/v1/records/stream`, { 'last-event-id': '2026-11-20T10:00:01.000Z' }),
    ]);
    await waitUntil(
      'the old ones',
      async () =>
        (from.messages().length === 2 && resumed.messages().length === 4) || `${from.text()} ${resumed.text()}`,
    );

    await appendRecords(store, [makeRecord(70, { text: 'new' })]);
    await waitUntil('the new one', async () => now.messages().includes('new') || now.text());

    expect(now.messages()).toEqual(['new']);
    expect(from.messages()).toEqual(expect.arrayContaining(['fraud started', 'the process itself']));
    for (const tail of [now, from, resumed]) tail.stop();
  });

  it('says so when more comes at once than it takes, and goes on with what is new', async () => {
    const { url, store } = await startServer({ settings: { liveMaxRecords: 200 } });
    const tail = await openTail(`${url}/api/v1/records/stream`);
    await waitUntil('the beginning', async () => tail.text().includes('retry:') || tail.text());
    await appendRecords(
      store,
      Array.from({ length: 500 }, (_, index) => makeRecord(100 + index, { text: `many ${100 + index}` })),
    );
    await waitUntil('the newest', async () => tail.messages().includes('many 599') || `${tail.messages().length}`);

    await appendRecords(store, [makeRecord(700, { text: 'after' })]);
    await waitUntil('the next', async () => tail.messages().includes('after') || `${tail.messages().length}`);

    expect(tail.text().match(/^event: gap\ndata: .*$/gm)).toEqual([
      `event: gap\ndata: ${JSON.stringify({ before: makeRecord(400)['@timestamp'] })}`,
    ]);
    expect(tail.messages()).toHaveLength(201);
    tail.stop();
  });

  it('sends an entry again when it grew', async () => {
    const { url, store } = await startServer();
    await appendRecords(store, [makeRecord(50, { text: 'begins' })]);
    const tail = await openTail(`${url}/api/v1/records/stream?from=2026-11-20T10:00:30Z`);
    await waitUntil('the short one', async () => tail.messages().includes('begins') || tail.text());

    await appendRecords(store, [makeRecord(50, { text: 'begins\n\tat a.B.c(D.java:1)' })]);

    await waitUntil('the longer one', async () => tail.text().includes('at a.B.c') || tail.text());
    tail.stop();
  });

  it('says that it is alive, and ends when the server closes', async () => {
    let time = Date.parse('2026-11-20T10:01:00.000Z');
    const { url, server } = await startServer({ now: () => (time += 1000), settings: { liveHeartbeatMs: 5000 } });
    const tail = await openTail(`${url}/api/v1/records/stream`);
    await waitUntil('a heartbeat', async () => tail.text().includes(': alive') || tail.text());

    await server.close();

    await tail.end;
  });

  it('tells of a store that is away and goes on when it is back', async () => {
    const inner = await createFilledStore();
    let isAway = false;
    const store: Store = {
      ...inner,
      searchRecords: async (query) => {
        if (isAway) throw createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'away' });
        return inner.searchRecords(query);
      },
    };
    const { url } = await startServer({ store });
    const tail = await openTail(`${url}/api/v1/records/stream`);
    await waitUntil('the beginning', async () => tail.text().includes('retry:') || tail.text());
    isAway = true;
    await waitUntil('the problem', async () => tail.text().includes('JT_STORE_UNREACHABLE') || tail.text());

    await appendRecords(inner, [makeRecord(80, { text: 'written meanwhile' })]);
    isAway = false;

    await waitUntil('the record', async () => tail.messages().includes('written meanwhile') || tail.text());
    tail.stop();
  });

  it('does not take what was there before for new when its first look fails', async () => {
    const inner = await createFilledStore();
    let looks = 0;
    const store: Store = {
      ...inner,
      searchRecords: async (query) => {
        looks += 1;
        if (looks === 2) throw createError('JT_STORE_UNREACHABLE', { url: 'x', problem: 'away' });
        return inner.searchRecords(query);
      },
    };
    const { url } = await startServer({ store });
    const tail = await openTail(`${url}/api/v1/records/stream`);
    await waitUntil('some looks', async () => looks > 4);

    await appendRecords(inner, [makeRecord(80, { text: 'new' })]);
    await waitUntil('the new one', async () => tail.messages().includes('new') || tail.text());

    expect(tail.messages()).toEqual(['new']);
    tail.stop();
  });

  it('answers a wrong query as an error, not as a stream', async () => {
    const { url } = await startServer();

    expect(await get(`${url}/api/v1/records/stream?query=level%3ALOUD`)).toMatchObject({
      status: 400,
      body: { error: { code: 'JT_QUERY_INVALID' } },
    });
  });
});

describe('streams', () => {
  it('are limited in all, whoever asks, and make room when they end', async () => {
    const people = Array.from({ length: 21 }, (_, number) => ({
      ...READER,
      name: `reader-${number}`,
      token: `reader-${number}-0123456789abcdef`,
    }));
    const { url } = await startServer({ settings: { tokens: people, livePollMs: 60_000 } });
    const abort = new AbortController();
    const openStream = (token: string) =>
      fetch(`${url}/api/v1/records/stream?query=nothing`, { ...bearer(token), signal: abort.signal });
    const hundred = await Promise.all(
      people.slice(0, 20).flatMap(({ token }) => Array.from({ length: 5 }, () => openStream(token))),
    );

    const refused = await openStream(people[20]?.token ?? '');

    expect(hundred.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200));
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      error: { code: 'JT_BUSY', message: expect.not.stringContaining('for one token') },
    });
    expect((await get(`${url}/health/live`)).status).toBe(200);
    abort.abort();
    await waitUntil('room for another', async () => {
      const next = await fetch(`${url}/api/v1/records/stream`, bearer(people[20]?.token ?? ''));
      await next.body?.cancel();
      return next.status === 200 || `status ${next.status}`;
    });
  });

  it('are limited for one token, which keeps none from another, and make room when they end', async () => {
    const { url } = await startServer({ settings: { tokens: [READER, AUTHOR] } });
    const openStream = async (token: string) => {
      const abort = new AbortController();
      const response = await fetch(`${url}/api/v1/records/stream`, { ...bearer(token), signal: abort.signal });
      return { status: response.status, response, stop: () => abort.abort() };
    };
    const own = await Promise.all(Array.from({ length: 5 }, () => openStream(READER.token)));
    expect(new Set(own.map(({ status }) => status))).toEqual(new Set([200]));

    const refused = await openStream(READER.token);
    const other = await openStream(AUTHOR.token);

    expect(refused.status).toBe(429);
    expect(refused.response.headers.get('retry-after')).toBe('5');
    expect(await refused.response.json()).toMatchObject({ error: { code: 'JT_BUSY' } });
    expect(other.status).toBe(200);

    own[0]?.stop();
    await waitUntil('room for another', async () => {
      const next = await openStream(READER.token);
      if (next.status !== 200) return `status ${next.status}`;
      next.stop();
      return true;
    });
    for (const stream of [...own, other]) stream.stop();
  });
});
