// Provides, for tests of the page, the program as its users start it over a folder of logs, with one cluster per
// subfolder, on either store, and a Chromium whose console errors are kept. Elasticsearch is the one that all test
// files share.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { browserOptions } from '../lab/parts/services/chromium.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { findElasticsearch, removeAll } from '../lab/parts/testing/use-elasticsearch.js';
import { startProgram, waitUntil } from './program.js';

/** Longest time, in milliseconds, until something appears in the page. */
export const WAIT_MS = 30_000;
export const DESK = { width: 1280, height: 900 };

/** Store that people use for their records. */
export type PageStore = 'SQLite' | 'Elasticsearch';

export interface PageSite {
  /** Address of the page. */
  readonly address: string;
  readonly logs: string;
  readonly browser: Browser;
  /** Errors in the consoles of all windows that were opened here. */
  readonly complaints: string[];
  /** Opens a window of desktop width, in English. */
  open(options?: BrowserContextOptions): Promise<Page>;
  close(): Promise<void>;
}

interface SiteOptions {
  /** Store; SQLite by default. */
  readonly store?: PageStore;
  /** Additional content of the settings file, given the folder of the site. */
  readonly settings?: (folder: string) => object;
}

/** Runs the same tests on each store. */
export function describeOnStores(title: string, body: (store: PageStore) => void): void {
  describeWithParts(['chromium'], `${title}, on SQLite`, () => body('SQLite'));
  describeWithParts(['chromium', 'elasticsearch-8'], `${title}, on Elasticsearch`, () => body('Elasticsearch'));
}

/** Opens a site. `fill` writes logs before the program starts. */
export async function openPageSite(
  fill: (logs: string) => void | Promise<void>,
  { store = 'SQLite', settings = () => ({}) }: SiteOptions = {},
): Promise<PageSite> {
  const folder = mkdtempSync(join(tmpdir(), 'jobtrace-page-'));
  const logs = join(folder, 'logs');
  mkdirSync(logs);
  await fill(logs);
  const kept =
    store === 'SQLite' ? undefined : await openPrefix(basename(folder).replace('jobtrace-', '').toLowerCase());
  const config = join(folder, 'jobtrace.yaml');
  writeFileSync(config, JSON.stringify({ ...(kept && { store: kept.settings }), ...settings(folder) }));
  const watched = ['up', join(logs, '{cluster}'), '--config', config, '--data', join(folder, 'data')];
  const up = startProgram([...watched, '--listen', '127.0.0.1:0']);
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
      await kept?.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Provides a separate index prefix in the shared Elasticsearch; `jobtrace` itself belongs to another test. */
async function openPrefix(indexPrefix: string): Promise<{ readonly settings: object; remove(): Promise<void> }> {
  const url = await findElasticsearch();
  return {
    settings: { kind: 'elasticsearch', urls: [url], indexPrefix },
    remove: () => removeAll(url, indexPrefix),
  };
}
