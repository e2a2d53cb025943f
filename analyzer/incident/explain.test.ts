import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../catalog/catalog.js';
import type { Catalog } from '../catalog/catalog.js';
import type { Expression } from '../catalog/expression.js';
import { diagnose } from './diagnose.js';
import type { RuleFault } from './explain.js';
import { BUFFER_LOG, makeCatalog, readRecording } from '../testing/samples.js';
import { splitText } from '../input/read.js';
import type { Diagnosis } from '../../core/documents/incident.js';

const catalog = loadCatalog();
const log = readRecording(BUFFER_LOG)
  .map((entry) => entry.bytes.toString('utf8'))
  .join('\n');

function diagnoseText(text: string, rules = catalog): Diagnosis | undefined {
  return diagnose(splitText(text), rules)[0]?.diagnoses.en[0];
}

describe('explainFinding', () => {
  it('uses the option names of the job’s version', () => {
    const old = log
      .replace('Version: 1.20.1', 'Version: 1.9.3')
      .replace('taskmanager.memory.process.size, 1g', 'taskmanager.heap.size, 1024m');

    const fix = diagnoseText(old)?.fixes[0];

    expect(Object.keys(fix?.patch ?? {})).toContain('taskmanager.network.memory.min');
    expect(Object.keys(fix?.patch ?? {}).some((key) => key.startsWith('taskmanager.memory.network'))).toBe(false);
  });

  it('leaves out the fix that it cannot compute and says how to find the value', () => {
    const unknownSize = log.replace(/^.*taskmanager\.memory\.process\.size.*\n/m, '');

    const fixes = diagnoseText(unknownSize)?.fixes;

    expect(fixes?.map((fix) => fix.id)).toEqual(['raise-min-unknown-size', 'lower-parallelism']);
    expect(fixes?.[0]?.patch).toEqual({
      'taskmanager.memory.network.min': '112m',
      'taskmanager.memory.network.max': '112m',
    });
    expect(fixes?.[0]?.text).toContain('does not say how large');
  });

  it('shares the weights out among the reasons that hold', () => {
    const large = log.replaceAll('set to 2048 of', 'set to 8192 of');

    expect(diagnoseText(large)?.reasons.map((reason) => [reason.id, reason.weight])).toEqual([['many-connections', 1]]);
  });

  it('survives a division by zero: what needs the value is absent', () => {
    const rules = makeCatalog({
      'cluster.disk-full/a': `captures: { free: int }
title: { en: "{free} free, {share} %", zh: "剩余 {free}，{share} %" }
match: [{ id: a, anchor: "bytes free", regex: '(?P<free>\\d+) bytes free' }]
let: { share: 100 / free }
reasons:
  - { id: ratio, when: share > 1, weight: 1, text: { en: "r", zh: "r" } }
fixes:
  - { id: one, risk: low, text: { en: "{share}", zh: "{share}" } }
  - { id: two, risk: low, text: { en: "always", zh: "always" } }`,
    });

    const diagnosis = diagnoseText('2026-03-02 10:00:00,000 WARN  a.B [] - 0 bytes free', rules);

    expect(diagnosis).toMatchObject({ title: '0 free, … %', reasons: [], fixes: [{ id: 'two' }] });
  });

  it('goes on with what the rule still knows, and with every other rule, where a value of one cannot be had', () => {
    const make = (line: string): string => `captures: { free: int, size: bytes, wait: duration, who: class }
title: { en: "{free} {size|bytes} {wait|duration} {who}", zh: "{free} {size|bytes} {wait|duration} {who}" }
match:
  - { id: a, anchor: "${line}", regex: '${line} (?P<free>[-,\\d]+) (?P<size>\\S+) (?P<wait>\\S+)(?: of (?P<who>\\S+))?' }
let: { piece: "size / free", name: 'who.split(".")[7]', more: "piece + 1" }
fixes:
  - { id: sized, risk: low, text: { en: "{piece}", zh: "{piece}" } }
  - { id: plain, risk: low, text: { en: "always", zh: "always" } }`;
    const rules = makeCatalog({
      'cluster.disk-full/a': make('disk says'),
      'memory.container-killed/b': make('container says'),
    });
    const huge = '9'.repeat(400);
    const values = [
      `- x y`,
      `-, x y`,
      `, ${huge}t ${huge}d`,
      `${huge} ${huge} ${huge} of L;`,
      `0 1m 1s of .`,
      `--1 0 0`,
    ];
    const explain = (value: string): readonly Diagnosis[] =>
      diagnose(
        splitText(
          `2026-03-02 10:00:00,000 ERROR a.B [] - disk says ${value}\n2026-03-02 10:00:00,001 ERROR a.B [] - container says 4 8m 1s of a.B\n`,
        ),
        rules,
      ).flatMap(({ diagnoses }) => diagnoses.en);

    for (const value of values) {
      const found = explain(value);
      expect(found.map(({ rule }) => rule).sort(), value).toEqual(['cluster.disk-full/a', 'memory.container-killed/b']);
      expect(found.find(({ rule }) => rule === 'memory.container-killed/b')?.fixes, value).toHaveLength(2);
      expect(
        found.find(({ rule }) => rule === 'cluster.disk-full/a')?.fixes.map(({ id }) => id),
        value,
      ).toContain('plain');
    }
  });

  it('leaves out the fix of a reason that does not hold, but not every fix, nor one of a reason that nothing is known about', () => {
    const explain = (line: string): readonly string[] | undefined => {
      const rules = makeCatalog({
        'cluster.disk-full/any': `
match: [{ id: full, anchor: "the disk is ", regex: 'the disk is (?P<how>\\w+)' }]
captures: { how: text }
reasons:
  - { id: full, when: 'how == "full"', weight: 0.5, text: { en: "It is full", zh: "已满" } }
  - { id: slow, when: 'how == "slow"', weight: 0.5, text: { en: "It is slow", zh: "很慢" } }
  - { id: small, when: 'how == "small" || memory("network") < 1', weight: 0.5, text: { en: "It is small", zh: "很小" } }
fixes:
  - { id: clean, for: [full], risk: low, text: { en: "Clean it", zh: "清理" } }
  - { id: replace, for: [slow], risk: low, text: { en: "Replace it", zh: "更换" } }${line.includes('small') ? '\n  - { id: enlarge, for: [small], risk: low, text: { en: "Enlarge it", zh: "扩容" } }' : ''}`,
      });
      return diagnoseText(`2026-03-02 10:00:00,000 WARN  a.B [] - ${line}`, rules)?.fixes.map(({ id }) => id);
    };

    expect(explain('the disk is full')).toEqual(['clean']);
    expect(explain('the disk is away')).toEqual(['clean', 'replace']);
    expect(explain('the disk is away, not small')).toEqual(['enlarge']);
  });

  it('names the part of a rule that cannot be computed whatever the log says, and only that', () => {
    const rules = makeCatalog({
      'cluster.disk-full/a': `captures: { what: text, free: int }
title: { en: "{what}", zh: "{what}" }
match: [{ id: a, anchor: "bytes free", regex: '(?P<free>\\d+) bytes free(?: on (?P<what>\\w+))?' }]
let: { next: "what + 1", share: "100 / free", more: "next + 1", slots: 'optionInt("taskmanager.numberOfTaskSlots", 1)' }
reasons:
  - { id: odd, when: 'what > 2', weight: 1, text: { en: "r", zh: "r" } }
fixes:
  - { id: never, when: 'what && true', risk: low, text: { en: "a", zh: "a" } }
  - { id: always, risk: low, text: { en: "b", zh: "b" } }`,
    });
    const explain = (lines: string): { readonly faults: readonly RuleFault[]; readonly fixes: readonly string[] } => {
      const faults: RuleFault[] = [];
      const [incident] = diagnose(splitText(lines), rules, { onFault: (fault) => faults.push(fault) });
      return { faults, fixes: incident?.diagnoses.en[0]?.fixes.map(({ id }) => id) ?? [] };
    };
    const options =
      '2026-03-02 09:00:00,000 INFO  org.apache.flink.configuration.GlobalConfiguration [] - Loading configuration property: taskmanager.numberOfTaskSlots, many\n';

    expect(explain(`${options}2026-03-02 10:00:00,000 WARN  a.B [] - 0 bytes free`)).toEqual({
      faults: [],
      fixes: ['always'],
    });
    const { faults, fixes } = explain('2026-03-02 10:00:00,000 WARN  a.B [] - 0 bytes free on sda');
    expect(faults.map(({ rule, part }) => [rule, part])).toEqual([
      ['cluster.disk-full/a', 'let.next'],
      ['cluster.disk-full/a', 'reasons.odd.when'],
      ['cluster.disk-full/a', 'fixes.never.when'],
    ]);
    expect(faults[0]?.problem).toContain('no such overload');
    expect(fixes).toEqual(['always']);
  });

  it('keeps the cause and its lines, and every other incident, where the rest of a rule fails', () => {
    const rules = makeCatalog({
      'cluster.disk-full/a': `captures: { free: int }
title: { en: "{free} bytes free", zh: "剩余 {free}" }
match: [{ id: a, anchor: "bytes free", regex: '(?P<free>\\d+) bytes free' }]`,
      'memory.container-killed/b': `captures: { free: int }
title: { en: "{free} is too much", zh: "{free}" }
match: [{ id: a, anchor: "is too much", regex: '(?P<free>\\d+) is too much' }]`,
    });
    const broken: Expression = {
      source: 'free',
      evaluate: () => {
        throw new Error('out of order');
      },
    };
    const withBroken: Catalog = {
      ...rules,
      findRule: (id) => {
        const rule = rules.findRule(id);
        return rule?.id === 'cluster.disk-full/a' ? { ...rule, lets: [['twice', broken]] } : rule;
      },
    };
    const faults: RuleFault[] = [];

    const found = diagnose(
      splitText(
        '2026-03-02 10:00:00,000 WARN  a.B [] - 7 bytes free\n2026-03-02 10:00:01,000 WARN  a.B [] - 9 is too much\n',
      ),
      withBroken,
      { onFault: (fault) => faults.push(fault) },
    ).flatMap(({ diagnoses }) => diagnoses.en);

    expect(found.find(({ rule }) => rule === 'cluster.disk-full/a')).toMatchObject({
      cause: 'cluster.disk-full',
      title: '{free} bytes free',
      fixes: [],
      evidence: [{ line: 1 }],
    });
    expect(found.map(({ title }) => title)).toContain('9 is too much');
    expect(faults).toEqual([{ rule: 'cluster.disk-full/a', part: 'texts', problem: 'out of order' }]);
  });

  it('has the same values and patches in both languages', () => {
    const [incident] = diagnose(readRecording(BUFFER_LOG), catalog);

    expect(incident?.diagnoses.zh[0]?.values).toEqual(incident?.diagnoses.en[0]?.values);
    expect(incident?.diagnoses.zh[0]?.fixes[0]?.patch).toEqual(incident?.diagnoses.en[0]?.fixes[0]?.patch);
  });
});
