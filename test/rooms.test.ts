// Tests the rooms of the page in a real Chromium, over recorded clusters: whether people with low vision, with colour
// blindness or without a mouse can use them (axe checks each, light and dark, and must report nothing serious or
// critical), and what the room of a cluster shows.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { RECORDINGS_DIR } from '../lab/play/manifest.js';
import { openPageSite, WAIT_MS, type PageSite } from './pages.js';
import { waitUntil } from './program.js';

/** Recordings: one that a rule names, one that restarts, one of several jobs. */
const SHOWN = {
  orders: 'network.insufficient-buffers/total/1.20.5',
  loop: 'code.user-exception/number-format/1.20.5',
  shared: 'code.user-exception/beside-a-healthy-job/1.20.5',
};

/** Room and the text that it shows when it is ready. */
const ROOMS: readonly (readonly [address: string, ready: string])[] = [
  ['/incidents', 'Not enough network buffers'],
  ['/incidents/FIRST', 'Fix'],
  ['/jobs?range=all', 'order-dimensions'],
  ['/job?job=JOB&range=all', 'order-dimensions'],
  ['/cluster?cluster=orders&range=all', 'Not enough network buffers'],
  ['/search?range=all', 'ExecutionGraph'],
  ['/search?range=all&query=level%3AWARN', 'switched from'],
  ['/paste', 'Diagnose'],
  ['/alerts', 'Create silence'],
  ['/rules', 'network.insufficient-buffers/total'],
  ['/rules/network.insufficient-buffers/total', 'Not enough network buffers'],
  ['/rules/new', 'Log excerpt'],
  ['/agents', 'Agents'],
];

describeWithParts(['chromium'], 'the rooms of the page', () => {
  let site: PageSite;
  let first: { readonly id: string; readonly job: string };

  beforeAll(async () => {
    site = await openPageSite((logs) => {
      for (const [cluster, recording] of Object.entries(SHOWN))
        cpSync(join(RECORDINGS_DIR, recording), join(logs, cluster), { recursive: true });
    });
    first = await waitUntil('an incident', async () => {
      const answer = await fetch(`${site.address}/api/v1/incidents/rows?cause=network.insufficient-buffers`);
      const { rows } = (await answer.json()) as { rows: { id: string; job?: { id: string } }[] };
      const [incident] = rows;
      return incident === undefined ? undefined : { id: incident.id, job: incident.job?.id ?? '' };
    });
  });
  afterAll(() => site.close());

  it('show of a cluster what failed there, and the last word of each process', async () => {
    const page = await site.open();
    await page.goto(`${site.address}/incidents/${first.id}`);
    await page.getByRole('link', { name: 'orders', exact: true }).click();
    await page.getByRole('heading', { name: 'Cluster orders' }).waitFor({ timeout: WAIT_MS });
    const taskManager = page.getByRole('row', { name: /taskexecutor-0/ });
    await taskManager.getByText('Close JobManager connection for job').waitFor({ timeout: WAIT_MS });

    const failures = page.getByRole('region', { name: 'Incidents' }).getByRole('row');
    expect(await failures.allInnerTexts()).toEqual([
      expect.stringContaining('Cause'),
      expect.stringContaining('Not enough network buffers'),
    ]);
    await taskManager.getByRole('link').click();
    await page.getByText('switched from DEPLOYING to FAILED').first().waitFor({ timeout: WAIT_MS });
    expect(await page.getByText('ExecutionGraph').count()).toBe(0);
    await page.close();
  });

  it('cut off no word of a card where the window is narrow', async () => {
    const answer = await fetch(`${site.address}/api/v1/incidents/rows?cause=code.user-exception`);
    const { rows } = (await answer.json()) as { rows: { id: string }[] };
    const page = await site.open({ viewport: { width: 420, height: 800 } });
    await page.goto(`${site.address}/incidents/${rows[0]?.id}`);
    await page.getByText('The exception began in').waitFor({ timeout: WAIT_MS });

    const cards = page.locator('.mantine-Card-root');
    expect(await cards.evaluateAll((all) => all.map((card) => card.scrollWidth - card.clientWidth))).toEqual(
      Array.from({ length: await cards.count() }, () => 0),
    );
    await page.close();
  });

  it('say on a phone, too, which of them this is', async () => {
    const page = await site.open({ viewport: { width: 420, height: 800 } });
    await page.goto(`${site.address}/agents`);
    const name = page.getByRole('link', { name: 'Agents', exact: true });
    await waitUntil('its name between the edges', async () => {
      const box = await name.boundingBox();
      return box !== null && box.x >= 0 && box.x + box.width <= 420 ? true : undefined;
    });
    expect(await name.getAttribute('aria-current')).toBe('page');
    await page.close();
  });

  it.each(['light', 'dark'] as const)(
    'find nothing serious in what completes a search and in its view, %s',
    async (scheme) => {
      const page = await site.open({ colorScheme: scheme });
      await page.goto(`${site.address}/search?range=all`);
      await page.locator('.row').first().waitFor({ timeout: WAIT_MS });
      await page.getByRole('combobox', { name: 'Search' }).fill('job:');
      await page.getByRole('option').first().waitFor({ timeout: WAIT_MS });
      await page.keyboard.press('ArrowDown');
      expect(await look(page)).toEqual([]);
      await page.getByRole('button', { name: 'View' }).click();
      await page.getByLabel('Wrap long lines').waitFor({ timeout: WAIT_MS });
      expect(await look(page)).toEqual([]);
      await page.close();
    },
  );

  it.each(
    ROOMS.flatMap(([room, ready]) => (['light', 'dark'] as const).map((scheme) => [room, scheme, ready] as const)),
  )('finds nothing serious in %s, %s', async (room, scheme, ready) => {
    const page = await site.open({ colorScheme: scheme });
    await page.goto(`${site.address}${room.replace('FIRST', first.id).replace('JOB', first.job)}`);
    await page.getByText(ready).first().waitFor({ timeout: WAIT_MS });

    expect(await look(page)).toEqual([]);
    await page.close();
  });
});

/** Returns the problems, one per line. */
async function look(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const results = await page.evaluate<AxeResults>('axe.run({ resultTypes: ["violations"] })');
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, html, any }) => `${id}: ${any[0]?.message ?? ''} ${target.join(' ')} ${html.slice(0, 160)}`),
    );
}
