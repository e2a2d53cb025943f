// Tests the page as people see it, in a real Chromium: the log of a failing job becomes a row, the row a diagnosis with
// its highlighted evidence and a patch to copy; search, context, both languages, and no error in the console. If tokens
// are set, the page asks for one; it shows alerts that could not be delivered.
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyRecords, readStorm, ZOOKEEPER_OUTAGE } from '../analyzer/testing/storm.js';
import { browserOptions } from '../lab/parts/services/chromium.js';
import { describeWithParts } from '../lab/parts/testing/describe-part.js';
import { DESK, openPageSite, WAIT_MS, type PageSite } from './pages.js';
import { startProgram, waitUntil, type RunningProgram } from './program.js';

const BUFFERS_LOG = fileURLToPath(
  new URL('../rules/recordings/network.insufficient-buffers.total.log', import.meta.url),
);
const PHONE = { width: 420, height: 900 };

/** Expression for the number of pixels by which the document is wider than the window. */
const OVERFLOW_PX = 'document.documentElement.scrollWidth - innerWidth';

/** Returns true if all of it is between the edges of the window. */
async function isInside(place: Locator): Promise<boolean> {
  const box = await place.boundingBox();
  return box !== null && box.width > 0 && box.x >= 0 && box.x + box.width <= PHONE.width;
}

/** Writes the logs of three jobs, one per cluster, that lose the same ZooKeeper. */
function writeOutage(logs: string): void {
  const outage = readStorm(ZOOKEEPER_OUTAGE);
  for (const number of [0, 1, 2]) {
    const copy = { cluster: `shop-${number}`, number, begin: Date.now() - 600_000 };
    mkdirSync(join(logs, copy.cluster));
    for (const record of copyRecords(outage, ZOOKEEPER_OUTAGE, copy))
      appendFileSync(
        join(logs, copy.cluster, basename(record['log.file.path'])),
        `${record['event.original'].trimEnd()}\n`,
      );
  }
}

/** Writes the log of a job that fails for a reason that no rule names. */
function writeUnknown(logs: string, name: string): void {
  const job = `${name} (${Buffer.from(name.padEnd(16)).toString('hex')})`;
  const said = new Date().toISOString().replace('T', ' ').replace('.', ',').slice(0, -1);
  const graph = `${said} INFO  org.apache.flink.runtime.executiongraph.ExecutionGraph [] - Job ${job}`;
  const lines = [
    `${graph} switched from state CREATED to RUNNING.`,
    `${graph} switched from state RUNNING to FAILING.`,
    'org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy',
    'Caused by: org.dinky.gateway.TariffGapException: no tariff for zone 17',
    '\tat org.dinky.gateway.Tariffs.price(Tariffs.java:42)',
    `${graph} switched from state FAILING to FAILED.`,
  ];
  mkdirSync(join(logs, name));
  appendFileSync(join(logs, name, `flink-flink-standalonesession-0-${name}.log`), `${lines.join('\n')}\n`);
}

