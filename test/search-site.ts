// Provides, for tests of the search, a page over the recorded log of a real cluster whose job's own code throws, next
// to one that writes many lines, as if both had run a minute ago; and the actions that every such test performs.
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { RECORDINGS_DIR } from '../lab/play/manifest.js';
import { replayRecording } from '../lab/play/rewrite.js';
import { openPageSite, type PageSite, type PageStore } from './pages.js';
import { waitUntil } from './program.js';

/** Recording that throws; `AddCountry` is in its trace. */
export const NAME = 'code.user-exception/null-pointer/1.20.5';
const NAMES = [NAME, 'healthy/option-dump/1.20.5'] as const;
export const LONG_WAIT_MS = 60_000;

export interface SearchSite extends PageSite {
  readonly page: Page;
  /** Searches by the parameters of the address, and waits until there are rows. */
  search(parameters: string): Promise<void>;
  type(query: string): Promise<void>;
  /** Returns the total that is shown above the rows. */
  readTotal(): Promise<number>;
  waitTotal(is: (total: number) => boolean): Promise<number>;
  /** Returns a parameter of the address. */
  parameter(name: string): string | null;
}

export async function openSearchSite(store: PageStore): Promise<SearchSite> {
  const past = { delayMs: -60_000, durationMs: 60_000, signal: new AbortController().signal };
  const site = await openPageSite(
    async (logs) => {
      for (const name of NAMES)
        await replayRecording({ name, folder: join(RECORDINGS_DIR, name), healthy: name !== NAME }, logs, past);
    },
    { store },
  );
  const page = await site.open();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await waitUntil('the records', async () => {
    const answer = await fetch(`${site.address}/api/v1/records?query=AddCountry&limit=1`);
    const body = (await answer.json()) as { total?: number };
    return (body.total ?? 0) > 0 ? true : undefined;
  });
  const readTotal = async (): Promise<number> =>
    Number((await page.locator('[aria-live]').textContent())?.replace(/\D/g, ''));
  return {
    ...site,
    page,
    search: async (parameters) => {
      await page.goto(`${site.address}/search?${parameters}`);
      await page.locator('.row').first().waitFor({ timeout: LONG_WAIT_MS });
    },
    type: async (query) => {
      await page.getByRole('combobox', { name: 'Search' }).fill(query);
      await page.keyboard.press('Enter');
    },
    readTotal,
    waitTotal: (is) =>
      waitUntil('the number of lines', async () => {
        const total = await readTotal();
        return is(total) ? total : undefined;
      }),
    parameter: (name) => new URL(page.url()).searchParams.get(name),
  };
}
