// Tests the lines of a search as people read them, in a real Chromium over recorded clusters and on either store:
// context of a line, links, another time zone, display options, live mode, export as a file, keys, and the display
// while the server is down or after retention has removed a line. search.test.ts tests the queries.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnStores } from './pages.js';
import { waitUntil } from './program.js';
import { LONG_WAIT_MS, NAME, openSearchSite, type SearchSite } from './search-site.js';

describeOnStores('the lines of the page', (store) => {
  let site: SearchSite;
  let page: Page;

  beforeAll(async () => {
    site = await openSearchSite(store);
    page = site.page;
  });
  afterAll(() => site.close());

  it('shows the lines around one in its process, with a key, and leads back to the same search', async () => {
    await site.search('range=all&query=AddCountry&level=WARN&-host=nobody');
    await page.locator('.row').first().focus();
    await page.keyboard.press('c');
    await page.locator('.row.hit').waitFor({ timeout: LONG_WAIT_MS });
    await page.getByRole('button', { name: 'Clear Level' }).click();
    await page.getByText('Level: WARN').waitFor({ state: 'detached' });
    expect(await page.getByText('Host: nobody').count()).toBe(1);
    await page.locator('.row.hit').waitFor();
    const around = await page.locator('.around .row').count();
    expect(around).toBeGreaterThan(20);
    await page.getByRole('button', { name: 'More lines before' }).click();
    await waitUntil('more lines', async () =>
      (await page.locator('.around .row').count()) > around ? true : undefined,
    );
    await page.getByRole('button', { name: 'Back to the results' }).click();
    await page.locator('.row mark').first().waitFor({ timeout: LONG_WAIT_MS });

    expect([site.parameter('query'), site.parameter('level'), site.parameter('-host')]).toEqual([
      'AddCountry',
      null,
      'nobody',
    ]);
  });

  it('gives a link to a line, which opens it in any zone', async () => {
    await site.search('range=all&query=AddCountry');
    const row = page.locator('.row').first();
    const time = await row.locator('time').getAttribute('datetime');
    await row.focus();
    await page.keyboard.press('y');
    const link = await page.evaluate<string>('navigator.clipboard.readText()');
    const elsewhere = await site.open({ timezoneId: 'America/Lima' });
    await elsewhere.goto(link);
    await elsewhere.locator('.row.hit').waitFor({ timeout: LONG_WAIT_MS });

    expect(new URL(link).searchParams.get('at')).toBe(time);
    expect(await elsewhere.locator('.row.hit time').getAttribute('datetime')).toBe(time);
    await elsewhere.close();
  });

  it('shows times by the browser, in UTC, or as logged, the others on hover, with how far they are', async () => {
    const there = await site.open({ timezoneId: 'Asia/Shanghai' });
    await there.goto(`${site.address}/search?range=all&query=AddCountry`);
    const time = there.locator('.row time').first();
    await time.waitFor({ timeout: LONG_WAIT_MS });
    const utc = new Date((await time.getAttribute('datetime')) ?? '').toISOString().replace(/T(.*)Z/, ' $1');
    const local = (await time.textContent()) ?? '';
    expect(Date.parse(`${local.replace(' ', 'T')}+08:00`)).toBe(Date.parse(`${utc.replace(' ', 'T')}Z`));
    expect(await time.getAttribute('title')).toBe(`${utc} (UTC)\n${utc} (as logged)`);
    await there.locator('.row').first().press('t');
    expect([await time.textContent(), await there.locator('.zone').textContent()]).toEqual([utc, 'UTC']);
    await there.locator('.row').first().press('t');
    expect([await time.textContent(), await there.locator('.zone').textContent()]).toEqual([utc, 'as logged']);
    await there.locator('.row').first().press('c');
    await there.locator('.row.hit').waitFor({ timeout: LONG_WAIT_MS });

    expect(await there.locator('.around time').first().getAttribute('title')).toMatch(/\d s before the marked line$/);
    await there.close();
  });

  it('looks as the reader wants it from then on, and in a link only where it was asked for', async () => {
    await site.search('range=all&query=AddCountry');
    const names = () => page.locator('.columns > span').allTextContents();
    await page.getByRole('button', { name: 'View' }).click();
    for (const name of ['Wrap long lines', 'Oldest first', 'Host']) await page.getByLabel(name).click();
    await page.getByLabel('Logger').click();
    await page.getByRole('button', { name: 'Copy link with this view' }).click();
    const link = await page.evaluate<string>('navigator.clipboard.readText()');
    await page.reload();
    await page.locator('.wraps .row').first().waitFor({ timeout: LONG_WAIT_MS });
    expect((await names()).slice(1)).toEqual(['Level', 'Host', 'Message']);
    const times = await page.locator('.row time').evaluateAll((all) => all.map((one) => one.getAttribute('datetime')));
    expect([times.length > 1, site.parameter('look')]).toEqual([true, null]);
    expect(times).toEqual([...times].sort());

    const other = await site.browser.newContext({ locale: 'en-GB' });
    const guest = await other.newPage();
    await guest.goto(link);
    await guest.locator('.wraps .row').first().waitFor({ timeout: LONG_WAIT_MS });
    expect(await guest.evaluate('localStorage.getItem("jobtrace.look")')).toBeNull();
    await other.close();
    await page.evaluate('localStorage.removeItem("jobtrace.look")');
  });

  it('shows of a line that retention has removed what its incident kept', async () => {
    const before = site.complaints.length;
    const { incidents } = (await (await fetch(`${site.address}/api/v1/incidents?fields=full`)).json()) as {
      incidents: readonly {
        diagnoses: readonly { evidence: readonly { recordId: string; time: string; text: string }[] }[];
      }[];
    };
    const kept = incidents.flatMap(({ diagnoses }) => diagnoses).flatMap(({ evidence }) => evidence)[0];
    await page.route('**/context?**', (route) =>
      route.fulfill({ status: 404, json: { error: { code: 'JT_NOT_FOUND', message: 'gone', fix: '' } } }),
    );
    await page.goto(`${site.address}/search?record=${encodeURIComponent(kept?.recordId ?? '')}&at=${kept?.time}`);
    await page.getByText('An incident kept it as evidence').waitFor({ timeout: LONG_WAIT_MS });
    await page.unroute('**/context?**');
    site.complaints.splice(before);

    expect(await page.locator('pre').textContent()).toBe(kept?.text);
  });

  it('counts new lines while it is live, moves nothing, and shows them when asked', async () => {
    await site.search('range=all');
    await page.getByRole('button', { name: 'Live' }).click();
    const rows = page.locator('.rows');
    await rows.evaluate((element) => (element.scrollTop = 400));
    const reading = await page.locator('.row').nth(25).textContent();
    // No counter shows lines that came while the stream was opened.
    await waitUntil('a new line', async () => {
      const time = new Date().toISOString().replace('T', ' ').replace('.', ',').slice(0, -1);
      const line = `${time} WARN  org.apache.flink.runtime.taskmanager.Task [] - a line that has just come\n`;
      appendFileSync(join(site.logs, NAME.replaceAll('/', '_'), 'flink-flink-taskexecutor-0-node-1.log'), line);
      return (await page.getByRole('button', { name: /new lines/ }).count()) > 0 ? true : undefined;
    });
    expect(await rows.evaluate((element) => element.scrollTop)).toBe(400);
    expect(await page.locator('.row').nth(25).textContent()).toBe(reading);
    await page.getByRole('button', { name: /new lines/ }).click();
    await rows.evaluate((element) => (element.scrollTop = 0));

    await page.locator('.row', { hasText: 'a line that has just come' }).first().waitFor({ timeout: LONG_WAIT_MS });
  });

  it('gives all lines of a search as a file, and says before how many', async () => {
    await site.search('range=all&query=AddCountry');
    const total = await site.readTotal();
    await page.getByRole('button', { name: 'Download' }).click();
    const coming = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: `Raw, NDJSON · ${total} lines` }).click();
    const text = readFileSync(await (await coming).path(), 'utf8');

    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id).length,
    ).toBe(total);
    for (const name of ['Text, as shown', 'Raw, CSV']) {
      await page.getByRole('button', { name: 'Download' }).click();
      const file = page.waitForEvent('download');
      await page.getByRole('menuitem', { name: `${name} · ${total} lines` }).click();
      expect(readFileSync(await (await file).path(), 'utf8'), name).toContain('OrdersEnrichment');
    }
  });

  it('keeps what it shows while the server is away, says so, and goes on by itself', async () => {
    const before = site.complaints.length;
    await site.search('range=all&query=AddCountry');
    await page.route('**/api/v1/records?**', (route) => route.abort());
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByText('Loaded at').waitFor({ timeout: LONG_WAIT_MS });
    expect(await page.locator('.row').count()).toBeGreaterThan(0);
    await page.unroute('**/api/v1/records?**');
    await page.getByText('Loaded at').waitFor({ state: 'detached', timeout: LONG_WAIT_MS });
    site.complaints.splice(before);
  });

  it('keeps a search under a name', async () => {
    await site.search('range=all&query=AddCountry&-level=INFO');
    await page.getByRole('button', { name: 'Saved searches' }).click();
    await page.getByRole('textbox', { name: 'Save this search' }).fill('own code');
    await page.keyboard.press('Enter');
    await site.search('range=all');
    await page.getByRole('button', { name: 'Saved searches' }).click();
    await page.getByRole('menuitem', { name: 'own code' }).click();
    await page.locator('.row mark').first().waitFor({ timeout: LONG_WAIT_MS });
    expect([site.parameter('query'), site.parameter('-level')]).toEqual(['AddCountry', 'INFO']);
  });

  it('is gone through by keys, which it lists', async () => {
    await site.search('range=all');
    await page.locator('.row').first().focus();
    await page.keyboard.press('j');
    await page.locator('[data-index="1"] .row:focus').waitFor();
    await page.keyboard.press('x');
    await page.locator('.facet.out').waitFor({ timeout: LONG_WAIT_MS });
    expect(site.parameter('-logger')).toMatch(/^org\.apache\.flink\./);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('next, previous error').waitFor();
    await page.keyboard.press('Escape');
    await site.search('range=all&query=AddCountry');
    await page.locator('.row').first().focus();
    await page.keyboard.press('r');
    await page.getByRole('heading', { name: 'New rule' }).waitFor({ timeout: LONG_WAIT_MS });
    expect(await page.getByLabel('Log excerpt').inputValue()).toContain('OrdersEnrichment$AddCountry.map');
  });

  it('holds only the rows in its window, and those that it left are there again', async () => {
    await site.search('range=all');
    const total = await site.readTotal();
    const rows = page.locator('.rows');
    const first = await page.locator('.row').first().textContent();
    await waitUntil('the last row', async () => {
      await rows.evaluate((element) => (element.scrollTop = element.scrollHeight));
      const last = await page.locator('[data-index]').last().getAttribute('data-index');
      return Number(last) >= total - 1 ? true : undefined;
    });
    expect(total).toBeGreaterThan(300);
    expect(await page.locator('.row').count()).toBeLessThan(100);
    await rows.evaluate((element) => (element.scrollTop = 0));
    await waitUntil('the first row', async () =>
      (await page.locator('.row').first().textContent()) === first ? true : undefined,
    );
  });

  it('logs no error in the console', () => {
    expect(site.complaints).toEqual([]);
  });
});
