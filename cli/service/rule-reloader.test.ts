import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { writeRules } from '../../analyzer/testing/samples.js';
import { createLog } from '../../core/log.js';
import { createRuleReloader, type RuleReloader } from './rule-reloader.js';

const OWN = 'kafka.auth/own';
const MODEL = 'network.insufficient-buffers/total';
let folder: string;

function save(id: string, text: string): void {
  const path = join(folder, ...id.replace('.', '/').split('/'));
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'rule.yaml'), text);
}

function ruleText(title: string): string {
  return `status: test\nseverity: error\nowner: platform\nrole: cause\ntitle: { en: ${title}, zh: 标题 }\nsummary: { en: b, zh: b }\nmatch: [{ id: a, anchor: "ledger is closed" }]\nfixes: [{ id: a, risk: low, text: { en: a, zh: a } }]\nreferences: []\n`;
}

function nestMaps(levels: number): string {
  return levels === 0 ? 'x' : `[1,2,3,4,5,6,7,8,9,10].map(x, ${nestMaps(levels - 1)})`;
}

/** Returns YAML with nine levels of ten aliases each, which expand to a billion values. */
function bombAliases(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    const below = level === 0 ? 'x' : `*a${level - 1}`;
    return `a${level}: &a${level} [${Array.from({ length: 10 }, () => below).join(', ')}]`;
  });
  return `${levels.join('\n')}\nmatch: *a8\n`;
}

/** Catalog with one area only, because the whole catalog is loaded again at each change. */
const builtIn = mkdtempSync(join(tmpdir(), 'reloader-catalog-'));
const RULES = join(import.meta.dirname, '..', '..', 'rules');
for (const name of ['causes.yaml', 'engine', 'network'])
  cpSync(join(RULES, name), join(builtIn, name), { recursive: true });
afterAll(() => rmSync(builtIn, { recursive: true, force: true }));

function openReloader(): RuleReloader {
  return createRuleReloader([folder], createLog('silent'), builtIn);
}

/** Checks the files twice: the first check sees the change, the second one that the files are stable. */
function settle(reloader: RuleReloader): boolean {
  return [reloader.pollOnce(), reloader.pollOnce()].includes(true);
}

