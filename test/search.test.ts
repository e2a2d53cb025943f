// The search of the page as people use it, in a real Chromium over the recorded log of a real cluster whose job's own
// code throws: marks, traces, filters with counts, histogram, context, live lines, export, links, and what is said when
// nothing is found, when the search is wrong, and when the server is away.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { replayRecording } from '../lab/record/replay.js';
import { describeOnStores, openPageSite, type PageSite } from './pages.js';
import { waitUntil } from './program.js';

const NAME = 'code.user-exception/null-pointer/1.20.5';
/** Beside it a cluster that writes many lines. */
const NAMES = [NAME, 'healthy/option-dump/1.20.5'] as const;
const RECORDINGS = fileURLToPath(new URL('../lab/recordings', import.meta.url));
const WAIT_MS = 60_000;
const FRAME = 'com.acme.shop.OrdersEnrichment$AddCountry.map(OrdersEnrichment.java:44)';

describeOnStores('the search of the page', (store) => {
  let site: PageSite;
  let page: Page;

  const open = async (search: string): Promise<void> => {
    await page.goto(`${site.address}/search?${search}`);
    await page.locator('.row').first().waitFor({ timeout: WAIT_MS });
  };
  const type = async (query: string): Promise<void> => {
    await page.getByRole('combobox', { name: 'Search' }).fill(query);
    await page.keyboard.press('Enter');
  };
  /** What stands above the rows. */
  const readTotal = async (): Promise<number> =>
    Number((await page.locator('[aria-live]').textContent())?.replace(/\D/g, ''));
  const waitTotal = async (is: (total: number) => boolean): Promise<number> =>
    waitUntil('the number of lines', async () => {
      const total = await readTotal();
      return is(total) ? total : undefined;
    });
  const parameter = (name: string): string | null => new URL(page.url()).searchParams.get(name);

  beforeAll(async () => {
    const past = { delayMs: -60_000, durationMs: 60_000, signal: new AbortController().signal };
    site = await openPageSite(
      async (logs) => {
        for (const name of NAMES)
          await replayRecording({ name, folder: join(RECORDINGS, name), healthy: name !== NAME }, logs, past);
      },
      { store },
    );
    page = await site.open();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await waitUntil('the records', async () => {
      const answer = await fetch(`${site.address}/api/v1/records?query=AddCountry&limit=1`);
      const body = (await answer.json()) as { total?: number };
      return (body.total ?? 0) > 0 ? true : undefined;
    });
  });
  afterAll(() => site.close());

  it('shows a trace as one row: the class of its root, its message, the first frame of own code, how many frames', async () => {
    await open('range=all&query=AddCountry');

    expect(await page.locator('.trace').first().textContent()).toMatch(
      /^NullPointerException.*at OrdersEnrichment\$AddCountry\.map:44\+\d+ frames$/,
    );
  });

  it('marks what was searched for, in rows and in opened traces', async () => {
    const marks = page.locator('.row').first().locator('mark');
    expect(new Set(await marks.allTextContents())).toEqual(new Set(['AddCountry']));
    await page.locator('.row').first().click();
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
    await open('range=all');
    const all = await readTotal();
    const error = page.getByRole('button', { name: /^ERROR|^WARN/ }).first();
    const count = Number((await error.textContent())?.replace(/\D/g, ''));
    await error.click();
    expect(await waitTotal((total) => total !== all)).toBe(count);
    const loggers = page.locator('section', { has: page.getByRole('heading', { name: 'Logger' }) });
    const logger = loggers.getByRole('button').first();
    const name = (await logger.getAttribute('title'))?.split('\n')[0];
    await logger.click({ modifiers: ['Alt'] });
    await waitTotal((total) => total < count);
    expect(parameter('-logger')).toBe(name);
    await page.getByRole('button', { name: 'Clear Logger' }).click();
    await waitTotal((total) => total === count);
    await page.getByRole('button', { name: 'Clear Level' }).click();

    expect(await waitTotal((total) => total > count)).toBe(all);
  });

  it('says at once what is wrong with a search, where, and what was meant, and asks nothing', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await type('levl:ERROR');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).toContain('Character 1: there is no field "levl".');
    expect(asked.filter((url) => url.includes('levl'))).toEqual([]);
    await page.getByText('中文').click();
    expect(await alert.textContent()).toContain('第 1 个字符：没有字段 "levl"。');
    await page.getByText('EN', { exact: true }).click();
    await alert.getByRole('button', { name: 'level:ERROR' }).click();
    await alert.waitFor({ state: 'detached' });

    expect(parameter('query')).toBe('level:ERROR');
  });

  it('offers fields and their values with the number of their lines, which keys choose', async () => {
    await open('range=all&component=taskmanager');
    const field = page.getByRole('combobox', { name: 'Search' });
    const option = (name: string | RegExp) => page.getByRole('option', { name });
    await field.pressSequentially('lev');
    await option(/^level:/).waitFor({ timeout: WAIT_MS });
    expect(await field.getAttribute('aria-activedescendant')).toBeNull();
    await page.keyboard.press('ArrowDown');
    expect(await field.getAttribute('aria-activedescendant')).toBe(await option(/^level:/).getAttribute('id'));
    await page.keyboard.press('Tab');
    expect(await field.inputValue()).toBe('level:');
    await field.pressSequentially('wa');
    const warnings = option(/^WARN \d+ lines$/);
    await warnings.waitFor({ timeout: WAIT_MS });
    const count = Number((await warnings.textContent())?.replace(/\D/g, ''));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect([await field.inputValue(), parameter('query')]).toEqual(['level:WARN ', null]);
    await page.keyboard.press('Enter');
    await waitTotal((total) => total === count);

    expect(parameter('query')).toBe('level:WARN');
  });

  it('offers what a click takes, all fields when asked, in the language of the page, and nothing after Escape', async () => {
    await open('range=all');
    const field = page.getByRole('combobox', { name: 'Search' });
    await field.pressSequentially('AddCountry job:orders-');
    await page.getByRole('option', { name: /^orders-enrichment \d+ lines$/ }).click({ timeout: WAIT_MS });
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
    await open('range=all');
    await type('NullPointerExcept');
    await page.getByRole('button', { name: /^NullPointerExcept\* · \d+ lines/ }).click();
    await page.locator('.trace').first().waitFor({ timeout: WAIT_MS });

    expect(parameter('query')).toBe('NullPointerExcept*');
  });

  it('zooms by dragging over the histogram, and goes back', async () => {
    await open('range=all');
    const all = await readTotal();
    const box = await page.locator('.histogram .u-over').boundingBox();
    if (box === null) throw new Error('no histogram');
    await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.95, box.y + 20, { steps: 5 });
    await page.mouse.up();
    await waitTotal((total) => total < all);
    expect(parameter('from')).not.toBeNull();
    await page.getByRole('button', { name: 'Back' }).click();

    expect(await waitTotal((total) => total >= all)).toBe(all);
  });

  it('shows the lines around one in its process, with a key, and leads back to the same search', async () => {
    await open('range=all&query=AddCountry');
    await page.locator('.row').first().focus();
    await page.keyboard.press('c');
    await page.locator('.row.hit').waitFor({ timeout: WAIT_MS });
    const around = await page.locator('.around .row').count();
    expect(around).toBeGreaterThan(20);
    await page.getByRole('button', { name: 'More lines before' }).click();
    await waitUntil('more lines', async () =>
      (await page.locator('.around .row').count()) > around ? true : undefined,
    );
    await page.getByRole('button', { name: 'Back to the results' }).click();
    await page.locator('.row mark').first().waitFor({ timeout: WAIT_MS });

    expect(parameter('query')).toBe('AddCountry');
  });

  it('shows of a line that retention has removed what its incident kept', async () => {
    const before = site.complaints.length;
    const { incidents } = (await (await fetch(`${site.address}/api/v1/incidents`)).json()) as {
      incidents: readonly {
        diagnoses: readonly { evidence: readonly { recordId: string; time: string; text: string }[] }[];
      }[];
    };
    const kept = incidents.flatMap(({ diagnoses }) => diagnoses).flatMap(({ evidence }) => evidence)[0];
    await page.route('**/context?**', (route) =>
      route.fulfill({ status: 404, json: { error: { code: 'JT_NOT_FOUND', message: 'gone', fix: '' } } }),
    );
    await page.goto(`${site.address}/search?record=${encodeURIComponent(kept?.recordId ?? '')}&at=${kept?.time}`);
    await page.getByText('An incident kept it as evidence').waitFor({ timeout: WAIT_MS });
    await page.unroute('**/context?**');
    site.complaints.splice(before);

    expect(await page.locator('pre').textContent()).toBe(kept?.text);
  });

  it('counts new lines while it is live, moves nothing, and shows them when asked', async () => {
    await open('range=all');
    await page.getByRole('button', { name: 'Live' }).click();
    const rows = page.locator('.rows');
    await rows.evaluate((element) => (element.scrollTop = 400));
    const reading = await page.locator('.row').nth(25).textContent();
    // What came while the stream was opened is shown by no counter.
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

    await page.locator('.row', { hasText: 'a line that has just come' }).first().waitFor({ timeout: WAIT_MS });
  });

  it('gives all lines of a search as a file, and says before how many', async () => {
    await open('range=all&query=AddCountry');
    const total = await readTotal();
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
  });

  it('keeps what it shows while the server is away, says so, and goes on by itself', async () => {
    const before = site.complaints.length;
    await open('range=all&query=AddCountry');
    await page.route('**/api/v1/records?**', (route) => route.abort());
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByText('What is shown was loaded at').waitFor({ timeout: WAIT_MS });
    expect(await page.locator('.row').count()).toBeGreaterThan(0);
    await page.unroute('**/api/v1/records?**');
    await page.getByText('What is shown was loaded at').waitFor({ state: 'detached', timeout: WAIT_MS });
    site.complaints.splice(before);
  });

  it('keeps a search under a name, and lists its keys', async () => {
    await open('range=all&query=AddCountry&-level=INFO');
    await page.getByRole('button', { name: 'Saved searches' }).click();
    await page.getByRole('textbox', { name: 'Save this search' }).fill('own code');
    await page.keyboard.press('Enter');
    await open('range=all');
    await page.getByRole('button', { name: 'Saved searches' }).click();
    await page.getByRole('menuitem', { name: 'own code' }).click();
    await page.locator('.row mark').first().waitFor({ timeout: WAIT_MS });
    expect([parameter('query'), parameter('-level')]).toEqual(['AddCountry', 'INFO']);
    await page.locator('.row').first().focus();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).getByText('next, previous error').waitFor();
    await page.keyboard.press('Escape');
  });

  it('holds only the rows in its window, and those that it left are there again', async () => {
    await open('range=all');
    const total = await readTotal();
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
