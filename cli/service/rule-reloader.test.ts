import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
const builtIn = mkdtempSync(join(tmpdir(), 'keeper-catalog-'));
const RULES = join(import.meta.dirname, '..', '..', 'rules');
for (const name of ['causes.yaml', 'engine', 'network'])
  cpSync(join(RULES, name), join(builtIn, name), { recursive: true });
afterAll(() => rmSync(builtIn, { recursive: true, force: true }));

function openKeeper(): RuleReloader {
  return createRuleReloader([folder], createLog('silent'), builtIn);
}

/** Checks the files twice: the first check sees the change, the second one that the files are stable. */
function settle(keeper: RuleReloader): boolean {
  return [keeper.pollOnce(), keeper.pollOnce()].includes(true);
}

function titleOf(keeper: RuleReloader, id: string): string | undefined {
  return keeper.catalog.findRule(id)?.title.en.source;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keeper-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

describe('createRuleKeeper', () => {
  it('takes a saved rule, its next version, and its removal', () => {
    let told = 0;
    const keeper = openKeeper();
    keeper.onChange(() => told++);
    const before = keeper.catalog.size;

    save(OWN, ruleText('First'));
    expect(settle(keeper)).toBe(true);
    expect(titleOf(keeper, OWN)).toBe('First');

    save(OWN, ruleText('Second one'));
    settle(keeper);
    expect(titleOf(keeper, OWN)).toBe('Second one');

    rmSync(join(folder, 'kafka'), { recursive: true });
    settle(keeper);
    expect(keeper.catalog.size).toBe(before);
    expect(told).toBe(3);
    expect(settle(keeper)).toBe(false);
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
    const keeper = openKeeper();

    save(OWN, spoil(ruleText('New')));
    settle(keeper);

    expect(keeper.problems).toEqual([expect.stringMatching(problem)]);
    expect(titleOf(keeper, OWN)).toBe('Old');
  });

  it('goes on with the rules before when a folder stands where the file stood, and says so', () => {
    save(OWN, ruleText('Old'));
    const keeper = openKeeper();

    rmSync(join(folder, 'kafka'), { recursive: true });
    mkdirSync(join(folder, 'kafka', 'auth', 'own', 'rule.yaml'), { recursive: true });
    settle(keeper);

    expect(keeper.problems).toEqual([expect.stringMatching(/own\/rule\.yaml/)]);
    expect(titleOf(keeper, OWN)).toBe('Old');
  });

  it("takes a saved row of the engine's tables", () => {
    const keeper = openKeeper();
    const before = keeper.catalog.engine.harmless.length;

    mkdirSync(join(folder, 'engine'));
    writeFileSync(join(folder, 'engine', 'own.yaml'), 'harmless: [{ id: beam-timer, disabled: true }]\n');

    expect(settle(keeper)).toBe(true);
    expect(keeper.catalog.engine.harmless).toHaveLength(before - 1);
  });

  it('refuses a broken rule, keeps the one before it, takes the others, and says why until it is repaired', () => {
    folder = writeRules({ [OWN]: 'match: [{ id: a, anchor: "ledger is closed" }]\ntitle: { en: "Old", zh: "旧" }' });
    const keeper = openKeeper();

    save(OWN, ruleText('New').replace('owner: platform', 'owner: nobody'));
    save('kafka.auth/other', ruleText('Other'));
    settle(keeper);

    expect(titleOf(keeper, OWN)).toBe('Old');
    expect(titleOf(keeper, 'kafka.auth/other')).toBe('Other');
    expect(keeper.problems).toEqual([expect.stringMatching(/own\/rule\.yaml:3:8 `owner` must be one of /)]);

    save(OWN, ruleText('Repaired'));
    settle(keeper);
    expect(titleOf(keeper, OWN)).toBe('Repaired');
    expect(keeper.problems).toEqual([]);
  });

  it('keeps the built-in rule when what should replace it is broken', () => {
    const keeper = openKeeper();
    const before = titleOf(keeper, MODEL);

    save(MODEL, 'status: stable\n');
    settle(keeper);

    expect(titleOf(keeper, MODEL)).toBe(before);
    expect(keeper.problems).not.toEqual([]);
  });

  it('keeps everything while the folder is away', () => {
    folder = writeRules({ [OWN]: 'match: [{ id: a, anchor: "ledger is closed" }]' });
    const keeper = openKeeper();

    rmSync(folder, { recursive: true });
    settle(keeper);

    expect(titleOf(keeper, OWN)).toBe('A title');
    expect(keeper.problems).toEqual([`${folder}:1:1 does not exist`]);
  });

  it('does not read a file while it is still being written', () => {
    const keeper = openKeeper();

    save(OWN, ruleText('Half').slice(0, 60));
    expect(keeper.pollOnce()).toBe(false);
    save(OWN, ruleText('Whole'));
    expect(keeper.pollOnce()).toBe(false);
    expect(keeper.pollOnce()).toBe(true);

    expect(keeper.problems).toEqual([]);
    expect(titleOf(keeper, OWN)).toBe('Whole');
  });

  it('does not start with broken rules', () => {
    save(OWN, 'status: stable\n');

    expect(() => openKeeper()).toThrow(/are not valid/);
  });
});
