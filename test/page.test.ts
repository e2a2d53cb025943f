// The page as people see it, in a real Chromium: a failing job's log becomes a row, the row a diagnosis with its
// highlighted evidence and a patch to copy; search, context, both languages, and no error in the console.
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browserOptions } from '../lab/parts/services/chromium.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { startProgram, waitUntil, type RunningProgram } from './program.js';

const BUFFERS_LOG = fileURLToPath(new URL('../rules/network/insufficient-buffers/total/match.log', import.meta.url));
const WAIT_MS = 30_000;

describeWithParts(['chromium'], 'the page', () => {
  let folder: string;
  let up: RunningProgram;
  let browser: Browser;
  let page: Page;
  let address: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jobtrace-page-'));
    const logs = join(folder, 'logs');
    mkdirSync(logs);
    appendFileSync(join(logs, 'flink-flink-standalonesession-0-node-1.log'), readFileSync(BUFFERS_LOG));
    up = startProgram(['up', logs, '--data', join(folder, 'data'), '--listen', '127.0.0.1:0']);
    address = await waitUntil('the page', () => /http:\/\/127\.0\.0\.1:\d+/.exec(up.stdout())?.[0], {
      saw: () => [up.stdout(), up.stderr()],
    });
    browser = await chromium.launch(browserOptions());
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' });
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterAll(async () => {
    await browser.close();
    await up.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('lists the incident with its cause, its job and whose task it is', async () => {
    await page.goto(address);
    const row = page.getByRole('row', { name: /Not enough network buffers/ });
    await row.waitFor({ timeout: WAIT_MS });

    expect(await row.textContent()).toMatch(/network\.insufficient-buffers\/total.*orders-by-region.*configuration/);
  });

  it('shows the cause, the computed patch, and the captured numbers marked in the evidence', async () => {
    await page.getByText('Not enough network buffers').first().click();
    await page.getByRole('heading', { name: 'What to do' }).waitFor({ timeout: WAIT_MS });

    expect(await page.locator('pre').allTextContents()).toContain(
      'taskmanager.memory.network.min: 112m\ntaskmanager.memory.process.size: 1104m',
    );
    expect(await page.locator('mark').allTextContents()).toEqual(expect.arrayContaining(['17', '0', '2048', '32768']));
  });

  it('opens the evidence in its context, with the line marked', async () => {
    await page.getByRole('link', { name: 'in context' }).first().click();
    await page.locator('.row.hit').waitFor({ timeout: WAIT_MS });

    expect(await page.locator('.row.hit').count()).toBe(1);
    expect(await page.getByText('Initializing job').count()).toBeGreaterThan(0);
  });

  it('speaks Chinese when asked', async () => {
    await page.goto(`${address}/incidents`);
    await page.getByText('中文').click();
    await page.getByText('网络缓冲区不足').first().waitFor({ timeout: WAIT_MS });

    expect(await page.getByRole('heading', { name: '故障' }).count()).toBe(1);
    await page.getByText('EN', { exact: true }).click();
  });

  it('searches words and fields, and keeps the search in the address', async () => {
    await page.goto(`${address}/search?range=all`);
    await page.getByRole('textbox', { name: 'Search' }).fill('level:INFO "Initializing job"');
    await page.keyboard.press('Enter');
    await waitUntil('one row', async () => ((await page.locator('.row').count()) === 1 ? true : undefined));

    expect(new URL(page.url()).searchParams.get('query')).toBe('level:INFO "Initializing job"');
    expect(await page.locator('.row').textContent()).toContain('orders-by-region');
  });

  it('says what is wrong with a query', async () => {
    const before = complaints.length;
    await page.getByRole('textbox', { name: 'Search' }).fill('levl:ERROR');
    await page.keyboard.press('Enter');
    await page.getByText(/did you mean/i).waitFor({ timeout: WAIT_MS });

    // The browser itself logs a refused request.
    expect(complaints.splice(before).every((text) => text.includes('400'))).toBe(true);
  });

  it('diagnoses a pasted log', async () => {
    await page.goto(`${address}/paste`);
    await page.getByRole('textbox').fill(readFileSync(BUFFERS_LOG, 'utf8'));
    await page.getByRole('button', { name: 'Diagnose' }).click();
    await page.locator('pre', { hasText: 'taskmanager.memory.network.min: 112m' }).waitFor({ timeout: WAIT_MS });
  });

  it('lists rules and agents', async () => {
    await page.goto(`${address}/rules`);
    await page.getByText('network.insufficient-buffers/total').waitFor({ timeout: WAIT_MS });
    await page.goto(`${address}/agents`);
    await page.getByRole('columnheader', { name: 'Records shipped' }).waitFor({ timeout: WAIT_MS });
  });

  it('answers a link to an incident that is gone', async () => {
    const before = complaints.length;
    await page.goto(`${address}/incidents/nothing`);
    await page.getByText('Retention may have deleted it').waitFor({ timeout: WAIT_MS });
    complaints.splice(before);
  });

  it('logs no error in the console', () => {
    expect(complaints).toEqual([]);
  });
});
