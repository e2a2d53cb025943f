import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JobtraceError } from '../../../core/errors.js';
import { diagnose } from '../../incident/diagnose.js';
import { flattenIncidents } from '../../incident/document.js';
import { splitText } from '../../input/read.js';
import { makeFolder } from '../../testing/samples.js';
import { loadCatalog, type Catalog } from '../catalog.js';
import type { Rule } from '../rule.js';
import { readText } from './text.js';

function place(files: Readonly<Record<string, string>>): string {
  const folder = makeFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function load(files: Readonly<Record<string, string>>): Catalog {
  return loadCatalog({ builtIn: false, extra: [place(files)] });
}

function ruleOf(text: string, others: Readonly<Record<string, string>> = {}): Rule {
  const rule = load({ ...others, 'cluster/disk-full/full.yaml': text }).findRule('cluster.disk-full/full');
  if (rule === undefined) throw new Error('the rule is missing');
  return rule;
}

function check(files: Readonly<Record<string, string>>): readonly string[] {
  const folder = place(files);
  try {
    loadCatalog({ builtIn: false, extra: [folder] });
    return [];
  } catch (error) {
    if (error instanceof JobtraceError)
      return String(error.details['problems'])
        .split('\n')
        .map((line) => line.slice(line.indexOf('cluster/')));
    throw error;
  }
}

function ask(catalog: Catalog, log: string): ReturnType<typeof flattenIncidents>['diagnoses'] {
  return flattenIncidents(diagnose(splitText(log, 'taskmanager.log'), catalog), 'en').diagnoses;
}

const FAILED = `2026-03-02 10:16:02,377 WARN  org.apache.flink.runtime.taskmanager.Task [] - orders (1/2)#0 (aa11aa11aa11aa11aa11aa11aa11aa11_90bea66de1c231edf33913ecd54406c1_0_0) switched from RUNNING to FAILED with failure cause:
`;
const SHORT = `title: "{device} is full"
why: "The disk of the process is full."
find: "No space left on {device}"
fix: "Free some space."
`;

describe('a text of a form', () => {
  it.each([
    ['required {required:int} of {total:int}', 'required (?P<required>\\d+) of (?P<total>\\d+)'],
    ["Table '{table}' is missing", "Table '(?P<table>[^']+)' is missing"],
    ['Could not read {what} because of {why}', 'Could not read (?P<what>[^\\n]+?) because of (?P<why>[^\\n]+)'],
    ['a (b) {{c}: {:int} {…}', 'a \\(b\\) \\{c\\}: \\d+ [^\\n]+'],
    ['id {id:/[0-9a-f]{8}/} is gone', 'id (?P<id>[0-9a-f]{8}) is gone'],
    ['after {waited:duration:/\\d+ ms/}', 'after (?P<waited>\\d+ ms)'],
    ['the {:/left|right/} side of {side}', 'the (?:left|right) side of (?P<side>[^\\n]+)'],
  ])('%s becomes a pattern', (text, regex) => {
    expect(readText(text, true)).toMatchObject({ regex, problems: [] });
  });

  it('has its longest literal as anchor and the class before a colon as exception', () => {
    expect(readText('java.sql.SQLException: Duplicate entry {what}', true)).toMatchObject({
      exception: 'java.sql.SQLException',
      anchor: 'Duplicate entry ',
      captures: [['what', 'text']],
    });
    expect(readText('SQLException: {what}', true)).toMatchObject({ anchor: 'SQLException' });
    expect(readText('No space left on device', true)).toMatchObject({ exception: undefined, regex: undefined });
  });

  it('names an unknown type and a brace that nothing closes', () => {
    expect(readText('{a:integer} and {', true).problems).toEqual([
      '`{a:integer}` has the unknown type `integer`; did you mean `int`?',
      'has a "{" that no "}" closes; write "{{" for a brace',
    ]);
  });
});

describe('a rule in one file', () => {
  it('has what is usual where it says nothing', () => {
    expect(ruleOf(SHORT)).toMatchObject({
      id: 'cluster.disk-full/full',
      status: 'test',
      severity: 'error',
      role: 'cause',
      owner: 'platform',
      confidence: 0.8,
      captures: { device: 'text' },
      alternatives: [{ id: 'form-1', anchor: 'No space left on ', where: { failure: true } }],
      fixes: [{ id: 'fix-1', risk: 'low' }],
    });
  });

  it('is found in a log, beside rules of the old form', () => {
    const [first] = ask(
      load({ 'cluster/disk-full/full.yaml': SHORT }),
      `${FAILED}java.io.IOException: No space left on /dev/sda\n`,
    );

    expect(first).toMatchObject({ rule: 'cluster.disk-full/full', title: '/dev/sda is full' });
  });

  it('has Chinese texts from zh.yaml of its area, and one language without it', () => {
    const zh = 'disk-full/full: { title: "{device} 已满", fix: { fix-1: "请清理磁盘。" } }\n';
    const rule = ruleOf(SHORT, { 'cluster/zh.yaml': zh });

    expect([rule.title.zh.source, rule.summary.zh.source]).toEqual([
      '{device} 已满',
      'The disk of the process is full.',
    ]);
    expect(rule.fixes[0]?.text.zh.source).toBe('请清理磁盘。');
    expect(ruleOf(SHORT).title.zh.source).toBe('{device} is full');
  });

  it('takes up named sets, and texts with captures as exceptions', () => {
    const sets = 'harmless: [{ at: io.debezium }, { is: only a warning }]\n';
    const { unless } = ruleOf(`${SHORT}not: [harmless, 'No space left on {:/tmp\\d/}', "twice a day"]\n`, {
      'sets.yaml': sets,
    });

    expect(unless.map(({ text, regex, where }) => text ?? regex?.source ?? where?.frame)).toEqual([
      'io.debezium',
      'only a warning',
      'No space left on tmp\\d',
      'twice a day',
    ]);
  });

  it('shows the reason that the form names, and no other', () => {
    const catalog = load({
      'cluster/disk-full/full.yaml': `title: Full
why: The disk is full.
find:
  - { is: "No space left on", so: disk }
  - { is: "Disk quota exceeded", so: quota }
reasons: { disk: [0.6, The disk is full.], quota: The quota of the user is used up. }
fix: { free: Free some space., raise: { do: Raise the quota., for: quota } }
`,
    });
    const reasons = (log: string): unknown =>
      ask(catalog, `${FAILED}java.io.IOException: ${log}\n`)[0]?.reasons.map(({ id }) => id);

    expect(reasons('No space left on device')).toEqual(['disk']);
    expect(reasons('Disk quota exceeded')).toEqual(['quota']);
  });

  it('finds a failure whose message says nothing by a frame under another one', () => {
    const rule = `title: Broken state
why: Kryo could not read the state.
find: { kryo: { anchor: IndexOutOfBoundsException, at: com.esotericsoftware.kryo, under: org.apache.flink.runtime.state } }
fix: Start without this state.
`;
    const log = (caller: string): string => `${FAILED}java.lang.IndexOutOfBoundsException
	at java.util.ArrayList.get(ArrayList.java:435)
	at com.esotericsoftware.kryo.Kryo.readObject(Kryo.java:1)
	at ${caller}(X.java:1)
`;
    const catalog = load({ 'cluster/disk-full/full.yaml': rule });

    expect(ask(catalog, log('org.apache.flink.runtime.state.heap.HeapRestore.run'))[0]?.rule).toBe(
      'cluster.disk-full/full',
    );
    expect(ask(catalog, log('com.acme.Orders.map'))).toEqual([]);
  });

  it('names the option that has a captured value, and asks the chain of exceptions', () => {
    const catalog = load({
      'cluster/disk-full/full.yaml': `title: "Port {port} of {key} is taken"
why: Another process listens there.
find: "BindException: Port {port:int} is in use"
let: { key: optionNamed(port) }
reasons:
  wrapped: { say: The client gave up., when: 'links().exists(l, l.startsWith("java.io.IOException: gave up"))' }
  other: { say: Something else., when: 'links().exists(l, l.contains("nobody says this"))' }
fix: Choose another port.
`,
    });
    const [first] = ask(
      catalog,
      `2026-03-02 10:15:01,130 INFO  org.apache.flink.configuration.GlobalConfiguration [] - Loading configuration property: taskmanager.rpc.port, 6122
2026-03-02 10:15:01,131 INFO  org.apache.flink.configuration.GlobalConfiguration [] - Loading configuration property: taskmanager.numberOfTaskSlots, 4
${FAILED}java.io.IOException: gave up
Caused by: java.net.BindException: Port 6122 is in use
`,
    );

    expect(first?.title).toBe('Port 6122 of taskmanager.rpc.port is taken');
    expect(first?.reasons.map(({ id }) => id)).toEqual(['wrapped']);
  });

  it('has steps before, after and around an entry', () => {
    const { steps } = ruleOf(`${SHORT}before:
  within: 2 min
  on: cluster
  seen: "Connection to node {:int} could not be established"
  unseen: { is: UNKNOWN_TOPIC_OR_PARTITION, logger: NetworkClient }
around: [{ within: 1 h, count: 3, seen: "Disk is nearly full" }]
`);

    expect(steps).toMatchObject([
      { order: 'before', on: 'cluster', withinMs: 120_000, anchor: ' could not be established', absent: false },
      { order: 'before', where: { logger: ['NetworkClient'] }, absent: true },
      { order: 'around', on: 'process', count: 3, withinMs: 3_600_000 },
    ]);
  });

  it('is extended and disabled by files of later folders', () => {
    const first = place({ 'cluster/disk-full/full.yaml': SHORT, 'cluster/disk-full/other.yaml': SHORT });
    const second = place({
      'cluster/disk-full/full.yaml': 'status: extended\nnot: [{ at: com.acme.cache., why: Full by design }]\n',
      'cluster/disk-full/other.yaml': 'status: disabled\n',
    });
    const catalog = loadCatalog({ builtIn: false, extra: [first, second] });

    expect(catalog.rules.map(({ id, unless }) => [id, unless.length])).toEqual([['cluster.disk-full/full', 1]]);
  });
});

describe('mistakes in a rule of one file', () => {
  it('are told all at once, each at its line and column', () => {
    const problems = check({
      'cluster/disk-full/full.yaml': `title: "{devise} is full"
why: "The disk is full."
find:
  - { is: "No space left on {device}", so: ful }
  - { regex: "(?!x)No space" }
reasons: { full: It is full. }
not: [harmles]
fix: { free: { do: "Free {space}.", for: fulll } }
`,
      'cluster/disk-full/second.yaml': `${SHORT}severty: error\n`,
      'cluster/zh.yaml': 'disk-full/third: { title: "{other}" }\n',
      'cluster/disk-full/third.yaml': SHORT,
    });

    expect(problems).toEqual([
      'cluster/disk-full/full.yaml:1:8 `title` uses `devise`, which is no capture, let or built-in value; did you mean `device`?',
      'cluster/disk-full/full.yaml:4:11 `find[0].is` `device` is captured but used nowhere; make its group (?:…) or use it',
      'cluster/disk-full/full.yaml:4:44 `find[0].so` names the reason `ful`, which `reasons` does not have; did you mean `full`?',
      expect.stringMatching(/full\.yaml:5:5 `find\[1\]` has no literal of at least 7 characters/),
      expect.stringMatching(/full\.yaml:5:14 `find\[1\]\.regex` .*look-ahead.*put the exception under/),
      expect.stringMatching(/full\.yaml:7:7 `not\[0\]` names the set `harmles`, which no sets\.yaml has/),
      expect.stringMatching(/full\.yaml:8:20 `fix\.free\.do` uses `space`/),
      expect.stringMatching(/full\.yaml:8:42 `fix\.free\.for\[0\]` names the reason `fulll`/),
      expect.stringMatching(/second\.yaml:5:1 .*unknown key `severty`; did you mean `severity`\?/),
      expect.stringMatching(/third\.yaml:1:8 `title` misses the placeholder \{other\}/),
      expect.stringMatching(/zh\.yaml:1:27 .*misses the placeholder \{device\}/),
    ]);
  });

  it('are a file in a place that is no id, and two files of one id', () => {
    const old = `severity: error
status: test
owner: platform
role: cause
title: { en: Full, zh: 已满 }
summary: { en: Full, zh: 已满 }
match: [{ id: a, anchor: "No space left" }]
fixes: [{ id: a, risk: low, text: { en: Free, zh: 清理 } }]
references: []
`;
    expect(check({ 'cluster/disk-full/full.yaml': SHORT, 'cluster/disk-full/full/rule.yaml': old })).toEqual([
      expect.stringMatching(/is the second file of `cluster\.disk-full\/full` in this folder/),
    ]);
    expect(check({ 'cluster/disc-full/full.yaml': SHORT })).toEqual([
      expect.stringMatching(/names the cause `cluster\.disc-full`.*did you mean `cluster\.disk-full`\?/),
    ]);
  });
});
