// Tests the search of the page as people use it, in a real Chromium over recorded clusters and on either store: words,
// fields and their completion, marks, traces, filters with counts, histogram, and the messages if nothing is found or
// the search is wrong. reading.test.ts tests what people do with the lines.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnStores } from './pages.js';
import { LONG_WAIT_MS, openSearchSite, type SearchSite } from './search-site.js';

const FRAME = 'com.acme.shop.OrdersEnrichment$AddCountry.map(OrdersEnrichment.java:44)';

describeOnStores('the search of the page', (store) => {
  let site: SearchSite;
  let page: Page;

  beforeAll(async () => {
    site = await openSearchSite(store);
    page = site.page;
  });
  afterAll(() => site.close());

  it('opens with lines, the newest first, and bars of them', async () => {
    await site.search('');
    const times = await page.locator('.row time').evaluateAll((all) => all.map((one) => one.getAttribute('datetime')));

    expect(times).toEqual([...times].sort().reverse());
    expect(await page.locator('.histogram canvas').count()).toBe(1);
    expect(site.parameter('range')).toBe('15m');
  });

  it('opens with the shortest range that has a line where the last minutes have none', async () => {
    const late = await site.open();
    await late.clock.setFixedTime(Date.now() + 3 * 3_600_000);
    await late.goto(`${site.address}/search`);
    await late.locator('.row').first().waitFor({ timeout: LONG_WAIT_MS });

    expect(new URL(late.url()).searchParams.get('range')).toBe('1d');
    await late.close();
  });

  it('takes words, a phrase, what must not occur, and fields', async () => {
    await site.search('range=all&query=AddCountry');
    const all = await site.readTotal();
    await site.type('AddCountry level:WARN');
    const warned = await site.waitTotal((total) => total < all);
    await site.type('AddCountry -level:WARN');
    expect(await site.waitTotal((total) => total !== warned)).toBe(all - warned);
    await site.type('NOT level:WARN "OrdersEnrichment AddCountry"');
    await page
      .locator('.row mark', { hasText: 'OrdersEnrichment$AddCountry' })
      .first()
      .waitFor({ timeout: LONG_WAIT_MS });

    expect(await site.waitTotal((total) => total > 0)).toBe(all - warned);
  });

  it('shows a trace as one row: the class of its root, its message, the first frame of own code, how many frames', async () => {
    await site.search('range=all&query=AddCountry');

    expect(await page.locator('.trace').first().textContent()).toMatch(
      /^NullPointerException.*at OrdersEnrichment\$AddCountry\.map:44\+\d+ frames$/,
    );
  });

  it('marks what was searched for, in rows and in opened traces', async () => {
    const marks = page.locator('.row').first().locator('mark');
    expect(new Set(await marks.allTextContents())).toEqual(new Set(['AddCountry']));
    await page.locator('.row').first().press('Enter');
    await page.locator('.link').first().waitFor();

    expect(await page.locator('.frame-line mark').count()).toBeGreaterThan(0);
  });

  it('opens a trace at its root, own frames standing out and those of libraries folded, or as it was logged', async () => {
    expect(await page.locator('.link').first().textContent()).toMatch(/^Root cause · java\.lang\.NullPointerException/);
    expect(await page.locator('.frame-line.own').first().textContent()).toBe(`at ${FRAME}`);
    const frames = await page.locator('.frame-line').count();
    await page.locator('.link .fold').first().click();
    expect(await page.locator('.frame-line').count()).toBeGreaterThan(frames);
    await page.getByText('As logged').click();

    expect(await page.locator('pre').first().textContent()).toContain('\tat com.acme.shop.OrdersEnrichment');
  });

  it('filters by a click on a value with its count, leaves out with Alt, and takes both back', async () => {
    await site.search('range=all');
    const all = await site.readTotal();
    const error = page.getByRole('button', { name: /^ERROR|^WARN/ }).first();
    const count = Number((await error.textContent())?.replace(/\D/g, ''));
    await error.click();
    expect(await site.waitTotal((total) => total !== all)).toBe(count);
    const loggers = page.locator('section', { has: page.getByRole('heading', { name: 'Logger' }) });
    const logger = loggers.getByRole('button').first();
    const name = (await logger.getAttribute('title'))?.split('\n')[0];
    await logger.click({ modifiers: ['Alt'] });
    await site.waitTotal((total) => total < count);
    expect(site.parameter('-logger')).toBe(name);
    await page.getByRole('button', { name: 'Clear Logger' }).click();
    await site.waitTotal((total) => total === count);
    await page.getByRole('button', { name: 'Clear Level' }).click();

    expect(await site.waitTotal((total) => total > count)).toBe(all);
  });

  it('says at once what is wrong with a search, where, and what was meant, and asks nothing', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await site.type('levl:ERROR');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toContain('Character 1: there is no field "levl".');
    expect(asked.filter((url) => url.includes('levl'))).toEqual([]);
    await page.getByText('中文').click();
    expect(await alert.textContent()).toContain('第 1 个字符：没有字段 "levl"。');
    await page.getByText('EN', { exact: true }).click();
    await alert.getByRole('button', { name: 'level:ERROR' }).click();
    await alert.waitFor({ state: 'detached' });

    expect(site.parameter('query')).toBe('level:ERROR');
  });

  it('offers fields and their values with the number of their lines, which keys choose', async () => {
    await site.search('range=all&component=taskmanager');
    const field = page.getByRole('combobox', { name: 'Search' });
    const option = (name: string | RegExp) => page.getByRole('option', { name });
    await field.pressSequentially('lev');
    await option(/^level:/).waitFor({ timeout: LONG_WAIT_MS });
    expect(await field.getAttribute('aria-activedescendant')).toBeNull();
    await page.keyboard.press('ArrowDown');
    expect(await field.getAttribute('aria-activedescendant')).toBe(await option(/^level:/).getAttribute('id'));
    await page.keyboard.press('Tab');
    expect(await field.inputValue()).toBe('level:');
    await field.pressSequentially('wa');
    const warnings = option(/^WARN \d+ lines$/);
    await warnings.waitFor({ timeout: LONG_WAIT_MS });
    const count = Number((await warnings.textContent())?.replace(/\D/g, ''));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect([await field.inputValue(), site.parameter('query')]).toEqual(['level:WARN ', null]);
    await page.keyboard.press('Enter');
    await site.waitTotal((total) => total === count);

    expect(site.parameter('query')).toBe('level:WARN');
  });

  it('offers what a click takes, all fields when asked, in the language of the page, and nothing after Escape', async () => {
    await site.search('range=all');
    const field = page.getByRole('combobox', { name: 'Search' });
    await field.pressSequentially('AddCountry job:orders-');
    await page.getByRole('option', { name: /^orders-enrichment \d+ lines$/ }).click({ timeout: LONG_WAIT_MS });
    expect(await field.inputValue()).toBe('AddCountry job:orders-enrichment ');
    await page.keyboard.press('ArrowDown');
    const hosts = page.getByRole('option', { name: /^host: Host host:node7$/ });
    await hosts.waitFor();
    await page.keyboard.press('Escape');
    await hosts.waitFor({ state: 'detached' });
    await page.getByText('中文').click();
    await page.getByRole('combobox', { name: '搜索' }).press('ArrowDown');
    await page.getByRole('option', { name: /^host: 主机/ }).waitFor();
    await page.getByText('EN', { exact: true }).click();
  });

  it('says of a part of a word that finds nothing what would find something', async () => {
    await site.search('range=all');
    await site.type('NullPointerExcept');
    await page.getByRole('button', { name: /^NullPointerExcept\* · \d+ lines/ }).click();
    await page.locator('.trace').first().waitFor({ timeout: LONG_WAIT_MS });

    expect(site.parameter('query')).toBe('NullPointerExcept*');
  });

  it('says of a range without lines when there are some, and leads there, and which collectors are silent', async () => {
    await page.route('**/api/v1/agents?**', async (route) => {
      const response = await route.fetch();
      const { agents } = (await response.json()) as { agents: readonly object[] };
      const silent = agents.map((agent) => ({ ...agent, host: 'node-9', time: '2026-01-01T00:00:00.000Z' }));
      await route.fulfill({ response, json: { agents: silent } });
    });
    const place = 'query=AddCountry&level=WARN&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z';
    await page.goto(`${site.address}/search?${place}`);
    await page.getByText('All time:').waitFor({ timeout: LONG_WAIT_MS });
    expect(await page.getByText('latest').locator('time').count()).toBe(1);
    await page.getByText('Agent not reporting: node-9').waitFor({ timeout: LONG_WAIT_MS });
    await page.unroute('**/api/v1/agents?**');
    await page.getByRole('button', { name: /^\d+ lines$/ }).click();
    await page.locator('.trace').first().waitFor({ timeout: LONG_WAIT_MS });

    expect([site.parameter('range'), site.parameter('level')]).toEqual(['all', 'WARN']);
  });

  it('zooms by dragging over the histogram, and goes back', async () => {
    await site.search('range=all');
    const all = await site.readTotal();
    const box = await page.locator('.histogram .u-over').boundingBox();
    if (box === null) throw new Error('no histogram');
    await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
    await page
      .getByText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}( · [A-Z]+ \d+)*$/)
      .and(page.locator('.bars > div'))
      .waitFor();
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.95, box.y + 20, { steps: 5 });
    await page.mouse.up();
    await site.waitTotal((total) => total < all);
    expect(site.parameter('from')).not.toBeNull();
    await page.goBack();
    await site.waitTotal((total) => total >= all);
    await page.goForward();
    await site.waitTotal((total) => total < all);
    await page.getByRole('button', { name: 'Back' }).click();

    expect(await site.waitTotal((total) => total >= all)).toBe(all);
  });

  it('logs no error in the console', () => {
    expect(site.complaints).toEqual([]);
  });
});
