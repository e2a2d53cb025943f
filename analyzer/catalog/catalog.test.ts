import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JobtraceError } from '../../core/errors.js';
import { loadCatalog, type CatalogSources } from './catalog.js';
import { diagnose } from '../incident/diagnose.js';
import { BUFFER_LOG, makeCatalog, makeFolder, readRecording, writeRules } from '../testing/samples.js';

function writeFile(id: string, text: string): string {
  const folder = makeFolder();
  const path = join(folder, ...id.replace('.', '/').split('/'));
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'rule.yaml'), text);
  return folder;
}

function checkCatalog(sources: CatalogSources): readonly string[] {
  try {
    loadCatalog(sources);
    return [];
  } catch (error) {
    if (error instanceof JobtraceError && error.code === 'JT_RULE_INVALID')
      return String(error.details['problems']).split('\n');
    throw error;
  }
}

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
    const folder = writeRules({
      'cluster.disk-full/a': 'match: [{ id: a, anchor: "No space" , regx: "x" }]',
      'cluster.no-slots/b': 'role: reason\nmatch: [{ id: b, anchor: "No slots" }]',
    });

    expect(() => loadCatalog({ builtIn: false, extra: [folder] })).toThrow(JobtraceError);
    const problems = checkCatalog({ builtIn: false, extra: [folder] });
    expect(problems).toHaveLength(2);
    expect(problems[0]).toMatch(
      /disk-full\/a\/rule\.yaml:\d+:\d+ `match\[0\]` has the unknown key `regx`; did you mean `regex`\?$/,
    );
    expect(problems[1]).toMatch(/no-slots\/b\/rule\.yaml:\d+:\d+ `role` must be one of cause, symptom, not "reason"$/);
  });

  it('explains a look-ahead, an unknown group and an unused capture', () => {
    const problems = check({
      'cluster.disk-full/a': `captures: { device: path, lost: text }
title: { en: "Disk {device} is full", zh: "磁盘 {device} 已满" }
match:
  - { id: a, anchor: "No space left", regex: '(?!x)No space' }
  - { id: b, anchor: "Disk quota", regex: 'quota (?P<devise>\\S+)' }`,
    });

    expect(problems.map((problem) => problem.replace(/^\S+ /, ''))).toEqual([
      '`captures.device` no pattern has a group `device`; did you mean `devise`?',
      '`captures.lost` no pattern has a group `lost`',
      '`captures.lost` `lost` is captured but used nowhere; make its group (?:…) or use it',
      expect.stringContaining(
        'it has a look-ahead or look-behind, which RE2 does not have; put the exception under "not"',
      ),
      '`match[1].regex` captures `devise`, which `captures` does not give a type; did you mean `device`?',
    ]);
  });

  it('finds placeholders that differ between the languages and names that do not exist', () => {
    const problems = check({
      'cluster.disk-full/a': `title: { en: "{host} is full, {hots}", zh: "{component} 已满" }
match: [{ id: a, anchor: "No space left" }]
fixes: [{ id: free, for: [nothing], when: "jobs == 1", risk: low, text: { en: "x", zh: "x" } }]`,
    });

    expect(problems.join('\n')).toContain('`title.zh` misses the placeholder {host} that the English text has');
    expect(problems.join('\n')).toContain('`title.en` misses the placeholder {component} that the Chinese text has');
    expect(problems.join('\n')).toContain(
      'uses `hots`, which is no capture, let or built-in value; did you mean `host`?',
    );
    expect(problems.join('\n')).toContain(
      'uses `jobs`, which is no capture, let or built-in value; did you mean `job`?',
    );
    expect(problems.join('\n')).toContain('names the reason `nothing`, which does not exist');
  });

  it('refuses a folder without a cause and one at the wrong depth', () => {
    const folder = writeRules({ 'cluster.disk-fool/a': 'match: [{ id: a, anchor: "No space" }]' });
    mkdirSync(join(folder, 'deep'));
    writeFileSync(join(folder, 'deep', 'rule.yaml'), 'a: 1');

    const problems = checkCatalog({ builtIn: false, extra: [folder] }).join('\n');

    expect(problems).toContain(
      '`cluster.disk-fool`, which causes.yaml does not have; did you mean `cluster.disk-full`?',
    );
    expect(problems).toContain('must stand in <area>/<cause>/<variant>/, not in deep/');
  });

  it('follows links, as a mounted ConfigMap is made of them, and reads nothing twice', () => {
    const folder = writeRules({ 'cluster.disk-full/a': 'match: [{ id: a, anchor: "No space on this disk" }]' });
    renameSync(join(folder, 'cluster'), join(folder, '..2026_11_24'));
    symlinkSync('..2026_11_24', join(folder, '..data'));
    symlinkSync(join('..data'), join(folder, 'cluster'));
    const variant = join(folder, 'cluster', 'disk-full', 'a');
    renameSync(join(variant, 'rule.yaml'), join(variant, '..rule'));
    symlinkSync('..rule', join(variant, 'rule.yaml'));
    symlinkSync('..', join(variant, 'above'));

    expect(loadCatalog({ builtIn: false, extra: [folder] }).rules.map(({ id }) => id)).toEqual(['cluster.disk-full/a']);
  });

  it.each([
    ['a folder', (path: string) => mkdirSync(path), 'it is no file'],
    ['a pipe', (path: string) => execFileSync('mkfifo', [path]), 'it is no file'],
    ['a link in a circle', (path: string) => symlinkSync(path, path), 'ELOOP'],
    ['a link to nothing', (path: string) => symlinkSync('gone', path), 'ENOENT'],
    ['a device without end', (path: string) => symlinkSync('/dev/zero', path), 'it is no file'],
  ])('names a rule that is %s, at once', (_what, make, problem) => {
    const folder = makeFolder();
    const variant = join(folder, 'cluster', 'disk-full', 'a');
    mkdirSync(variant, { recursive: true });
    make(join(variant, 'rule.yaml'));

    const problems = checkCatalog({ builtIn: false, extra: [folder] });

    expect(problems).toEqual([expect.stringMatching(/rule\.yaml:1:1 cannot be read: /)]);
    expect(problems[0]).toContain(problem);
  });

  it.each([
    ['cluster.no-slots', 'cluster.disk-full/a'],
    ['cluster.*', 'cluster.disk-full'],
    ['cluster.no-slots/b', 'cluster.*'],
  ])('refuses rules that explain each other, by %s and %s', (ofA, ofB) => {
    const problems = check({
      'cluster.disk-full/a': `explains: ['${ofA}']\nmatch: [{ id: a, anchor: "No space" }]`,
      'cluster.no-slots/b': `explains: ['${ofB}']\nmatch: [{ id: b, anchor: "No slots" }]`,
    });

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('runs in a circle: cluster.no-slots/b explains this rule as well');
  });

  it('refuses a division by zero, a patch for an option that is not there, and a pattern that is too large', () => {
    const problems = check({
      'cluster.disk-full/a': `match: [{ id: a, anchor: "No space", regex: '((a{1,100}){1,100}){1,100}' }]
let: { share: "restarts / 0" }
fixes:
  - { id: gone, flink: ">=2.0", risk: low, patch: { taskmanager.network.numberOfBuffers: "1" }, text: { en: x, zh: x } }
  - { id: early, flink: ">=1.17", risk: low, patch: { pipeline.serialization-config: "{share}" }, text: { en: x, zh: x } }
  - { id: fine, flink: "<2.0", risk: low, patch: { taskmanager.network.numberOfBuffers: "1" }, text: { en: x, zh: x } }`,
    });

    expect(problems.map((problem) => problem.replace(/^\S+ /, ''))).toEqual([
      expect.stringContaining('it repeats too often for RE2'),
      '`let.share` divides by zero, so it never has a value',
      expect.stringMatching(
        /^`fixes\[0\].*numberOfBuffers.* sets an option that does not exist in Flink 2\.0: set taskmanager\.memory\.network\.min/,
      ),
      expect.stringMatching(
        /^`fixes\[1\].*serialization-config.* sets an option that does not exist in Flink 1\.17: it came with 1\.19/,
      ),
    ]);
  });

  it('refuses anchors that do not fit into one scan', () => {
    const problems = check({ 'cluster.disk-full/a': `match: [{ id: a, anchor: "${'No space '.repeat(120_000)}" }]` });

    expect(problems.join('\n')).toMatch(
      /1:1 the anchors of its rules are 1080000 bytes long together, .* shorten those of cluster\.disk-full\/a first/,
    );
  });

  it('lets a team add an exception to a built-in rule', () => {
    const id = 'network.insufficient-buffers/total';
    const extended = makeCatalog({}, {});
    const silenced = loadCatalog({
      extra: [writeFile(id, 'status: extended\nunless:\n  - { text: "required 17", why: "a test job" }\n')],
    });

    expect(extended.findRule(id)?.unless).toHaveLength(loadCatalog().findRule(id)?.unless.length ?? 0);
    expect(
      diagnose(readRecording(BUFFER_LOG), silenced).flatMap((incident) =>
        incident.diagnoses.en.map((item) => item.rule),
      ),
    ).not.toContain(id);
    expect(silenced.findRule(id)?.title.en.source).toBe(extended.findRule(id)?.title.en.source);
  });

  it('lets a team disable a built-in rule with a file of one line', () => {
    const id = 'network.insufficient-buffers/total';

    expect(loadCatalog({ extra: [writeFile(id, 'status: disabled\n')] }).findRule(id)).toBeUndefined();
  });

  it.each([
    [
      'status: disabled\n',
      /1:9 `status` disables `network\.insufficient-buffers\/totl`, which no catalog before has; did you mean `network\.insufficient-buffers\/total`\?/,
    ],
    [
      'status: extended\nunless: [{ text: x }]\n',
      /1:9 `status` extends `network\.insufficient-buffers\/totl`, which no catalog before has; did you mean/,
    ],
    ['status: extended\n', /misses `unless`/],
    ['status: extended\nunless: [{ text: x }]\nanchor: x\n', /3:1 has the unknown key `anchor`/],
    ['status: extended\nunless: [{ regex: "(?!x)y" }]\n', /`unless\[0\]\.regex` .*look-ahead/],
  ])('says what is wrong with %j', (text, problem) => {
    const id = text.includes('regex') ? 'network.insufficient-buffers/total' : 'network.insufficient-buffers/totl';

    expect(checkCatalog({ extra: [writeFile(id, text)] }).join('\n')).toMatch(problem);
  });

  it('lets a team replace and disable built-in rules', () => {
    const replaced = makeCatalog(
      {
        'network.insufficient-buffers/total':
          'title: { en: "Ours", zh: "我们的" }\nmatch: [{ id: ours, anchor: "Insufficient number of network buffers" }]',
      },
      {},
    );
    const disabled = makeCatalog(
      {
        'network.insufficient-buffers/total':
          'status: disabled\nmatch: [{ id: ours, anchor: "Insufficient number of network buffers" }]',
      },
      {},
    );

    expect(diagnose(readRecording(BUFFER_LOG), replaced)[0]?.diagnoses.en[0]?.title).toBe('Ours');
    expect(disabled.findRule('network.insufficient-buffers/total')).toBeUndefined();
  });

  it('takes causes of a team from its own causes.yaml', () => {
    const folder = makeFolder();
    writeFileSync(
      join(folder, 'causes.yaml'),
      'connector.ledger: { owner: connector, title: { en: "The ledger failed", zh: "账本出错" } }\n',
    );

    expect(loadCatalog({ extra: [folder] }).causes.get('connector.ledger')?.title.en).toBe('The ledger failed');
  });
});