function titleOf(reloader: RuleReloader, id: string): string | undefined {
  return reloader.catalog.findRule(id)?.title.en.source;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reloader-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

describe('createRuleReloader', () => {
  it('takes a saved rule, its next version, and its removal', () => {
    let told = 0;
    const reloader = openReloader();
    reloader.onChange(() => told++);
    const before = reloader.catalog.size;

    save(OWN, ruleText('First'));
    expect(settle(reloader)).toBe(true);
    expect(titleOf(reloader, OWN)).toBe('First');

    save(OWN, ruleText('Second one'));
    settle(reloader);
    expect(titleOf(reloader, OWN)).toBe('Second one');

    rmSync(join(folder, 'kafka'), { recursive: true });
    settle(reloader);
    expect(reloader.catalog.size).toBe(before);
    expect(told).toBe(3);
    expect(settle(reloader)).toBe(false);
  });

  it.each([
    [
      '20,000 terms',
      (text: string) => `${text}let: { n: "${'1+'.repeat(20_000)}1" }\n`,
      /own\/rule\.yaml:10:\d+ `let\.n` is 40001 characters/,
    ],
    [
      'lists in lists',
      (text: string) => `${text}let: { n: '${nestMaps(8)}' }\n`,
      /own\/rule\.yaml:10:\d+ `let\.n` may take /,
    ],
    [
      '50,000 values',
      (text: string) => `${text}let:\n${Array.from({ length: 50_000 }, (_, number) => `  v${number}: 1`).join('\n')}\n`,
      /own\/rule\.yaml:11:\d+ `let` has more than 100 keys/,
    ],
    [
      '20,000 forms',
      (text: string) =>
        text.replace(
          'match: [',
          `match: [${Array.from({ length: 20_000 }, (_, number) => `{ id: f${number}, anchor: "anchor ${number}" }, `).join('')}`,
        ),
      /own\/rule\.yaml:7:\d+ `match` has more than 300 entries/,
    ],
    [
      '100,000 placeholders',
      (text: string) => text.replace('en: b', `en: "${'{n}'.repeat(100_000)}"`),
      /own\/rule\.yaml:6:\d+ `summary\.en` has more than 5000 characters/,
    ],
    ['100,000 brackets', () => '['.repeat(100_000), /own\/rule\.yaml:1:1 nests 100001 deep/],
    [
      'a pattern that RE2 cannot hold',
      (text: string) => text.replace('anchor:', 'regex: "(a{1,1000}){1,1000}", anchor:'),
      /own\/rule\.yaml:7:/,
    ],
    ['an alias bomb', bombAliases, /own\/rule\.yaml/],
    ['bytes that are no text', () => '\u0000\u0001\ufffd'.repeat(10_000), /own\/rule\.yaml:1:1/],
    ['a document that is no rule', () => '- 1\n', /own\/rule\.yaml/],
  ])('goes on with the rules before when a file has %s, and says so', (_, spoil, problem) => {
    save(OWN, ruleText('Old'));
    const reloader = openReloader();

    save(OWN, spoil(ruleText('New')));
    settle(reloader);

    expect(reloader.problems).toEqual([expect.stringMatching(problem)]);
    expect(titleOf(reloader, OWN)).toBe('Old');
  });

  it('goes on with the rules before when a folder stands where the file stood, and says so', () => {
    save(OWN, ruleText('Old'));
    const reloader = openReloader();

    rmSync(join(folder, 'kafka'), { recursive: true });
    mkdirSync(join(folder, 'kafka', 'auth', 'own', 'rule.yaml'), { recursive: true });
    settle(reloader);

    expect(reloader.problems).toEqual([expect.stringMatching(/own\/rule\.yaml/)]);
    expect(titleOf(reloader, OWN)).toBe('Old');
  });

  it("takes a saved row of the engine's tables", () => {
    const reloader = openReloader();
    const before = reloader.catalog.engine.harmless.length;

    mkdirSync(join(folder, 'engine'));
    writeFileSync(join(folder, 'engine', 'own.yaml'), 'harmless: [{ id: beam-timer, disabled: true }]\n');

    expect(settle(reloader)).toBe(true);
    expect(reloader.catalog.engine.harmless).toHaveLength(before - 1);
  });

  it('refuses a broken rule, keeps the one before it, takes the others, and says why until it is repaired', () => {
    folder = writeRules({ [OWN]: 'match: [{ id: a, anchor: "ledger is closed" }]\ntitle: { en: "Old", zh: "旧" }' });
    const reloader = openReloader();

    save(OWN, ruleText('New').replace('owner: platform', 'owner: nobody'));
    save('kafka.auth/other', ruleText('Other'));
    settle(reloader);

    expect(titleOf(reloader, OWN)).toBe('Old');
    expect(titleOf(reloader, 'kafka.auth/other')).toBe('Other');
    expect(reloader.problems).toEqual([expect.stringMatching(/own\/rule\.yaml:3:8 `owner` must be one of /)]);

    save(OWN, ruleText('Repaired'));
    settle(reloader);
    expect(titleOf(reloader, OWN)).toBe('Repaired');
    expect(reloader.problems).toEqual([]);
  });

  describe('of a folder that a sidecar updates from git', () => {
    /** Checks out a commit in a folder of its own and switches the link to it at once, as git-sync does. */
    function checkOut(commit: string, files: Readonly<Record<string, string>>): void {
      for (const [name, text] of Object.entries(files)) {
        const path = join(folder, commit, name);
        mkdirSync(join(path, '..'), { recursive: true });
        writeFileSync(path, text);
      }
      symlinkSync(commit, join(folder, 'next'));
      renameSync(join(folder, 'next'), join(folder, 'current'));
    }
    const rule = (title: string): string =>
      `title: ${title}\nwhy: The ledger is closed.\nfind: "ledger is closed"\nfix: Open it.\n`;
    const open = (): RuleReloader => createRuleReloader([join(folder, 'current')], createLog('silent'), builtIn);

    it('takes each commit as a whole when the link is switched', () => {
      checkOut('c1', { 'kafka/auth/own.yaml': rule('First'), 'kafka/auth/gone.yaml': rule('Gone') });
      const reloader = open();
      checkOut('c2', { 'kafka/auth/own.yaml': rule('Second'), 'kafka/auth/new.yaml': rule('New') });

      expect(settle(reloader)).toBe(true);
      expect(['own', 'gone', 'new'].map((name) => titleOf(reloader, `kafka.auth/${name}`))).toEqual([
        'Second',
        undefined,
        'New',
      ]);
      expect(settle(reloader)).toBe(false);
    });

    it('keeps the last good rules of a broken commit, says why, and takes the next one', () => {
      const zh = 'auth/own: { title: 第一 }\n';
      checkOut('c1', { 'kafka/auth/own.yaml': rule('First'), 'kafka/zh.yaml': zh });
      const reloader = open();

      checkOut('c2', { 'kafka/auth/own.yaml': `${rule('Second')}ownr: platform\n`, 'kafka/zh.yaml': zh });
      settle(reloader);
      expect(titleOf(reloader, OWN)).toBe('First');
      expect(reloader.problems).toEqual([expect.stringMatching(/own\.yaml:5:1 .*`ownr`; did you mean `owner`\?/)]);

      checkOut('c3', { 'kafka/auth/own.yaml': rule('Third'), 'kafka/zh.yaml': 'auth/own: { titel: 第三 }\n' });
      settle(reloader);
      expect(titleOf(reloader, OWN)).toBe('First');
      expect(reloader.catalog.findRule(OWN)?.title.zh.source).toBe('第一');
      expect(reloader.problems).toEqual([expect.stringMatching(/zh\.yaml:1:13 .*did you mean `title`\?/)]);

      checkOut('c4', { 'kafka/auth/own.yaml': rule('Fourth') });
      settle(reloader);
      expect([titleOf(reloader, OWN), reloader.problems]).toEqual(['Fourth', []]);
    });
  });

  it('keeps the built-in rule when what should replace it is broken', () => {
    const reloader = openReloader();
    const before = titleOf(reloader, MODEL);

    save(MODEL, 'status: stable\n');
    settle(reloader);

    expect(titleOf(reloader, MODEL)).toBe(before);
    expect(reloader.problems).not.toEqual([]);
  });

  it('keeps everything while the folder is away', () => {
    folder = writeRules({ [OWN]: 'match: [{ id: a, anchor: "ledger is closed" }]' });
    const reloader = openReloader();

    rmSync(folder, { recursive: true });
    settle(reloader);

    expect(titleOf(reloader, OWN)).toBe('A title');
    expect(reloader.problems).toEqual([`${folder}:1:1 does not exist`]);
  });

  it('does not read a file while it is still being written', () => {
    const reloader = openReloader();

    save(OWN, ruleText('Half').slice(0, 60));
    expect(reloader.pollOnce()).toBe(false);
    save(OWN, ruleText('Whole'));
    expect(reloader.pollOnce()).toBe(false);
    expect(reloader.pollOnce()).toBe(true);

    expect(reloader.problems).toEqual([]);
    expect(titleOf(reloader, OWN)).toBe('Whole');
  });

  it('does not start with broken rules', () => {
    save(OWN, 'status: stable\n');

    expect(() => openReloader()).toThrow(/are not valid/);
  });
});
