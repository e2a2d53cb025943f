// Diagnoses pasted logs in a real worker thread and through a real server, which must answer meanwhile.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { defaultSettings } from '../../core/config/settings.js';
import { createLog } from '../../core/log.js';
import { openStore } from '../../store/open.js';
import type { ReadSettings } from '../settings.js';
import { createSettingsReloader } from './settings-reloader.js';
import { createRuleReloader } from './rule-reloader.js';
import { createPasteDiagnoser } from './paste.js';
import { createServiceMetrics, createServiceServer } from './server.js';
import { createServiceNotifier } from './services.js';

const LOG = readFileSync(new URL('../../rules/recordings/network.insufficient-buffers.total.log', import.meta.url));
const RULE = 'network.insufficient-buffers/total';
const MEBIBYTE = 1_048_576;
const LOOKS = 300;

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((item) => item.close()));
});

/** Diagnoser for all tests, as in a service, so that its thread reads the rules once. */
const diagnoser = createPasteDiagnoser({ folders: [], zone: undefined });
afterAll(() => diagnoser.close());

function repeat(line: string, bytes: number): Buffer {
  return Buffer.from(line.repeat(Math.ceil(bytes / line.length)));
}

describe('a pasted log', () => {
  it('is diagnosed in a thread, as text and packed like a file', async () => {
    for (const bytes of [LOG, gzipSync(LOG)])
      expect((await diagnoser.diagnose(bytes, 'en')).diagnoses[0]?.rule).toBe(RULE);
    expect((await diagnoser.diagnose(LOG, 'zh')).diagnoses[0]?.title).toContain('网络缓冲区不足');
  });

  // Logs with more entries than the stack of a thread can hold as arguments of one call.
  it.each([
    ['lines without a head', 'an ordinary line\n', 300_000],
    ['short entries', '2026-11-20 10:00:00,000 INFO a - b\n', 580_000],
    ['small traces', '2026-11-20 10:00:00,000 WARN a - b\na.B\n\tat a.b(C.java:1)\n', 300_000],
  ])('may have hundreds of thousands of %s', { timeout: 180_000 }, async (_name, text, count) => {
    expect(await diagnoser.diagnose(Buffer.from(text.repeat(count)), 'en')).toMatchObject({ unknown: [] });
  });

  it.each([
    ['binary', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 2, 3, 4, 5, 6, 7, 8])],
    ['an empty archive', gzipSync(Buffer.alloc(0))],
  ])('that is %s is refused and not found healthy', async (_name, bytes) => {
    await expect(diagnoser.diagnose(bytes, 'en')).rejects.toMatchObject({
      code: expect.stringMatching(/JT_REQUEST_INVALID|JT_ARCHIVE_INVALID/) as string,
    });
  });

  it('that takes longer than its limit is stopped, and the next one is diagnosed', async () => {
    const hasty = createPasteDiagnoser({ folders: [], zone: undefined, limitMs: 1 });
    open.push(hasty);

    const [first, second] = await Promise.allSettled([hasty.diagnose(LOG, 'en'), hasty.diagnose(LOG, 'en')]);

    expect([first, second]).toMatchObject([
      { status: 'rejected', reason: { code: 'JT_DIAGNOSE_STOPPED' } },
      { status: 'rejected', reason: { code: 'JT_DIAGNOSE_STOPPED' } },
    ]);
  });
});

it(
  'leaves health to answer while three pastes of 20 MB are diagnosed by the service',
  { timeout: 180_000 },
  async () => {
    const store = await openStore({ kind: 'sqlite', path: ':memory:' });
    const [settings, log, metrics] = [defaultSettings(), createLog('silent'), createServiceMetrics()];
    const rules = createRuleReloader([], log);
    const read = (): ReadSettings => ({ settings, origins: {}, sources: [] });
    const reloader = createSettingsReloader(read(), read, log);
    const notifier = createServiceNotifier(reloader, rules, store, log, { instance: 'paste' });
    const server = createServiceServer(reloader, rules, store, log, notifier, metrics);
    open.push(server);
    const { url } = await server.listen({ host: '127.0.0.1', port: 0 });
    const events: string[] = [];
    const line = '2026-11-20 10:00:00,000 INFO  com.acme.Job [] - an ordinary line\n';
    const body = repeat(line, 19 * MEBIBYTE);
    const pastes = [1, 2, 3].map(async () => {
      const { status } = await fetch(`${url}/api/v1/diagnose`, { method: 'POST', body });
      events.push(`paste ${status}`);
    });
    // The number of requests is so large that all pastes have arrived by then. If pastes ran on the event loop, all
    // would be answered before the last request.
    for (let asked = 0; asked < LOOKS; asked++) {
      const { status } = await fetch(`${url}/health/live`);
      events.push(`live ${status}`);
    }
    const answeredMeanwhile = events.filter((event) => event.startsWith('paste'));
    await Promise.all(pastes);

    expect(answeredMeanwhile.length).toBeLessThan(3);
    expect(events.filter((event) => event === 'live 200')).toHaveLength(LOOKS);
    expect(events.filter((event) => event === 'paste 200')).toHaveLength(3);
  },
);

describe('the rules of a paste', () => {
  const OWN = 'kafka.auth/own';
  const LINE = Buffer.from('2026-11-20 10:00:00,000 ERROR com.acme.Job [] - the ledger is closed\n'.repeat(3));
  const rule = (title: string): string =>
    `status: test\nseverity: error\nowner: platform\nrole: cause\ntitle: { en: ${title}, zh: 标题 }\n` +
    'summary: { en: b, zh: b }\nmatch: [{ id: a, anchor: "ledger is closed" }]\n' +
    'fixes: [{ id: a, risk: low, text: { en: a, zh: a } }]\nreferences: []\n';
  const openFolder = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'jobtrace-paste-'));
    mkdirSync(join(folder, 'kafka', 'auth', 'own'), { recursive: true });
    open.push({ close: async () => rmSync(folder, { recursive: true, force: true }) });
    return folder;
  };
  const save = (folder: string, text: string): void =>
    writeFileSync(join(folder, 'kafka', 'auth', 'own', 'rule.yaml'), text);
  const openDiagnoser = (folder: string) => {
    const own = createPasteDiagnoser({ folders: [folder], zone: undefined });
    open.push(own);
    return own;
  };

  it('are read again when they changed', { timeout: 180_000 }, async () => {
    const folder = openFolder();
    save(folder, rule('Before'));
    const own = openDiagnoser(folder);
    expect((await own.diagnose(LINE, 'en')).diagnoses[0]).toMatchObject({ rule: OWN, title: 'Before' });

    save(folder, rule('After'));
    own.reload([folder]);

    expect((await own.diagnose(LINE, 'en')).diagnoses[0]).toMatchObject({ rule: OWN, title: 'After' });
  });

  it(
    'are the built-in ones where the folder is broken at its start, and all once it is mended',
    { timeout: 180_000 },
    async () => {
      const folder = openFolder();
      save(folder, 'status: nothing\n');
      const own = openDiagnoser(folder);
      expect((await own.diagnose(LOG, 'en')).diagnoses[0]?.rule).toBe(RULE);

      save(folder, rule('Mended'));
      own.reload([folder]);

      expect((await own.diagnose(LINE, 'en')).diagnoses[0]).toMatchObject({ rule: OWN, title: 'Mended' });
    },
  );
});
