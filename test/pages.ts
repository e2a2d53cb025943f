// For tests of the page: the program as its users start it over a folder of logs, a cluster in each of its folders,
// and a Chromium whose complaints are kept.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { browserOptions } from '../lab/parts/services/chromium.js';
import { startProgram, waitUntil } from './program.js';

/** Until something stands in the page. */
export const WAIT_MS = 30_000;
export const DESK = { width: 1280, height: 900 };

export interface PageSite {
  /** Of the page. */
  readonly address: string;
  readonly logs: string;
  readonly browser: Browser;
  /** What each window that was opened here wrote into its console as an error. */
  readonly complaints: string[];
  /** A window as wide as a desk's, in English. */
  open(options?: BrowserContextOptions): Promise<Page>;
  close(): Promise<void>;
}

/** `fill` writes logs, and says what else the program is given. */
export async function openPageSite(
  fill: (logs: string, folder: string) => readonly string[] | Promise<readonly string[]>,
): Promise<PageSite> {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-page-'));
  const logs = join(folder, 'logs');
  mkdirSync(logs);
  const more = await fill(logs, folder);
  const watched = ['up', join(logs, '{cluster}'), '--data', join(folder, 'data'), '--listen', '127.0.0.1:0'];
  const up = startProgram([...watched, ...more]);
  const address = await waitUntil('the page', () => /http:\/\/127\.0\.0\.1:\d+/.exec(up.stdout())?.[0], {
    saw: () => [up.stdout(), up.stderr()],
  });
  const browser = await chromium.launch(browserOptions());
  const complaints: string[] = [];
  return {
    address,
    logs,
    browser,
    complaints,
    open: async (options = {}) => {
      const page = await browser.newPage({ viewport: DESK, locale: 'en-GB', ...options });
      page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      return page;
    },
    close: async () => {
      await browser.close();
      await up.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