describeWithParts(['chromium'], 'the page', () => {
  let site: PageSite;
  let page: Page;
  let address: string;

  beforeAll(async () => {
    site = await openPageSite((logs) => {
      mkdirSync(join(logs, 'retail'));
      appendFileSync(join(logs, 'retail', 'flink-flink-standalonesession-0-node-1.log'), readFileSync(BUFFERS_LOG));
    });
    address = site.address;
    page = await site.open();
  });
  afterAll(() => site.close());

  it('lists the incident with its cause, its job and whose task it is', async () => {
    await page.goto(address);
    const row = page.getByRole('row', { name: /Not enough network buffers/ });
    await row.waitFor({ timeout: WAIT_MS });

    expect(await row.textContent()).toMatch(/network\.insufficient-buffers\/total.*orders-by-region.*Configuration/);
  });

  it('brings what the first room needs in at most 300 KB, and the other rooms after it', async () => {
    const first = await site.browser.newPage({ viewport: DESK });
    await first.goto(`${address}/incidents`);
    await first.getByText('Not enough network buffers').first().waitFor({ timeout: WAIT_MS });
    const readNames = (until: string): Promise<string[]> =>
      first.evaluate(
        `performance.getEntriesByType('resource').filter((entry) => entry.startTime < ${until}).map(({ name }) => name)`,
      );
    const names = await readNames("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd + 1000");
    const files = names.filter((name) => name.includes('/assets/'));
    const sizes = await Promise.all(
      files.map(async (name) => {
        const { headers } = await fetch(name, { headers: { 'accept-encoding': 'gzip' } });
        expect(headers.get('content-encoding'), name).toBe('gzip');
        return Number(headers.get('content-length'));
      }),
    );
    const isThere = async (room: string): Promise<boolean> =>
      (await readNames('Infinity')).some((name) => name.includes(`/assets/${room}-`));
    await waitUntil('another room', async () => ((await isThere('search')) ? true : undefined));
    await first.close();

    expect(files.length).toBeGreaterThan(2);
    expect(files.join()).not.toContain('/search-');
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
  });

  it('shows the cause, the computed patch, and the captured numbers marked in the evidence', async () => {
    await page.getByText('Not enough network buffers').first().click();
    await page.getByRole('heading', { name: 'Fix' }).waitFor({ timeout: WAIT_MS });

    expect(await page.locator('pre').allTextContents()).toContain(
      'taskmanager.memory.network.min: 112m\ntaskmanager.memory.process.size: 1104m',
    );
    expect(await page.locator('mark').allTextContents()).toEqual(expect.arrayContaining(['17', '0', '2048', '32768']));
  });

  it('copies the card as Markdown', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy as Markdown' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const text = await page.evaluate('navigator.clipboard.readText()');

    expect(text).toMatch(/^## .*network buffers/);
    expect(text).toContain(`<${address}/incidents/`);
    expect(text).toMatch(/```yaml\ntaskmanager\.memory\.network/);
  });

  it('asks whether the diagnosis is right, and says what people said of the rule', async () => {
    await page.getByRole('button', { name: 'Wrong' }).click();
    await page.getByRole('button', { name: 'Wrong', pressed: true }).waitFor({ timeout: WAIT_MS });
    await page.getByRole('button', { name: 'Fixed it' }).click();
    await page.getByRole('button', { name: 'Fixed it', pressed: true }).waitFor({ timeout: WAIT_MS });
    await page.reload();
    await page.getByRole('button', { name: 'Fixed it', pressed: true }).waitFor({ timeout: WAIT_MS });

    expect(await page.getByText('Rated correct:').textContent()).toContain('Rated correct: 100% (21%–100%) · 1/1');
    expect(await page.getByText('local: Fixed it').count()).toBe(1);
  });

  it('opens the evidence in its context, with the line marked', async () => {
    await page.getByRole('link', { name: 'show in log' }).first().click();
    await page.locator('.row.hit').waitFor({ timeout: WAIT_MS });

    expect(await page.locator('.row.hit').count()).toBe(1);
    expect(await page.getByText('Initializing job').count()).toBeGreaterThan(0);
  });

  it('stands when the context is closed', async () => {
    await page.getByRole('button', { name: 'Close' }).click();
    await page.locator('.row.hit').waitFor({ state: 'detached', timeout: WAIT_MS });

    expect(await page.getByRole('combobox', { name: 'Search' }).count()).toBe(1);
    expect(await page.getByRole('link', { name: 'Incidents' }).count()).toBe(1);
  });

  it('says so where a view breaks, keeps its frame, and loads again', async () => {
    const before = site.complaints.length;
    await page.route('**/api/v1/incidents/rows?**', (route) => route.fulfill({ json: {} }));
    await page.goto(`${address}/incidents`);
    await page.getByText('Something went wrong in this view.').waitFor({ timeout: WAIT_MS });
    await page.getByRole('link', { name: 'Rules' }).click();
    await page.getByText('network.insufficient-buffers/total').waitFor({ timeout: WAIT_MS });
    await page.goto(`${address}/incidents`);
    await page.getByText('Something went wrong in this view.').waitFor({ timeout: WAIT_MS });
    await page.unroute('**/api/v1/incidents/rows?**');
    await page.getByRole('button', { name: 'Reload' }).click();
    await page.getByText('Not enough network buffers').first().waitFor({ timeout: WAIT_MS });

    expect(site.complaints.splice(before).join()).toContain('TypeError');
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
    await page.getByRole('combobox', { name: 'Search' }).fill('level:INFO "Initializing job"');
    await page.keyboard.press('Enter');
    await waitUntil('one row', async () => ((await page.locator('.row').count()) === 1 ? true : undefined));

    expect(new URL(page.url()).searchParams.get('query')).toBe('level:INFO "Initializing job"');
    expect(await page.locator('.row').textContent()).toContain('orders-by-region');
  });

  it('says what is wrong with a query', async () => {
    const before = site.complaints.length;
    await page.getByRole('combobox', { name: 'Search' }).fill('levl:ERROR');
    await page.keyboard.press('Enter');
    await page.getByText(/did you mean/i).waitFor({ timeout: WAIT_MS });

    // The browser itself logs a refused request.
    expect(site.complaints.splice(before).every((text) => text.includes('400'))).toBe(true);
  });

  it('diagnoses a pasted log', async () => {
    await page.goto(`${address}/paste`);
    await page.getByRole('textbox').fill(readFileSync(BUFFERS_LOG, 'utf8'));
    await page.getByRole('button', { name: 'Diagnose' }).click();
    await page.locator('pre', { hasText: 'taskmanager.memory.network.min: 112m' }).waitFor({ timeout: WAIT_MS });
    expect(await page.getByRole('heading', { name: /^Not enough network buffers/ }).count()).toBe(1);
  });

  it('lists rules and agents', async () => {
    await page.goto(`${address}/rules`);
    await page.getByText('network.insufficient-buffers/total').waitFor({ timeout: WAIT_MS });
    const judged = page.getByRole('row', { name: /^network\.insufficient-buffers\/total/ });
    expect(await judged.textContent()).toContain('Rated correct: 100% (21%–100%) · 1/1');
    const proofs = page.locator('td:last-child span');
    const cut = await proofs.evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length);
    expect([(await proofs.count()) > 0, cut]).toEqual([true, 0]);
    await page.goto(`${address}/agents`);
    await page.getByRole('columnheader', { name: 'Lines shipped' }).waitFor({ timeout: WAIT_MS });
  });

  it('finds a rule by its words, and shows what it looks for, what it advises and what proves it', async () => {
    await page.goto(`${address}/rules?area=network`);
    await page.getByRole('row', { name: /^network\.insufficient-buffers\/total/ }).waitFor({ timeout: WAIT_MS });
    const ofArea = await page.locator('tbody tr').count();
    await page.getByRole('searchbox', { name: 'Name, cause or text' }).fill('buffers total');
    await waitUntil('one row', async () => ((await page.locator('tbody tr').count()) === 1 ? true : undefined));
    expect(new URL(page.url()).searchParams.get('q')).toBe('buffers total');
    await page.getByRole('link', { name: 'network.insufficient-buffers/total' }).click();
    await page.getByRole('heading', { name: 'Conditions' }).waitFor({ timeout: WAIT_MS });

    expect(ofArea).toBeGreaterThan(1);
    expect(await page.locator('.conditions').first().textContent()).toContain('Insufficient number of network buffers');
    expect(await page.getByRole('region', { name: 'Fix' }).textContent()).toContain('taskmanager.memory');
    await page.getByRole('button', { name: 'match.log', exact: true }).click();
    await page.getByText('Starting StandaloneSessionClusterEntrypoint').waitFor({ timeout: WAIT_MS });
    await page.getByRole('region', { name: 'Tests' }).getByText('Must not match').waitFor();
    await page.getByText('Incidents with this cause').getByRole('link').click();
    await page.getByRole('row', { name: /Not enough network buffers/ }).waitFor({ timeout: WAIT_MS });
    await page.goto(`${address}/rules?q=nothingfitsthis`);
    await page.getByText('No matching rules').waitFor({ timeout: WAIT_MS });
  });

  it('lists the jobs with what fails, and shows one with its incidents and the way to its lines', async () => {
    await page.goto(`${address}/jobs?range=all&q=orders`);
    const row = page.getByRole('row', { name: /orders-by-region/ });
    await row.waitFor({ timeout: WAIT_MS });
    expect(await row.textContent()).toMatch(/orders-by-region.*retail/);
    await row.getByRole('link', { name: 'orders-by-region' }).click();
    await page.getByRole('heading', { name: 'orders-by-region' }).waitFor({ timeout: WAIT_MS });
    const incidents = page.getByRole('region', { name: 'Incidents' });
    await incidents.getByRole('row', { name: /Not enough network buffers/ }).waitFor({ timeout: WAIT_MS });
    await page.getByRole('link', { name: 'Logs', exact: true }).click();
    await page.locator('.row').first().waitFor({ timeout: WAIT_MS });

    expect(new URL(page.url()).searchParams.get('job')).toBe('orders-by-region');
    await page.goto(`${address}/job?job=nobody&range=all`);
    await page.getByText('No incidents in this range').waitFor({ timeout: WAIT_MS });
    await page.goto(`${address}/jobs?range=all&q=nobody`);
    await page.getByText('No matching jobs').waitFor({ timeout: WAIT_MS });
  });

  it('silences what a card is about, with a reason and an end, and ends that again', async () => {
    await page.goto(`${address}/incidents?cause=network.insufficient-buffers`);
    await page
      .getByRole('row', { name: /Not enough network buffers/ })
      .getByRole('link')
      .click();
    await page.getByRole('link', { name: /^Silence/ }).click();
    const form = page.getByRole('form', { name: 'New silence' });
    await form.waitFor({ timeout: WAIT_MS });
    const filled = await Promise.all(['Job', 'Cluster', 'Cause'].map((name) => form.getByLabel(name).inputValue()));
    expect(filled).toEqual(['orders-by-region', 'retail', 'network.insufficient-buffers']);
    expect(await form.getByRole('button', { name: 'Create silence' }).isDisabled()).toBe(true);
    await form.getByLabel('Comment').fill('the team knows');
    await form.getByRole('button', { name: 'Create silence' }).click();
    const row = page.getByRole('row', { name: /job: orders-by-region.*the team knows/ });
    await row.waitFor({ timeout: WAIT_MS });
    await row.getByRole('button', { name: 'Expire now' }).click();
    await page.getByText('No active silences.').waitFor({ timeout: WAIT_MS });
    await page.getByText('No notifications sent yet').waitFor({ timeout: WAIT_MS });
  });

  it('answers a link to an incident that is gone', async () => {
    const before = site.complaints.length;
    await page.goto(`${address}/incidents/nothing`);
    await page.getByText('the data is past retention').waitFor({ timeout: WAIT_MS });
    site.complaints.splice(before);
  });

  it('fits a phone: no room scrolls sideways, a row says what failed, where and how it stands', async () => {
    await page.setViewportSize(PHONE);
    await page.goto(`${address}/incidents`);
    const row = page.getByRole('row', { name: /Not enough network buffers/ });
    await row.waitFor({ timeout: WAIT_MS });
    for (const text of ['Not enough network buffers', 'orders-by-region', 'retail', 'Failed', 'Configuration'])
      expect({ text, isInside: await isInside(row.getByText(text).first()) }).toEqual({ text, isInside: true });
    await row.getByRole('link').click();
    await page.getByRole('link', { name: 'show in log' }).first().waitFor({ timeout: WAIT_MS });
    expect(await page.evaluate(OVERFLOW_PX)).toBe(0);
    const rooms = {
      '/incidents': 'tbody',
      '/search?range=all': '.row',
      '/jobs?range=all': 'tbody',
      '/job?job=orders-by-region&range=all': 'tbody',
      '/alerts': 'form',
      '/rules': 'tbody',
      '/rules/network.insufficient-buffers/total': '.conditions',
      '/agents': 'tbody',
      '/paste': 'textarea',
    };
    for (const [room, sign] of Object.entries(rooms)) {
      await page.goto(`${address}${room}`);
      await page.locator(sign).first().waitFor({ timeout: WAIT_MS });
      expect({ room, px: await page.evaluate(OVERFLOW_PX) }).toEqual({ room, px: 0 });
    }
    await page.goto(`${address}/search?range=all`);
    const field = await page.getByRole('combobox', { name: 'Search' }).boundingBox();
    await page.setViewportSize(DESK);

    expect(field?.width).toBeGreaterThan(PHONE.width * 0.8);
  });

  it('narrows the list by what is chosen, in the address, and shows the last answer while the server is away', async () => {
    await page.goto(`${address}/incidents`);
    await page.getByPlaceholder('Cause', { exact: true }).click();
    await page.getByRole('option', { name: /^network\.insufficient-buffers \(1\)$/ }).click();
    await page.waitForURL(/cause=network\.insufficient-buffers/);
    await page.getByRole('row', { name: /Not enough network buffers/ }).waitFor({ timeout: WAIT_MS });
    await page.goto(`${address}/incidents?cause=memory.heap-oom`);
    await page.getByText('No incidents match these filters').waitFor({ timeout: WAIT_MS });
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('row', { name: /Not enough network buffers/ }).waitFor({ timeout: WAIT_MS });
    const before = site.complaints.length;
    await page.route('**/api/v1/incidents/rows?**', (route) => route.abort());
    await page.getByText('The server is unreachable.').waitFor({ timeout: WAIT_MS });

    expect(await page.getByRole('row', { name: /Not enough network buffers/ }).count()).toBe(1);
    await page.unroute('**/api/v1/incidents/rows?**');
    await page.getByText('The server is unreachable.').waitFor({ state: 'detached', timeout: WAIT_MS });
    site.complaints.splice(before);
  });

  it('shows what jobs share as one row, and the way to each of them', async () => {
    writeOutage(site.logs);
    await page.goto(`${address}/incidents`);
    const row = page.getByRole('row', { name: /3 jobs.*3 clusters/ });
    await row.waitFor({ timeout: WAIT_MS });
    const jobs = page.getByRole('link', { name: /^fraud-alerts-\d$/ });
    expect(await jobs.count()).toBe(0);
    await row.getByRole('button', { name: 'Show the jobs' }).click();
    await jobs.nth(2).waitFor({ timeout: WAIT_MS });
    await row.getByRole('link').click();
    await page.getByRole('heading', { name: 'Affected jobs' }).waitFor({ timeout: WAIT_MS });
    expect((await jobs.allTextContents()).sort()).toEqual(['fraud-alerts-0', 'fraud-alerts-1', 'fraud-alerts-2']);
    await jobs.first().click();
    await page.getByRole('link', { name: 'Part of a multi-job outage' }).click();

    await jobs.nth(2).waitFor({ timeout: WAIT_MS });
  });

  it('says how often an unknown failure came, in which jobs, and how it becomes a rule', async () => {
    for (const name of ['prices', 'tariffs']) writeUnknown(site.logs, name);
    await page.goto(`${address}/incidents`);
    const rows = page.getByRole('row', { name: /TariffGapException: no tariff for zone 17.*Unknown failure/ });
    await rows.nth(1).waitFor({ timeout: WAIT_MS });
    await rows.first().getByRole('link').click();
    await page.getByText(/^2 in 24 hours · 2 in 7 days · 2 total/).waitFor({ timeout: WAIT_MS });

    const failing = page.getByRole('link', { name: /^(prices|tariffs)$/ });
    expect(await failing.and(page.locator(':not([href^="/cluster"])')).count()).toBe(2);
    expect(await page.getByText(/^jobtrace incidents --group .*\| jobtrace rules new -$/).count()).toBe(1);
  });

  it('logs no error in the console', () => {
    expect(site.complaints).toEqual([]);
  });
});

const TOKEN = 'page-0123456789abcdef';

describeWithParts(['chromium'], 'the page where tokens are set', () => {
  let folder: string;
  let up: RunningProgram;
  let browser: Browser;
  let page: Page;
  let address: string;
  let receiver: Server;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jobtrace-signin-'));
    receiver = createServer((_request, response) => void response.writeHead(410).end('no such channel'));
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const bound = receiver.address();
    const logs = join(folder, 'logs');
    mkdirSync(logs);
    appendFileSync(join(logs, 'flink-flink-standalonesession-0-node-1.log'), readFileSync(BUFFERS_LOG));
    const config = join(folder, 'jobtrace.yaml');
    writeFileSync(
      config,
      [
        'api:',
        '  tokens:',
        `    - {name: on-call, token: ${TOKEN}, role: reader}`,
        'notify:',
        '  backlogAfterMs: 3000000000000',
        '  receivers:',
        `    - {name: chat, kind: webhook, url: "http://127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}/hooks/geheim"}`,
        '',
      ].join('\n'),
    );
    up = startProgram(['up', logs, '--config', config, '--data', join(folder, 'data'), '--listen', '127.0.0.1:0']);
    address = await waitUntil('the page', () => /http:\/\/127\.0\.0\.1:\d+/.exec(up.stdout())?.[0], {
      saw: () => [up.stdout(), up.stderr()],
    });
    browser = await chromium.launch(browserOptions());
    page = await browser.newPage({ viewport: DESK, locale: 'en-GB' });
  });
  afterAll(async () => {
    await browser.close();
    await up.stop();
    receiver.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('asks for a token and keeps the address', async () => {
    await page.goto(`${address}/rules`);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: WAIT_MS });

    expect(page.url()).toBe(`${address}/rules`);
    expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0);
  });

  it('says that a token is wrong, and keeps none', async () => {
    await page.getByLabel('Token', { exact: true }).fill('not-the-token-at-all');
    await page.keyboard.press('Enter');
    await page.getByText('Invalid or expired token.').waitFor({ timeout: WAIT_MS });

    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });

  it('asks in Chinese', async () => {
    await page.getByText('中文').click();

    expect(await page.getByRole('heading', { name: '登录' }).count()).toBe(1);
    expect(await page.getByText('令牌无效或已过期。').count()).toBe(1);
    await page.getByText('EN', { exact: true }).click();
  });

  it('shows what was asked for once the token is right, kept for the tab and nowhere else', async () => {
    await page.getByLabel('Token', { exact: true }).fill(`  ${TOKEN} `);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('network.insufficient-buffers/total').waitFor({ timeout: WAIT_MS });
    await page.reload();
    await page.getByText('network.insufficient-buffers/total').waitFor({ timeout: WAIT_MS });
    await page.getByText('on-call').waitFor({ timeout: WAIT_MS });

    expect(await page.evaluate('Object.values({ ...localStorage }).join()')).not.toContain(TOKEN);
    expect(page.url()).toBe(`${address}/rules`);
  });

  it('shows alerts that could not be delivered above the incidents, without the address of the receiver', async () => {
    await page.goto(`${address}/incidents`);
    const alert = page.getByRole('alert').filter({ hasText: 'Alerts could not be delivered' });
    await alert.waitFor({ timeout: WAIT_MS });
    const row = alert.getByRole('row', { name: /chat/ });

    // There is one alert, or a second one if the incident was seen before all of its log was read; none is pending.
    expect(await row.textContent()).toMatch(
      /^chat[12]0\d{4}-\d\d-\d\d.*it answered with status 410: no such channelSend a test$/,
    );
    expect(await page.content()).not.toContain('geheim');
    await page.getByText('Not enough network buffers').first().waitFor({ timeout: WAIT_MS });
    await page.getByText('中文').click();
    await page.getByText('有告警未能送达').waitFor({ timeout: WAIT_MS });
    await page.getByText('EN', { exact: true }).click();
  });

  it('forgets the token at sign-out', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: WAIT_MS });
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: WAIT_MS });

    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });

  it('asks again when the server no longer knows the token', async () => {
    await page.evaluate(`sessionStorage.setItem('jobtrace.token', 'one-of-yesterday-0123')`);
    await page.reload();
    await page.getByText('Invalid or expired token.').waitFor({ timeout: WAIT_MS });

    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });
});
