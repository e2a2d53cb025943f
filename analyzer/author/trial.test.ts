import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadCatalog } from '../catalog/catalog.js';
import { diagnose } from '../incident/diagnose.js';
import { readPasted } from '../input/read.js';
import { proposeRule } from './propose.js';
import { proveRule } from './proof.js';
import { saveRule } from './save.js';
import { tryRule, type RuleSource } from './trial.js';

const catalog = loadCatalog();
const CONTEXT = { zone: 'UTC', language: 'en' } as const;
const FAILURE = [
  '2026-11-20 10:00:00,000 WARN  org.apache.flink.runtime.taskmanager.Task [] - Map (1/1)#0 (11111111111111111111111111111111_90bea66de1c231edf33913ecd54406c1_0_0) switched from RUNNING to FAILED with failure cause:',
  'java.lang.RuntimeException: outer',
  '\tat com.acme.A.b(A.java:1)',
  'Caused by: com.acme.LedgerException: ledger 7 of shard eu-1 was closed by its owner',
  '\tat com.acme.Ledger.write(Ledger.java:40)',
  '',
].join('\n');

/** Drafts the rule as `rules new` and the page do. */
function draft(id = 'connector.ledger/closed'): RuleSource {
  const proposal = proposeRule(() => readPasted(Buffer.from(FAILURE)), catalog, 'UTC');
  if (proposal === undefined) throw new Error('nothing failed in these lines');
  const { ruleYaml, matchLog, nearMissLog } = proposal.draft;
  return { id, rule: ruleYaml, match: matchLog, nearMiss: nearMissLog };
}

describe('tryRule', () => {
  it('says of a draft what it reads from its log, that it stands first, and what is still to be written', () => {
    const trial = tryRule(draft(), catalog, CONTEXT);

    expect(trial.problems).toEqual([]);
    expect(trial.match).toMatchObject({
      stands: 'first',
      first: 'connector.ledger/closed',
      lines: [{ id: 'form-1', anchor: ' was closed by its owner', hits: 1 }],
      values: { ledger: '7', shard: 'eu-1' },
      faults: [],
    });
    expect(trial.match?.before).not.toBe('connector.ledger/closed');
    expect(trial.nearMiss).toMatchObject({ stands: 'nowhere', lines: [{ hits: 0 }] });
    expect(trial.todos?.join()).toContain('title');
    expect(trial).toMatchObject({ newCause: { id: 'connector.ledger' }, replaces: false });
  });

  it('says what is wrong with the place of each, and tries nothing', () => {
    const written = draft();
    const broken = written.rule.replace('{ledger:int}', '{ledger').replace('status: draft', 'status: loud');

    const trial = tryRule({ ...written, rule: broken }, catalog, CONTEXT);

    expect(trial.match).toBeUndefined();
    expect(trial.problems[0]).toMatchObject({
      line: 2,
      message: expect.stringMatching(/^status must be .*draft/) as string,
    });
    const pattern = tryRule(
      { ...written, rule: written.rule.replace('{ledger:int}', '{ledger:integer}') },
      catalog,
      CONTEXT,
    );
    const line = written.rule.split('\n').findIndex((text) => text.startsWith('find:')) + 2;
    expect(pattern.problems.map((problem) => problem.line)).toContain(line);
  });

  it.each([
    ['ledger closed', 'CAUSE/VARIANT'],
    ['../../etc/passwd', 'CAUSE/VARIANT'],
    ['connector.ledger/../closed', 'CAUSE/VARIANT'],
  ])('refuses the id %s', (id, problem) => {
    expect(tryRule({ ...draft(), id }, catalog, CONTEXT).problems[0]?.message).toContain(problem);
  });

  it('sees a near miss that is none, a log that the rule does not find, and a rule that stands there already', () => {
    const written = draft();

    expect(tryRule({ ...written, nearMiss: written.match }, catalog, CONTEXT).nearMiss?.stands).toBe('first');
    expect(tryRule({ ...written, match: 'all is well\n' }, catalog, CONTEXT).match).toMatchObject({
      stands: 'nowhere',
      lines: [{ hits: 0 }],
    });
    const known = catalog.findRule('network.insufficient-buffers/total');
    const own = { ...written, id: known?.id ?? '' };
    expect(tryRule(own, catalog, CONTEXT)).toMatchObject({ replaces: true });
  });

  it('leaves the catalog as it is', () => {
    tryRule(draft(), catalog, CONTEXT);

    expect(catalog.findRule('connector.ledger/closed')).toBeUndefined();
    const found = diagnose(readPasted(Buffer.from(FAILURE)), catalog).flatMap(({ diagnoses }) => diagnoses.en);
    expect(found.map(({ rule }) => rule)).not.toContain('connector.ledger/closed');
  });
});

describe('saveRule', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobtrace-own-rules-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const save = (source: RuleSource, replace = false) =>
    saveRule(source, { ...CONTEXT, catalog, folder, by: 'ada', replace });

  it('writes what a team would have written, and the next failure has its name', () => {
    const { place, todos } = save(draft());

    const own = loadCatalog({ extra: [folder] });
    const [incident] = diagnose(readPasted(Buffer.from(FAILURE)), own);
    expect(incident?.diagnoses.en[0]?.rule).toBe('connector.ledger/closed');
    expect(readFileSync(place, 'utf8')).toMatch(/\n {4}gives: .*"7".*\n {4}note: .*from which ada wrote /);
    expect(todos.length).toBeGreaterThan(0);
    const rule = own.findRule('connector.ledger/closed');
    // The rest that is to be written are texts.
    const left = (rule === undefined ? [] : proveRule(rule, own)).flatMap(({ problem }) => problem ?? []);
    expect(left.filter((problem) => !/still to be written|is a template/.test(problem))).toEqual([]);
  });

  it.each([
    ['a rule that is not valid', { rule: 'status: draft\n' }, /rule\.yaml:1:1/],
    ['one that does not stand first on its log', { match: 'all is well\n' }, /match\.log: the top diagnosis is none/],
    ['one that fires on its near miss', { nearMiss: FAILURE }, /nearmiss\.log: this rule fires/],
  ])('refuses %s, and writes nothing', (_name, part, problem) => {
    expect(() => save({ ...draft(), ...part })).toThrow(problem);
    expect(loadCatalog({ extra: [folder] }).size).toBe(catalog.size);
  });

  it('takes the place of another only when it is asked to', () => {
    save(draft());

    expect(() => save(draft())).toThrow(/already has a rule/);
    expect(save(draft(), true).id).toBe('connector.ledger/closed');
  });
});
