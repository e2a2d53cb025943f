// Tests the person on call when a job dies, in a real Chromium, on the recorded failure of a real cluster and on either
// store: the page is open while it happens, the incident appears by itself, says what broke and what to do, the fix is
// copied, and the incident leads to its lines. page.test.ts tests the single parts of an incident.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RECORDINGS_DIR } from '../lab/play/manifest.js';
import { replayRecording } from '../lab/play/rewrite.js';
import { describeOnStores, openPageSite, WAIT_MS, type PageSite } from './pages.js';
import { waitUntil } from './program.js';

const NAME = 'network.insufficient-buffers/total/1.20.5';
const HEALTHY = 'healthy/option-dump/1.20.5';
const JOB = 'order-dimensions';

/** Replays a recording, either in the past or while the page is open. */
async function replay(logs: string, name: string, cluster: string, durationMs: number, delayMs: number): Promise<void> {
  const recording = { name: cluster, folder: join(RECORDINGS_DIR, name), healthy: name === HEALTHY };
  await replayRecording(recording, logs, { delayMs, durationMs, signal: new AbortController().signal });
}

describeOnStores('a job that dies', (store) => {
  let site: PageSite;
  let page: Page;

  beforeAll(async () => {
    site = await openPageSite((logs) => replay(logs, HEALTHY, 'quiet', 60_000, -60_000), { store });
    page = await site.open();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  });
  afterAll(() => site.close());

  it('has a card on the page that is open, which stands in the list with its cause', async () => {
    await page.goto(`${site.address}/incidents`);
    await page.getByText('No incidents').waitFor({ timeout: WAIT_MS });
    await replay(site.logs, NAME, 'shop', 3_000, 0);
    const row = page.getByRole('row', { name: /Not enough network buffers/ });
    await row.waitFor({ timeout: WAIT_MS });
    // The end of the job follows its failure after a moment.
    await row.getByText('Failed').waitFor({ timeout: WAIT_MS });

    expect(await row.textContent()).toMatch(new RegExp(`network\\.insufficient-buffers/total.*${JOB}.*shop`));
  });

  it('is said in one sentence, with a fix that is copied as it stands', async () => {
    await page
      .getByRole('row', { name: /Not enough network buffers/ })
      .getByRole('link')
      .first()
      .click();
    await page.getByRole('heading', { name: 'Not enough network buffers' }).first().waitFor({ timeout: WAIT_MS });
    const fix = page.locator('pre', { hasText: 'taskmanager.memory.network' }).first();
    await page.getByRole('button', { name: 'Copy', exact: true }).first().click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();

    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toMatch(/^taskmanager\.memory\.network\.min: \d+m\ntaskmanager\.memory\.process\.size: \d+m$/);
    expect(await fix.textContent()).toBe(copied);
  });

  it('has the line that proves it, in the context of its process', async () => {
    const evidence = await page
      .locator('pre', { has: page.locator('mark') })
      .first()
      .textContent();
    await page.getByRole('link', { name: 'show in log' }).first().click();
    const hit = page.locator('.row.hit');
    await hit.waitFor({ timeout: WAIT_MS });

    expect(await page.locator('.around .row').count()).toBeGreaterThan(10);
    expect(await page.locator('.around pre').first().textContent()).toContain(/\w+Exception/.exec(evidence ?? '')?.[0]);
  });

  it('leads to all of its lines, and to none of another cluster', async () => {
    await page.goBack();
    await page.getByRole('link', { name: 'Search →' }).click();
    await page.locator('.row').first().waitFor({ timeout: WAIT_MS });

    expect(new URL(page.url()).searchParams.get('job')).toMatch(/^[0-9a-f]{32}$/);
    const clusters = page.locator('section', { has: page.getByRole('heading', { name: 'Cluster' }) });
    await waitUntil('its cluster', async () => ((await clusters.locator('.facet').count()) > 0 ? true : undefined));
    expect(await clusters.locator('.facet .cut').allTextContents()).toEqual(['shop']);
    expect(await page.locator('.trace', { hasText: 'Insufficient number of network buffers' }).count()).toBeGreaterThan(
      0,
    );
    expect(site.complaints).toEqual([]);
  });
});
