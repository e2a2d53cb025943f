import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JobtraceError } from '../core/errors.js';
import { checkCatalog, loadCatalog } from './catalog.js';
import { diagnose } from './diagnose.js';
import { BUFFER_RULE, makeCatalog, readRecording, writeRules } from './samples.js';

function check(rules: Readonly<Record<string, string>>): readonly string[] {
  const folder = writeRules(rules);
  return checkCatalog({ builtIn: false, extra: [folder] }).map((problem) => problem.replace(`${folder}/`, ''));
}

describe('loadCatalog', () => {
  it('loads the built-in rules, sorted by id', () => {
    const ids = loadCatalog().rules.map((rule) => rule.id);

    expect(ids).toContain('network.insufficient-buffers/total');
    expect(ids).toEqual([...ids].sort());
  });

  it('throws all problems of all rules at once', () => {
    const folder = writeRules({ 'cluster.disk-full/a': 'match: [{ id: a, anchor: "No space" , regx: "x" }]', 'cluster.no-slots/b': 'role: reason\nmatch: [{ id: b, anchor: "No slots" }]' });

    expect(() => loadCatalog({ builtIn: false, extra: [folder] })).toThrow(JobtraceError);
    const problems = checkCatalog({ builtIn: false, extra: [folder] });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(/disk-full\/a\/rule\.yaml:\d+:\d+ `match\[0\]` has the unknown key `regx`; did you mean `regex`\?$/);
    expect(problems[1]).toMatch(/no-slots\/b\/rule\.yaml:\d+:\d+ `role` must be one of cause, symptom, not "reason"$/);
  });

  it('explains a look-ahead, an unknown group and an unused capture', () => {
    const problems = check({ 'cluster.disk-full/a': `captures: { device: path, lost: text }
title: { en: "Disk {device} is full", zh: "磁盘 {device} 已满" }
match:
  - { id: a, anchor: "No space left", regex: '(?!x)No space' }
  - { id: b, anchor: "Disk quota", regex: 'quota (?P<devise>\\S+)' }` });

    expect(problems.map((problem) => problem.replace(/^\S+ /, ''))).toEqual([
      '`captures.device` no pattern has a group `device`; did you mean `devise`?',
      '`captures.lost` no pattern has a group `lost`',
      '`captures.lost` `lost` is captured but used nowhere; make its group (?:…) or use it',
      expect.stringContaining('it has a look-ahead or look-behind, which RE2 does not have; put the exception under "unless"'),
      '`match[1].regex` captures `devise`, which `captures` does not give a type; did you mean `device`?',
    ]);
  });

  it('finds placeholders that differ between the languages and names that do not exist', () => {
    const problems = check({ 'cluster.disk-full/a': `title: { en: "{host} is full, {hots}", zh: "{component} 已满" }
match: [{ id: a, anchor: "No space left" }]
fixes: [{ id: free, for: [nothing], when: "jobs == 1", risk: low, text: { en: "x", zh: "x" } }]` });

    expect(problems.join('\n')).toContain('`title.zh` misses the placeholder {host} that the English text has');
    expect(problems.join('\n')).toContain('`title.en` misses the placeholder {component} that the Chinese text has');
    expect(problems.join('\n')).toContain('uses `hots`, which is no capture, let or built-in value; did you mean `host`?');
    expect(problems.join('\n')).toContain('uses `jobs`, which is no capture, let or built-in value; did you mean `job`?');
    expect(problems.join('\n')).toContain('names the reason `nothing`, which does not exist');
  });

  it('refuses a folder without a cause and one at the wrong depth', () => {
    const folder = writeRules({ 'cluster.disk-fool/a': 'match: [{ id: a, anchor: "No space" }]' });
    mkdirSync(join(folder, 'deep'));
    writeFileSync(join(folder, 'deep', 'rule.yaml'), 'a: 1');

    const problems = checkCatalog({ builtIn: false, extra: [folder] }).join('\n');

    expect(problems).toContain('`cluster.disk-fool`, which causes.yaml does not have; did you mean `cluster.disk-full`?');
    expect(problems).toContain('must stand in <area>/<cause>/<variant>/, not in deep/');
  });

  it('refuses rules that explain each other', () => {
    const problems = check({ 'cluster.disk-full/a': 'explains: [cluster.no-slots]\nmatch: [{ id: a, anchor: "No space" }]', 'cluster.no-slots/b': 'explains: [cluster.disk-full/a]\nmatch: [{ id: b, anchor: "No slots" }]' });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('runs in a circle: cluster.no-slots/b explains this rule as well');
  });

  it('lets a team replace and disable built-in rules', () => {
    const replaced = makeCatalog({ 'network.insufficient-buffers/total': 'title: { en: "Ours", zh: "我们的" }\nmatch: [{ id: ours, anchor: "Insufficient number of network buffers" }]' }, {});
    const disabled = makeCatalog({ 'network.insufficient-buffers/total': 'status: disabled\nmatch: [{ id: ours, anchor: "Insufficient number of network buffers" }]' }, {});

    expect(diagnose(readRecording(`${BUFFER_RULE}/match.log`), replaced)[0]?.diagnoses.en[0]?.title).toBe('Ours');
    expect(disabled.findRule('network.insufficient-buffers/total')).toBeUndefined();
  });

  it('takes causes of a team from its own causes.yaml', () => {
    const folder = mkdtempSync(join(tmpdir(), 'rules-'));
    writeFileSync(join(folder, 'causes.yaml'), 'connector.ledger: { owner: connector, title: { en: "The ledger failed", zh: "账本出错" } }\n');

    expect(loadCatalog({ extra: [folder] }).causes.get('connector.ledger')?.title.en).toBe('The ledger failed');
  });
});
