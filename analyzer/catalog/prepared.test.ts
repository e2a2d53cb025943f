import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDocument, trustDocument } from '../../core/document.js';
import { createAnchorScanner, packAnchors } from '../../flink/bytes/anchors.js';
import { buildCatalog } from './catalog.js';
import { compileRule } from './compile.js';
import { diagnose } from '../incident/diagnose.js';
import { flattenIncidents } from '../incident/document.js';
import { readForm, type Sets } from './form/read.js';
import { openPrepared } from './prepared.js';
import type { Rule, RuleFile } from './rule.js';
import { BUFFER_RECORDING, readRecording, readWholeCatalog } from '../testing/samples.js';

const sets: Sets = new Map(
  Object.entries(parseDocument(readFileSync('rules/sets.yaml', 'utf8'), 'sets.yaml').value as Record<string, []>),
);

/**
 * Returns a rule as it comes from what the build prepared: patterns and expressions are not compiled until they are
 * needed.
 */
function trust(rule: Rule): Rule {
  const text = readFileSync(rule.file, 'utf8');
  const form = readForm(parseDocument(text, rule.file), { owner: rule.owner, sets, chinese: undefined });
  const value: unknown = JSON.parse(JSON.stringify(form.value));
  return isRuleFile(value)
    ? compileRule(
        rule.id,
        rule.file,
        value,
        trustDocument(
          () => value,
          () => text,
          rule.file,
        ),
      ).rule
    : rule;
}

function isRuleFile(value: unknown): value is RuleFile {
  return typeof value === 'object' && value !== null;
}

describe('rules that the build prepared', () => {
  it('say the same as rules that were read and checked', () => {
    const checked = readWholeCatalog();
    const trusted = buildCatalog(checked.rules.map(trust), checked.causes, checked.engine);
    const entries = readRecording(BUFFER_RECORDING);

    const [first] = flattenIncidents(diagnose(entries, trusted), 'en').diagnoses;

    expect(first?.fixes.map((fix) => fix.patch)).toContainEqual(
      expect.objectContaining({ 'taskmanager.memory.network.min': expect.any(String) }),
    );
    expect(flattenIncidents(diagnose(entries, trusted), 'en')).toEqual(
      flattenIncidents(diagnose(entries, checked), 'en'),
    );
  });

  it('know where their keys stand when somebody asks', () => {
    const document = trustDocument(
      () => ({ a: { b: 1 } }),
      () => 'a:\n  b: 1\n',
      'x.yaml',
    );

    expect(document.problemAt(['a', 'b'], 'is odd')).toMatchObject({ line: 2, path: 'a.b' });
  });
});

