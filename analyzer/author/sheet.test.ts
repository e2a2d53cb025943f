import { describe, expect, it } from 'vitest';
import { LANGUAGES } from '../../core/types.js';
import { loadCatalog } from '../catalog/catalog.js';
import { describeSheet } from './sheet.js';

const catalog = loadCatalog();

function sheetOf(id: string, language: 'en' | 'zh' = 'en') {
  const rule = catalog.findRule(id);
  if (rule === undefined) throw new Error(`there is no rule ${id}`);
  return describeSheet(rule, language);
}

describe('describeSheet', () => {
  it('tells what a rule looks for, what it advises, and which logs prove it', () => {
    const sheet = sheetOf('network.insufficient-buffers/total');

    expect(sheet.finds.map(({ text }) => text)).toContain('Insufficient number of network buffers: required ');
    expect(sheet.captures).toHaveProperty('required');
    expect(sheet.fixes.some(({ patch }) => Object.keys(patch).length > 0)).toBe(true);
    const names = sheet.logs.map(({ name, isMatch }) => [name, isMatch]);
    expect(names[0]).toEqual(['match.log', true]);
    expect(names.at(-1)?.[1]).toBe(false);
    expect(sheet.logs[0]?.text).toContain('Insufficient number of network buffers: required');
  });

  it('names the classes and places that an entry must have', () => {
    const asked = catalog.rules.flatMap((rule) =>
      describeSheet(rule, 'en').finds.flatMap(({ where }) => Object.keys(where)),
    );

    for (const name of ['exception', 'root', 'frame', 'logger', 'level', 'thrownBy', 'message', 'failure'])
      expect(asked).toContain(name);
  });

  it('prints the values that a text needs by their names, and options as they are called', () => {
    const { fixes, summary } = sheetOf('network.insufficient-buffers/total');

    expect(summary).toContain('{min}');
    expect(fixes.map(({ text }) => text).join()).toContain('with taskmanager.memory.network.min and');
    expect(JSON.stringify(fixes)).not.toMatch(/\{option:|\{\w+\|/);
  });

  it('says of options that do not stand in the rule by which expression they come about', () => {
    const computed = catalog.rules.flatMap((rule) =>
      rule.fixes.flatMap((fix, index) => (fix.patchFrom === undefined ? [] : [{ rule, index }])),
    );

    expect(sheetOf('network.insufficient-buffers/total').fixes[0]).toMatchObject({
      patch: {},
      computedBy: 'fitNetwork(min)',
    });
    for (const { rule, index } of computed)
      expect(describeSheet(rule, 'en').fixes[index]?.computedBy, rule.id).toMatch(/\w/);
  });

  it('speaks the language of the reader', () => {
    expect(sheetOf('network.insufficient-buffers/total', 'zh').summary).toMatch(/[\u4e00-\u9fff]/);
    expect(sheetOf('network.insufficient-buffers/total', 'en').summary).not.toMatch(/[\u4e00-\u9fff]/);
  });

  it.each(LANGUAGES)('has in %s of every rule a line to find, a log to name and one not to name', (language) => {
    for (const rule of catalog.rules) {
      const { finds, logs, summary } = describeSheet(rule, language);
      expect(summary, rule.id).not.toBe('');
      expect(
        finds.every(({ text }) => text !== undefined && text !== ''),
        rule.id,
      ).toBe(true);
      expect(
        logs.some(({ isMatch }) => isMatch),
        rule.id,
      ).toBe(true);
      expect(
        logs.some(({ isMatch }) => !isMatch),
        rule.id,
      ).toBe(true);
    }
  });

  it('shows some of the logs of a rule that has many, and says how many there are beside', () => {
    const { logs, moreLogs } = sheetOf('connector.doris-starrocks/load-refused');

    expect([logs.filter(({ isMatch }) => isMatch).length, logs.at(-1)?.isMatch]).toEqual([20, false]);
    expect(logs.slice(0, 3).map(({ name }) => name)).toEqual(['match.log', 'match-2.log', 'match-3.log']);
    expect(moreLogs).toBeGreaterThan(10);
  });

  it('shows the beginning of a log that is long', () => {
    const long = catalog.rules.flatMap((rule) => describeSheet(rule, 'en').logs).filter(({ isCut }) => isCut);

    expect(long.length).toBeGreaterThan(0);
    for (const { text } of long) expect(text).toHaveLength(20_000);
  });

  it('has no logs of a rule whose folder is gone', () => {
    const rule = catalog.rules[0];
    if (rule === undefined) throw new Error('there are no rules');

    expect(describeSheet({ ...rule, file: '/nowhere/rule.yaml' }, 'en')).toMatchObject({ logs: [], moreLogs: 0 });
  });
});
