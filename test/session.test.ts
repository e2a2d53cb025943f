// Tests a reader's session in a real Chromium: each room asks for a token at its start, and typed text survives a token
// that the server does not know after a restart.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { browserOptions } from '../lab/parts/services/chromium.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { startProgram, waitUntil, type RunningProgram } from './program.js';

const BUFFERS_LOG = fileURLToPath(
  new URL('../rules/recordings/network.insufficient-buffers.total.log', import.meta.url),
);
const WAIT_MS = 30_000;
const ROOMS = ['incidents', 'jobs', 'search', 'paste', 'alerts', 'rules', 'agents'];

describeWithParts(['chromium'], 'a session of the page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-session-'));
  const logs = join(folder, 'logs');
  const config = join(folder, 'jobtrace.yaml');
  let up: RunningProgram | undefined;
  let listen = '127.0.0.1:0';
  let browser: Browser;
  let page: Page;

  /** Restarts the program on the same address with only this token, or with none if it is undefined. */
  const restart = async (token: string | undefined): Promise<void> => {
    await up?.stop();
    const tokens = token === undefined ? '[]' : `[{name: of-${token}, token: ${token}, role: reader}]`;
    // The log is of March, and a start deletes lines that are too old.
    writeFileSync(config, `store: {retentionDays: 36500}\napi: {tokens: ${tokens}}\n`);
    const program = startProgram(['up', logs, '--config', config, '--data', join(folder, 'data'), '--listen', listen]);
    up = program;
    const found = await waitUntil('the page', () => /http:\/\/(127\.0\.0\.1:\d+)/.exec(program.stdout())?.[1], {
      saw: () => [program.stdout(), program.stderr()],
    });
    listen = found;
  };
  const open = async (room: string): Promise<void> => {
    await page.goto(`http://${listen}/${room}`);
  };
  const waitForForm = (): Promise<void> => page.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: WAIT_MS });
  const signIn = async (token: string): Promise<void> => {
    await waitForForm();
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Sign in' }).waitFor({ state: 'detached', timeout: WAIT_MS });
  };

  beforeAll(async () => {
    mkdirSync(logs);
    copyFileSync(BUFFERS_LOG, join(logs, 'flink-flink-standalonesession-0-node-1.log'));
    await restart('first-0123456789abcdef');
    browser = await chromium.launch(browserOptions());
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, locale: 'en-GB' });
  });
  afterAll(async () => {
    await browser.close();
    await up?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(ROOMS)('asks for a token at the start of %s', async (room) => {
    await open(room);
    await waitForForm();

    expect(page.url()).toBe(`http://${listen}/${room}`);
  });

  it('says of a token that no header can carry what is wrong with it, in both languages, and sends none', async () => {
    await page.getByLabel('Token', { exact: true }).fill('первый-0123456789');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor({ timeout: WAIT_MS });

    expect(await page.getByRole('alert').textContent()).toContain('ASCII');
    await page.getByText('中文').click();
    await page.getByText('令牌只能包含').waitFor({ timeout: WAIT_MS });
    await page.getByText('EN', { exact: true }).click();
  });

  it('keeps a pasted log that the server refuses, and diagnoses it after the sign-in', async () => {
    const log = readFileSync(BUFFERS_LOG, 'utf8');
    await open('paste');
    await signIn('first-0123456789abcdef');
    await page.getByRole('textbox', { name: 'Paste a log' }).fill(log);
    await restart('second-0123456789abcdef');
    await page.getByRole('button', { name: 'Diagnose' }).click();
    await page.getByText('Invalid or expired token.').waitFor({ timeout: WAIT_MS });
    await page.getByText('Your input is kept').waitFor({ timeout: WAIT_MS });
    expect(await page.getByRole('textbox', { name: 'Paste a log' }).count()).toBe(0);
    await signIn('second-0123456789abcdef');
    await page.locator('pre', { hasText: 'taskmanager.memory.network.min: 112m' }).waitFor({ timeout: WAIT_MS });

    expect(await page.getByRole('textbox', { name: 'Paste a log' }).inputValue()).toBe(log);
  });

  it('keeps a query that is not sent yet, and asks for one that was sent', async () => {
    await open('search?range=all');
    await page.locator('.row').first().waitFor({ timeout: WAIT_MS });
    await page.getByRole('combobox', { name: 'Search' }).fill('level:INFO "Initializing job"');
    await restart('third-0123456789abcdef');
    await page.getByRole('button', { name: /^INFO/ }).click();
    await waitForForm();
    expect(await page.locator('.row').count()).toBe(0);
    const answer = page.waitForResponse((found) => found.ok() && found.url().includes('/api/v1/records?'));
    await signIn('third-0123456789abcdef');
    // A request that is still pending when the token changes would show the form before the click.
    await answer;

    expect(await page.getByRole('combobox', { name: 'Search' }).inputValue()).toBe('level:INFO "Initializing job"');
    await page.keyboard.press('Escape');
    await restart('fourth-0123456789abcdef');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await signIn('fourth-0123456789abcdef');
    await waitUntil('one row', async () => ((await page.locator('.row').count()) === 1 ? true : undefined));

    expect(await page.locator('.row').textContent()).toContain('orders-by-region');
  });

  it('shows nothing of what the refused token had seen while it asks for another', async () => {
    await open('incidents');
    await page.getByText('Not enough network buffers').first().waitFor({ timeout: WAIT_MS });
    await restart('fifth-0123456789abcdef');
    await waitForForm();

    expect(await page.content()).not.toContain('Not enough network buffers');
    await signIn('fifth-0123456789abcdef');
    await page.getByText('Not enough network buffers').first().waitFor({ timeout: WAIT_MS });
  });

  it('forgets what was typed at sign-out', async () => {
    await open('paste');
    await page.getByRole('textbox', { name: 'Paste a log' }).fill('of the one who leaves');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await signIn('fifth-0123456789abcdef');

    expect(await page.getByRole('textbox', { name: 'Paste a log' }).inputValue()).toBe('');
  });

  it('keeps what was typed where a server without tokens is restarted with one', async () => {
    await restart(undefined);
    await open('paste');
    await page.evaluate('sessionStorage.clear()');
    await page.reload();
    await page.getByRole('textbox', { name: 'Paste a log' }).fill(readFileSync(BUFFERS_LOG, 'utf8'));
    await restart('sixth-0123456789abcdef');
    await page.getByRole('button', { name: 'Diagnose' }).click();
    await signIn('sixth-0123456789abcdef');
    await page.locator('pre', { hasText: 'taskmanager.memory.network.min: 112m' }).waitFor({ timeout: WAIT_MS });
  });
});
