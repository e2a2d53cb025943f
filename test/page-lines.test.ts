// Tests how the page shows odd lines: invisible characters, lines too long for a list; and the sign-ins.
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { openPageSite, WAIT_MS, type PageSite } from './pages.js';
import { runProgram, waitUntil } from './program.js';

const LENGTH = 40_000;
const LOGGER = 'com.shop.Sink';
const JOB = 'a'.repeat(32);

describeWithParts(['chromium'], 'the page', () => {
  let site: PageSite;
  let page: Page;

  beforeAll(async () => {
    site = await openPageSite((logs) => {
      mkdirSync(join(logs, 'retail'));
      const time = '2026-11-20 10:00:00,000';
      appendFileSync(
        join(logs, 'retail', 'flink-flink-standalonesession-0-node-1.log'),
        `${time} WARN ${LOGGER} [] - paid \u202e001 rof\u202c to sh\u200bop\n` +
          `${time} INFO org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Job pay\u202ellor (${JOB}) switched from state RUNNING to FAILED.\n` +
          `${time} WARN ${LOGGER} [] - begin ${'x'.repeat(LENGTH)} the very end\n`,
      );
    });
    page = await site.open();
  });
  afterAll(() => site.close());

  it('shows letters that nobody sees, and that turn the direction of reading, as marks', async () => {
    await page.goto(`${site.address}/search?range=all&query=paid`);
    await page.locator('.row').first().waitFor({ timeout: WAIT_MS });

    const text = await page.locator('.row').first().textContent();
    expect(text).toContain('paid \\u202e001 rof\\u202c to sh\\u200bop');
    await page.locator('.row').first().click();
    expect(await page.locator('pre').first().textContent()).toContain('\\u202e001');
    expect(await page.locator('body').innerText()).not.toMatch(/[\u202a-\u202e\u200b]/);
  });

  it('shows them as marks in the names of jobs', async () => {
    await page.goto(`${site.address}/jobs?range=all`);
    const job = page.locator('tbody a').first();
    await job.waitFor({ timeout: WAIT_MS });
    expect(await job.textContent()).toBe('pay\\u202ellor');
    await job.click();
    await page.getByRole('heading', { name: 'pay\\u202ellor' }).waitFor({ timeout: WAIT_MS });
    expect(await page.locator('body').innerText()).not.toMatch(/[\u202a-\u202e]/);
  });

  it('shows the whole of a line that the list has cut, when asked', async () => {
    await page.goto(`${site.address}/search?range=all&query=begin`);
    await page.locator('.row').first().click();
    const whole = page.getByRole('button', { name: /Show the whole line/ });
    await whole.waitFor({ timeout: WAIT_MS });
    expect(await page.locator('pre').first().textContent()).not.toContain('the very end');

    await whole.click();

    await waitUntil('the end of the line', async () =>
      (await page.locator('pre').first().textContent())?.includes('the very end') === true ? true : undefined,
    );
    expect(await whole.count()).toBe(0);
  });

  it('lists who is signed in, and ends a sign-in', async () => {
    const data = join(site.logs, '..', 'data');
    const added = await runProgram(['users', 'add', 'anna', '--role', 'admin', '--data', data], {
      input: 'correct horse battery\n',
    });
    expect(added.code, added.stderr).toBe(0);
    const signIn = { name: 'anna', password: 'correct horse battery' };
    const answer = await waitUntil('the sign-in', async () => {
      const response = await page.request.post(`${site.address}/api/v1/session`, { data: signIn });
      return response.ok() ? response : undefined;
    });
    expect(answer.ok()).toBe(true);
    const other = await site.browser.newContext();
    await other.request.post(`${site.address}/api/v1/session`, { data: signIn });

    await page.goto(`${site.address}/sessions`);
    const rows = page.locator('tbody tr');
    await waitUntil('two sign-ins', async () => ((await rows.count()) === 2 ? true : undefined));
    expect(await page.locator('tbody').innerText()).toContain('this browser');
    const stranger = rows.filter({ hasNotText: 'this browser' });
    await stranger.getByRole('button', { name: 'End session' }).click();

    await waitUntil('one sign-in', async () => ((await rows.count()) === 1 ? true : undefined));
    expect((await other.request.get(`${site.address}/api/v1/viewer`)).status()).toBe(401);
    await page.getByText('中文').click();
    expect(await page.getByRole('heading').first().textContent()).toBe('登录会话');
  });
});
