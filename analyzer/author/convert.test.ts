import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCatalog, type Catalog } from '../catalog/catalog.js';
import { makeFolder } from '../testing/samples.js';
import { convertFolder, printRule, type Conversion } from './convert-folder.js';
import { proveRule } from './proof.js';
import { writeText } from './text-of-regex.js';
import { writeForm } from './write-form.js';
import { parseDocument } from '../../core/document.js';

const START =
  '2026-03-02 10:15:01,120 INFO  org.apache.flink.runtime.taskexecutor.TaskManagerRunner [] -  Starting TaskManager (Version: 1.20.1, Scala: 2.12, Rev:2b6fd4d, Date:2025-02-05T20:32:14+01:00)';
const FAILED =
  '2026-03-02 10:16:02,377 WARN  org.apache.flink.runtime.taskmanager.Task                  [] - Source: orders -> enrich (1/2)#0 (aa11aa11aa11aa11aa11aa11aa11aa11_90bea66de1c231edf33913ecd54406c1_0_0) switched from RUNNING to FAILED with failure cause:';

const RULE = `# yaml-language-server: $schema=../../../schema.json
status: test
severity: critical
owner: external
role: cause
standsAlone: true
confidence: 0.9
explains: [code.user-exception]
title: { en: "The ledger {ledger} is closed", zh: "账本 {ledger} 已关闭" }
summary: { en: "The ledger was closed {ago|duration} ago.", zh: "账本已关闭 {ago|duration}。" }
match:
  # The clerk of release 2.
  - id: closed
    anchor: "Ledger is closed: "
    where: { exception: LedgerException, failure: true }
    regex: 'Ledger is closed: (?P<ledger>[\\w.-]+) since (?P<ago>\\d+ ms)'
    source: { class: com.acme.Ledger, literal: "Ledger is closed: " }
  - id: gone
    flink: ">=1.15"
    anchor: "no such ledger"
    where: { failure: true, frame: com.acme.ledger }
    regex: '(?P<ledger>[a-z]+)\\?: no such ledger$'
  - id: line
    anchor: "Ledger refused "
captures: { ago: duration, ledger: text }
unless:
  - { text: "read only", why: "Another rule" }
  - { where: { frame: com.acme.test } }
steps:
  - { id: asked, anchor: "asks the ledger", where: { logger: Clerk }, on: process, order: before, within: "2 min" }
  - { id: answered, anchor: "the ledger answered", on: process, order: before, within: "2 min", absent: true }
let: { days: "ago / 86400000" }
reasons:
  - { id: night, when: "days > 1", weight: 0.7, text: { en: "It closes at night.", zh: "夜间关闭。" } }
  - { id: other, weight: 0.3, text: { en: "Somebody closed it.", zh: "有人关闭了它。" } }
fixes:
  - id: open
    for: [night]
    risk: medium
    patch: { restart-strategy.type: fixed-delay }
    cost: { en: "Nothing.", zh: "无。" }
    text: { en: "Open it {{x}.", zh: "打开 {{x}。" }
    verify: { en: "It is open.", zh: "已打开。" }
  - { id: wait, risk: low, text: { en: "Wait.", zh: "请等待。" } }
references: [https://example.com/ledger]
notes: "Written for a test."
`;
const PROOF = `match.log: { from: constructed, flink: "1.20", note: "Message of the clerk", values: { ledger: sales }, reasons: [other], patches: {} }
match-2.log: { from: lab, scenario: ledger/gone, note: "Log of the TaskManager" }
match-10.log: { from: constructed, note: "The line alone, cut off" }
nearmiss.log: { from: constructed, note: "The same words in user data" }
`;
const CLERK = '2026-03-02 10:16:01,000 INFO  com.acme.Clerk [] - asks the ledger\n';

