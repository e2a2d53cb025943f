// Tests the author of a rule in a real Chromium, on the recorded failure of a real cluster and on either store. The
// incident has only a general name and leads to the editor, which drafts a rule from its lines, tries it during edits
// and on the last days, and saves it. The next failure has the rule's name.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { RECORDINGS_DIR } from '../lab/play/manifest.js';
import { replayRecording } from '../lab/play/rewrite.js';
import { describeOnStores, openPageSite, WAIT_MS, type PageSite } from './pages.js';
import { waitUntil } from './program.js';

/**
 * Recording in which a service of the company goes away under a job; to the catalog it is some exception of the user's
 * code.
 */
const NAME = 'code.user-exception/static-state/1.20.5';
const ID = 'connector.loyalty/reset';

/** Replays the failure as of a minute ago, in another cluster. */
async function fail(logs: string, cluster: string): Promise<void> {
  const past = { delayMs: -60_000, durationMs: 60_000, signal: new AbortController().signal };
  await replayRecording({ name: cluster, folder: join(RECORDINGS_DIR, NAME), healthy: false }, logs, past);
}

describeOnStores('a rule written in the page', (store) => {
  let site: PageSite;
  let page: Page;

  beforeAll(async () => {
    site = await openPageSite((logs) => fail(logs, 'billing'), {
      store,
      settings: (folder) => {
        mkdirSync(join(folder, 'rules'));
        return { analyzer: { rulesDirs: [join(folder, 'rules')] } };
      },
    });
    page = await site.open();
  });
  afterAll(() => site.close());

  it('begins at the card of a failure that only a general rule names, with its lines', async () => {
    await page.goto(`${site.address}/incidents`);
    await page
      .getByRole('row', { name: /loyalty-points/ })
      .first()
      .getByRole('link')
      .first()
      .click();
    await page.getByRole('link', { name: 'New rule' }).first().click();

    await page.getByRole('heading', { name: 'New rule' }).waitFor({ timeout: WAIT_MS });
    expect(await page.getByLabel('Log excerpt').inputValue()).toContain('loyalty service: connection reset');
  });

  it('is drafted from them: it stands first on its log and keeps silent on the near miss', async () => {
    await page.getByRole('button', { name: 'Draft', exact: true }).click();
    await page.getByLabel('Rule ID').fill(ID);
    await page.getByText('New cause').waitFor({ timeout: WAIT_MS });
    await page.getByText('Top diagnosis:').waitFor({ timeout: WAIT_MS });
    await page.getByText('✔ No match, as expected').waitFor({ timeout: WAIT_MS });

    expect(await page.getByRole('status', { name: 'match.log' }).textContent()).toMatch(/\d × .*customer = ?\d+/s);
  });

  it('finds the failures of the last days that it would name', async () => {
    await page.getByRole('button', { name: 'Backtest (7 days)' }).click();
    await page.getByText('Would newly diagnose: 1').waitFor({ timeout: WAIT_MS });

    expect(await page.getByText('Matches without a failure').count()).toBe(0);
    expect(await page.getByRole('link', { name: /loyalty-points/ }).getAttribute('href')).toMatch(/^\/incidents\/./);
  });

  it('cannot be saved while it is wrong, and says in which line', async () => {
    const area = page.getByLabel('Rule (YAML)');
    const rule = await area.inputValue();
    await area.fill(rule.replace('status: draft', 'status: loud'));
    await page.getByText('Problems').waitFor({ timeout: WAIT_MS });

    const line = rule.split('\n').findIndex((text) => text.startsWith('status:')) + 1;
    expect(await page.getByRole('button', { name: new RegExp(`^${line}:`) }).count()).toBe(1);
    expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);

    await area.fill(rule.replace(/TODO: (?=loyalty service)/, ''));
    await page.getByText('Top diagnosis:').waitFor({ timeout: WAIT_MS });
  });

  it('is saved, and the next failure has its name', async () => {
    const save = page.getByRole('button', { name: 'Save', exact: true });
    await waitUntil('it can be saved', async () => ((await save.isEnabled()) ? true : undefined));
    await save.click();
    await page.getByText('Saved and active').waitFor({ timeout: WAIT_MS });
    await fail(site.logs, 'invoices');

    await page.goto(`${site.address}/incidents?cause=connector.loyalty`);
    const row = page.getByRole('row', { name: /invoices/ });
    await row.waitFor({ timeout: WAIT_MS });
    expect(await row.textContent()).toContain(ID);
  });

  it('is edited from its room, and the room says what is new', async () => {
    await page.goto(`${site.address}/rules/${ID}`);
    await page.getByRole('link', { name: 'Edit rule' }).click();
    const area = page.getByLabel('Rule (YAML)');
    await area.waitFor({ timeout: WAIT_MS });
    expect(await page.getByRole('textbox', { name: 'match.log' }).inputValue()).toContain('loyalty service: ');
    await area.fill(
      (await area.inputValue()).replace(/^title: .*$/m, 'title: "The loyalty service hung up on customer {customer}"'),
    );
    const replace = page.getByRole('button', { name: 'Overwrite existing rule' });
    await waitUntil('it can be saved', async () => ((await replace.isEnabled()) ? true : undefined));
    await replace.click();
    await page.getByText('Saved and active').waitFor({ timeout: WAIT_MS });

    await page.goto(`${site.address}/rules/${ID}`);
    await waitUntil('the new title', async () => {
      await page.reload();
      await page.getByRole('heading', { level: 3 }).waitFor({ timeout: WAIT_MS });
      return (await page.getByRole('heading', { name: 'The loyalty service hung up on customer {customer}' }).count()) >
        0
        ? true
        : undefined;
    });
    expect(site.complaints).toEqual([]);
  });
});