describe('what the build read', () => {
  const ANCHORS = { alternatives: [['Java heap space'], ['GC overhead', 'Java heap space']], steps: ['Full GC'] };
  const LITERALS = ['Full GC', 'GC overhead', 'Java heap space'];
  let dir: string;
  let root: string;
  let rule: string;
  const place = (path: string, text: string): string => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
    return join(root, path);
  };
  const setTime = (path: string, ms: number): void => utimesSync(path, ms / 1000, ms / 1000);
  /** Waits until the clock of the file system is past this time, and returns its time. */
  const passTime = (after: number): number => {
    const probe = join(dir, 'probe');
    let now = 0;
    while (now <= after) {
      writeFileSync(probe, 'x');
      now = statSync(probe).ctimeMs;
    }
    return now;
  };
  let builtAt: number;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'jobtrace-prepared-'));
    root = join(dir, 'rules');
    rule = place('memory/rule.yaml', 'a: 1\n');
    place('rule.schema.json', '{}');
    place('schema.json', '{}');
    place('engine.schema.json', '{}');
    builtAt = passTime(statSync(join(root, 'engine.schema.json')).ctimeMs);
    const build = openPrepared(join(dir, 'rules.jsonl'));
    build.read(rule, 'rule.yaml', () => ({}));
    build.save(root, builtAt, {
      anchors: new Map([[rule, ANCHORS]]),
      literals: LITERALS,
      packed: packAnchors(LITERALS),
    });
    passTime(builtAt);
  });

  afterEach(() => rmSync(dir, { recursive: true }));

  it('is listed and trusted while nobody touched it', () => {
    const prepared = openPrepared(join(dir, 'rules.jsonl'));

    expect(prepared.list(root)).toEqual([rule]);
    expect(prepared.list(join(root, 'memory'))).toBeUndefined();
    expect(prepared.read(rule, 'rule.yaml', () => ({}))).toMatchObject({ value: { a: 1 }, trusted: true });
    prepared.forget();
    expect(prepared.read(rule, 'rule.yaml', () => ({})).trusted).toBeUndefined();
  });

  it('tells what a rule looks for before anybody opens it', () => {
    const prepared = openPrepared(join(dir, 'rules.jsonl'));

    expect(prepared.anchorsOf(rule)).toEqual(ANCHORS);
    expect(prepared.anchorsOf(join(root, 'other.yaml'))).toBeUndefined();
    expect(prepared.packedOf([...LITERALS])).toEqual(Buffer.from(packAnchors(LITERALS)));
    expect(prepared.packedOf([...LITERALS, "of a team's own rule"])).toBeUndefined();
    expect(
      createAnchorScanner(LITERALS, prepared.packedOf(LITERALS)).scan(Buffer.from('a Java\theap space, GC overhead')),
    ).toEqual([2, 1]);
  });

  it('is not looked for with what another build left behind', () => {
    writeFileSync(join(dir, 'rules.bin'), 'cut off');

    expect(openPrepared(join(dir, 'rules.jsonl')).packedOf(LITERALS)).toBeUndefined();
  });

  it('is read again where a file was changed', () => {
    writeFileSync(rule, 'a: 2\n');

    expect(openPrepared(join(dir, 'rules.jsonl')).read(rule, 'rule.yaml', () => ({}))).toMatchObject({
      value: { a: 2 },
      problems: [],
    });
  });

  it('is read again where another file of the same size and an older time was put in its place', () => {
    const other = place('memory/other', 'a: 2\n');
    setTime(other, builtAt - 100_000);
    renameSync(other, rule);

    expect(openPrepared(join(dir, 'rules.jsonl')).read(rule, 'rule.yaml', () => ({}))).toMatchObject({
      value: { a: 2 },
    });
  });

  it('is trusted in a copy that was made after the build, whatever its times', () => {
    const copy = join(dir, 'copy');
    cpSync(root, join(copy, 'rules'), { recursive: true });
    for (const name of ['rules.jsonl', 'rules.bin']) cpSync(join(dir, name), join(copy, name));
    const installed = join(copy, 'rules', 'memory', 'rule.yaml');

    expect(openPrepared(join(copy, 'rules.jsonl')).read(installed, 'rule.yaml', () => ({})).trusted).toBe(true);
    writeFileSync(installed, 'a: 3\n');
    expect(openPrepared(join(copy, 'rules.jsonl')).read(installed, 'rule.yaml', () => ({})).value).toEqual({ a: 3 });
  });

  it.each([
    ['came', () => place('memory/new.yaml', 'b: 1\n')],
    ['went', () => rmSync(rule)],
  ])('is listed again where a file %s, also when its folder has an older time', (_, change) => {
    change();
    setTime(join(root, 'memory'), builtAt - 100_000);

    expect(openPrepared(join(dir, 'rules.jsonl')).list(root)).toBeUndefined();
  });

  it('is worth nothing beside another schema', () => {
    writeFileSync(join(root, 'schema.json'), '[]');
    setTime(join(root, 'schema.json'), builtAt - 100_000);

    expect(openPrepared(join(dir, 'rules.jsonl')).read(rule, 'rule.yaml', () => ({})).trusted).toBeUndefined();
  });
});