function place(files: Readonly<Record<string, string>>): string {
  const folder = makeFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const LOGS = {
  'match.log': `${CLERK}${FAILED}\ncom.acme.LedgerException: Ledger is closed: sales since 900000000 ms\n\tat com.acme.Ledger.write(Ledger.java:1) ~[job.jar:?]\n`,
  'match-2.log': `${CLERK}${FAILED}\ncom.acme.LedgerException: sales?: no such ledger\n\tat com.acme.ledger.Ledger.write(Ledger.java:1)\n`,
  'match-10.log': `${START}\n${FAILED}\njava.io.IOException: sales?: no such ledger\n\tat com.acme.ledger.Ledger.write(Ledger.java:1) ~[job.jar:?]\n`,
  'nearmiss.log': '2026-03-02 10:16:01,000 INFO  com.acme.Clerk [] - ticket 4711: "Ledger is closed: sales"\n',
};

describe('a converted folder of a team', () => {
  let folder = '';
  let first = '';
  let before: Catalog;
  let done: Conversion;
  beforeAll(() => {
    const place2 = 'connector/other/ledger';
    folder = place({
      [`${place2}/rule.yaml`]: RULE,
      [`${place2}/proof.yaml`]: PROOF,
      ...Object.fromEntries(Object.entries(LOGS).map(([name, text]) => [`${place2}/${name}`, text])),
      'cluster/disk-full/off/rule.yaml': 'status: extended\nunless: [{ where: { frame: com.acme }, why: Ours }]\n',
    });
    first = place({
      'cluster/disk-full/off/rule.yaml': `${RULE.slice(0, RULE.indexOf('captures:'))}captures: { ago: duration, ledger: text }\n${RULE.slice(RULE.indexOf('let:'))}`,
    });
    before = loadCatalog({ builtIn: first, extra: [folder] });
    done = convertFolder(folder, before);
  });

  it('is one file a rule, and nothing of the old form stays', () => {
    expect(done).toEqual({ converted: ['cluster.disk-full/off', 'connector.other/ledger'], problems: [] });
    expect(readdirSync(join(folder, 'connector', 'other'))).toEqual(['ledger.yaml']);
    expect(readdirSync(join(folder, 'recordings'))).toEqual(['connector.other.ledger-2.log']);
  });

  it('has the rules that it had', () => {
    const after = loadCatalog({ builtIn: first, extra: [folder] }).findRule('connector.other/ledger');
    const old = before.findRule('connector.other/ledger');

    expect(after?.file).toBe(join(folder, 'connector', 'other', 'ledger.yaml'));
    expect(after && printRule({ ...after, file: '' })).toBe(old && printRule({ ...old, file: '' }));
  });

  it('says with texts and cases what it said with patterns and logs', () => {
    const text = readFileSync(join(folder, 'connector', 'other', 'ledger.yaml'), 'utf8');
    const { value } = parseDocument(text, 'ledger.yaml');

    expect(value).toMatchObject({
      why: 'The ledger was closed {ago|duration} ago.',
      find: {
        closed: {
          is: 'LedgerException: Ledger is closed: {ledger:name} since {ago:duration:/\\d+ ms/}',
          source: 'com.acme.Ledger',
        },
        line: { is: 'Ledger refused ', in: 'any' },
      },
      not: [{ is: 'read only', why: 'Another rule' }, { at: 'com.acme.test' }],
      before: {
        within: '2 min',
        seen: { is: 'asks the ledger', logger: 'Clerk' },
        unseen: { is: 'the ledger answered' },
      },
      reasons: { other: [0.3, 'Somebody closed it.'] },
      fix: { wait: 'Wait.' },
      cases: [
        { log: LOGS['match.log'].trimEnd().split('\n'), gives: { ledger: 'sales' }, so: 'other' },
        { recording: 'connector.other.ledger-2', scenario: 'ledger/gone' },
        {
          throws: [
            'java.io.IOException: sales?: no such ledger',
            expect.stringContaining('com.acme.ledger.Ledger.write'),
          ],
        },
        { 'near-line': LOGS['nearmiss.log'].trimEnd() },
      ],
    });
    expect(text).toContain('  # The clerk of release 2.\n  closed:');
  });

  it('keeps the Chinese texts beside', () => {
    const { value } = parseDocument(readFileSync(join(folder, 'connector', 'zh.yaml'), 'utf8'), 'zh.yaml');

    expect(value).toMatchObject({
      'other/ledger': {
        title: '账本 {ledger} 已关闭',
        reasons: { night: '夜间关闭。' },
        fix: { wait: '请等待。', open: { cost: '无。' } },
      },
    });
  });

  it('is proven by its cases', () => {
    const catalog = loadCatalog({ builtIn: first, extra: [folder] });
    const rule = catalog.findRule('connector.other/ledger');
    const results = rule === undefined ? [] : proveRule(rule, catalog);

    expect(results.map(({ name }) => name?.split(' ').slice(0, 2).join(' '))).toEqual(
      expect.arrayContaining(['1 log', '2 recording', '3 throws', '4 near-line']),
    );
    expect(results.filter(({ name }) => name?.startsWith('4') === true).map(({ problem }) => problem)).toEqual([
      undefined,
    ]);
  });
});

it('leaves a rule whose file would stand in the way of another one', () => {
  const folder = place({
    'connector/other/ledger/rule.yaml': RULE,
    'connector/other/ledger.yaml': 'status: disabled\n',
  });
  const catalog = loadCatalog({ extra: [] });

  expect(convertFolder(folder, catalog)).toMatchObject({
    converted: [],
    problems: [expect.stringContaining('which exists')],
  });
  expect(existsSync(join(folder, 'connector', 'other', 'ledger', 'rule.yaml'))).toBe(true);
});

describe('a pattern as a text', () => {
  it.each([
    ['(?P<what>Duplicate entry [^\\n]+)', '{what=Duplicate entry {…}}'],
    ["Table '(?P<what>[^']+)' (?:is|was) gone", "Table '{what}' {:/is|was/} gone"],
    ['size \\{(?P<what>\\d+)\\}', 'size {{{what:/\\d+/}}'],
    ['(?P<what>[^\\n]{1,160}) is closed', '{what:line160} is closed'],
  ])('%s', (regex, text) => {
    expect(writeText(regex, { what: 'text' })).toBe(text);
  });

  it.each(['(?i)closed ledger', 'ledger (?:a|b)$', 'a ledger|no ledger', '(?P<a>x(?P<b>y)z) ledger'])(
    '%s stays a pattern',
    (regex) => {
      expect(writeText(regex, {})).toBeUndefined();
    },
  );
});

it('writes any text so that YAML reads the same', () => {
  const value = {
    plain: 'word',
    texts: [
      'a: b',
      "it's",
      'a "quote" \\d',
      '- x',
      '\ttab',
      '#x',
      'true',
      '1.20',
      '多 中文',
      'x\ny',
      '{a}',
      'é\u2028',
      '',
    ],
    nested: { 'a b': { c: [1, true, { d: ['x'.repeat(500)] }] } },
    cases: [
      { throws: Array.from({ length: 30 }, (_, at) => `at com.acme.Class${at}.method(File.java:${at})`), note: 'long' },
    ],
  };

  expect(parseDocument(writeForm(value), 'x.yaml')).toMatchObject({ value, problems: [] });
});
