// Tests in a real Chromium that the address of an incident that was merged into another one leads to that one.
import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { findWebDir } from '../api/page.js';
import { createFilledStore, FRAUD, incidentOf, startServer } from '../api/testing/server.js';
import { browserOptions } from '../lab/parts/services/chromium.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { DESK, WAIT_MS } from './pages.js';

describeWithParts(['chromium'], 'a card that has joined another', () => {
  it('leads there from the address under which it stood', async () => {
    const store = await createFilledStore();
    await store.saveIncident(incidentOf('i-heir', FRAUD, { joined: ['i-old'] }));
    const { url } = await startServer({ store, settings: { webDir: findWebDir() } });
    const browser = await chromium.launch(browserOptions());
    const page = await browser.newPage({ viewport: DESK, locale: 'en-GB' });

    await page.goto(`${url}/incidents/i-old`);
    await page.getByText('Merged incidents: 1').waitFor({ timeout: WAIT_MS });

    expect(page.url()).toBe(`${url}/incidents/i-heir`);
    await browser.close();
  });
});
