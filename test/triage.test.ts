// Tests in a real Chromium how a person takes an incident: taken on the incident, visible in the list, which can be
// filtered by it, and released.
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findWebDir } from '../api/page.js';
import { startServer } from '../api/testing/server.js';
import { browserOptions } from '../lab/parts/services/chromium.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { DESK, WAIT_MS } from './pages.js';

describeWithParts(['chromium'], 'a card', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch(browserOptions());
  });
  afterAll(() => browser.close());

  /** Starts the server with the clock of the browser, because each annotation has its own time. */
  const serve = () => startServer({ settings: { webDir: findWebDir() }, now: () => Date.now() });

  async function open(address: string): Promise<Page> {
    const page = await browser.newPage({ viewport: DESK, locale: 'en-GB' });
    await page.goto(address);
    return page;
  }

  it('is acknowledged on its page, named in the list with who it was, and opened again', async () => {
    const { url, store } = await serve();
    const page = await open(`${url}/incidents/i-orders`);
    const note = page.getByRole('group', { name: 'Triage' });
    await note.getByRole('button', { name: 'Acknowledge' }).click({ timeout: WAIT_MS });
    await note.getByRole('button', { name: 'Reopen' }).waitFor({ timeout: WAIT_MS });
    expect(await note.getByRole('button', { name: 'Acknowledge' }).count()).toBe(0);
    const [word] = await store.triage.find();
    expect(word).toMatchObject({ incidentId: 'i-orders', state: 'acknowledged' });

    await page.goto(`${url}/incidents`);
    await page.getByText(`Acknowledged · ${word?.by ?? ''}`).waitFor({ timeout: WAIT_MS });
    await page.goto(`${url}/incidents?triage=open`);
    await page.getByText('No incidents match these filters').waitFor({ timeout: WAIT_MS });

    await page.goto(`${url}/incidents/i-orders`);
    await note.getByRole('button', { name: 'Reopen' }).click({ timeout: WAIT_MS });
    await note.getByRole('button', { name: 'Acknowledge' }).waitFor({ timeout: WAIT_MS });
    expect((await store.triage.find()).map(({ state }) => state).sort()).toEqual(['acknowledged', 'open']);
    await page.close();
  });

  it('is merged into another, which leads to it, and split off again', async () => {
    const { url } = await serve();
    const page = await open(`${url}/incidents/i-orders`);
    const note = page.getByRole('group', { name: 'Triage' });
    await note.getByRole('button', { name: 'Merge into…' }).click({ timeout: WAIT_MS });
    await page.getByRole('option', { name: /^fraud/ }).click({ timeout: WAIT_MS });
    await note.getByRole('link', { name: 'Merged into' }).click({ timeout: WAIT_MS });
    await page.getByText('Merged here').waitFor({ timeout: WAIT_MS });
    expect(page.url()).toBe(`${url}/incidents/i-fraud`);

    await page.goto(`${url}/incidents`);
    await page.getByText('fraud').first().waitFor({ timeout: WAIT_MS });
    expect(await page.getByText('orders').count()).toBe(0);
    await page.goto(`${url}/incidents/i-orders`);
    await note.getByRole('button', { name: 'Unmerge' }).click({ timeout: WAIT_MS });
    await note.getByRole('button', { name: 'Acknowledge' }).waitFor({ timeout: WAIT_MS });
    await page.close();
  });

  it('is ignored for a while, until a time that it shows', async () => {
    const { url, store } = await serve();
    const page = await open(`${url}/incidents/i-orders`);
    const note = page.getByRole('group', { name: 'Triage' });
    await note.getByRole('button', { name: 'Ignore' }).click({ timeout: WAIT_MS });
    await page.getByRole('menuitem', { name: '8 h' }).click({ timeout: WAIT_MS });
    await note.getByText(/^Ignored · by .* · Until /).waitFor({ timeout: WAIT_MS });

    const [word] = await store.triage.find();
    expect(Date.parse(word?.until ?? '') - Date.parse(word?.at ?? '')).toBeGreaterThan(7.9 * 3_600_000);
    await page.close();
  });
});
