import { chromium } from 'playwright-core';
import { expect, it } from 'vitest';
import { browserOptions } from './chromium.js';
import { describeWithParts } from '../testing/describe-part.js';

describeWithParts(['chromium'], 'browserOptions', () => {
  it('drives the browser', async () => {
    const browser = await chromium.launch(browserOptions());
    const page = await browser.newPage();

    await page.setContent('<h1>diagnosis</h1>');

    expect(await page.textContent('h1')).toBe('diagnosis');
    await browser.close();
  });
});
