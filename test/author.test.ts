// The one who writes rules, in a real Chromium: a job fails of what no rule names, its card leads to the editor, which
// drafts a rule from its lines, tries it while it is changed, and saves it; the next failure has its name.
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { openPageSite, WAIT_MS, type PageSite } from './pages.js';
import { waitUntil } from './program.js';

const ID = 'code.tariff/gap';

function failJob(logs: string, name: string, zone: number): void {
  const said = new Date().toISOString().replace('T', ' ').replace('.', ',').slice(0, -1);
  const id = Buffer.from(name.padEnd(16)).toString('hex');
  const graph = `${said} INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Job ${name} (${id})`;
  const lines = [
    `${graph} switched from state CREATED to RUNNING.`,
    `${graph} switched from state RUNNING to FAILING.`,
    'org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy',
    `Caused by: com.acme.TariffGapException: no tariff is known for zone ${zone}`,
    '\tat com.acme.Pricing.price(Pricing.java:42)',
    `${graph} switched from state FAILING to FAILED.`,
  ];
  mkdirSync(join(logs, name));
  appendFileSync(join(logs, name, `flink-flink-standalonesession-0-${name}.log`), `${lines.join('\n')}\n`);
}

describeWithParts(['chromium'], 'a rule written in the page', () => {
  let site: PageSite;
  let page: Page;

  beforeAll(async () => {
    site = await openPageSite((logs, folder) => {
      mkdirSync(join(folder, 'rules'));
      const config = join(folder, 'jobtrace.yaml');
      writeFileSync(config, `analyzer: { rulesDirs: ["${join(folder, 'rules')}"] }\n`);
      failJob(logs, 'billing', 17);
      return ['--config', config];
    });
    page = await site.open();
  });
  afterAll(() => site.close());

  it('begins at the card of a failure that no rule names, with its lines', async () => {
    await page.goto(`${site.address}/incidents`);
    await page
      .getByRole('row', { name: /TariffGapException/ })
      .first()
      .getByRole('link')
      .first()
      .click();
    await page.getByRole('link', { name: 'Write a rule' }).first().click();

    await page.getByRole('heading', { name: 'Write a rule' }).waitFor({ timeout: WAIT_MS });
    expect(await page.getByLabel('Lines of the failure').inputValue()).toContain('no tariff is known for zone 17');
  });

  it('is drafted from them: it stands first on its log and keeps silent on the near miss', async () => {
    await page.getByRole('button', { name: 'Draft', exact: true }).click();
    await page.getByLabel('Cause and variant').fill(ID);
    await page.getByText('This cause is new').waitFor({ timeout: WAIT_MS });
    await page.getByText('Named first:').waitFor({ timeout: WAIT_MS });
    await page.getByText('✔ Keeps silent').waitFor({ timeout: WAIT_MS });

    expect(await page.getByRole('status', { name: 'match.log' }).textContent()).toMatch(/1 × .*zone = ?17/s);
  });

  it('finds the failures of the last days that it would name', async () => {
    await page.getByRole('button', { name: 'Try it on the last 7 days' }).click();
    await page.getByText('or only a general one: 1').waitFor({ timeout: WAIT_MS });

    expect(await page.getByText('Where nothing had failed').count()).toBe(0);
    expect(await page.getByRole('link', { name: /billing/ }).getAttribute('href')).toMatch(/^\/incidents\/./);
  });

  it('cannot be saved while it is wrong, and says in which line', async () => {
    const area = page.getByLabel('rule.yaml');
    const rule = await area.inputValue();
    await area.fill(rule.replace('severity: error', 'severity: loud'));
    await page.getByText('Not valid yet').waitFor({ timeout: WAIT_MS });

    const line = rule.split('\n').findIndex((text) => text.startsWith('severity:')) + 1;
    expect(await page.getByRole('button', { name: new RegExp(`^${line}:`) }).count()).toBe(1);
    expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);

    await area.fill(rule.replace(/TODO: (?=no tariff)/, ''));
    await page.getByText('Named first:').waitFor({ timeout: WAIT_MS });
  });

  it('is saved, and the next failure has its name', async () => {
    const save = page.getByRole('button', { name: 'Save', exact: true });
    await waitUntil('it can be saved', async () => ((await save.isEnabled()) ? true : undefined));
    await save.click();
    await page.getByText('Saved, and in use').waitFor({ timeout: WAIT_MS });
    failJob(site.logs, 'invoices', 23);

    await page.goto(`${site.address}/incidents?cause=code.tariff`);
    const row = page.getByRole('row', { name: /invoices/ });
    await row.waitFor({ timeout: WAIT_MS });
    expect(await row.textContent()).toContain(ID);
  });

  it('is edited from its room, and the room says what is new', async () => {
    await page.goto(`${site.address}/rules/${ID}`);
    await page.getByRole('link', { name: 'Edit the rule' }).click();
    const area = page.getByLabel('rule.yaml');
    await area.waitFor({ timeout: WAIT_MS });
    expect(await page.getByRole('textbox', { name: 'match.log' }).inputValue()).toContain(
      'no tariff is known for zone 17',
    );
    await area.fill((await area.inputValue()).replace(/^( *en: ).*$/m, '$1"The tariffs have a gap at zone {zone}"'));
    const replace = page.getByRole('button', { name: 'Save in place of the rule of this id' });
    await waitUntil('it can be saved', async () => ((await replace.isEnabled()) ? true : undefined));
    await replace.click();
    await page.getByText('Saved, and in use').waitFor({ timeout: WAIT_MS });

    await page.goto(`${site.address}/rules/${ID}`);
    await waitUntil('the new title', async () => {
      await page.reload();
      await page.getByRole('heading', { level: 3 }).waitFor({ timeout: WAIT_MS });
      return (await page.getByRole('heading', { name: 'The tariffs have a gap at zone {zone}' }).count()) > 0
        ? true
        : undefined;
    });
    expect(site.complaints).toEqual([]);
  });
});
