import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseDocument, trustDocument } from '../core/document.js';
import { buildCatalog, loadCatalog } from './catalog.js';
import { compileRule } from './compile.js';
import { diagnose, flattenIncidents } from './diagnose.js';
import type { Rule, RuleFile } from './rule.js';
import { BUFFER_RECORDING, readRecording } from './samples.js';

/** A rule as it comes from what the build prepared: patterns and expressions wait until they are needed. */
function trust(rule: Rule): Rule {
  const text = readFileSync(rule.file, 'utf8');
  const value: unknown = JSON.parse(JSON.stringify(parseDocument(text, rule.file).value));
  return isRuleFile(value) ? compileRule(rule.id, rule.file, value, trustDocument(value, text, rule.file)).rule : rule;
}

function isRuleFile(value: unknown): value is RuleFile {
  return typeof value === 'object' && value !== null;
}

describe('rules that the build prepared', () => {
  it('say the same as rules that were read and checked', () => {
    const checked = loadCatalog();
    const trusted = buildCatalog(checked.rules.map(trust), checked.causes);
    const entries = readRecording(BUFFER_RECORDING);

    const [first] = flattenIncidents(diagnose(entries, trusted), 'en').diagnoses;

    expect(first?.fixes.map((fix) => fix.patch)).toContainEqual(expect.objectContaining({ 'taskmanager.memory.network.min': expect.any(String) }));
    expect(flattenIncidents(diagnose(entries, trusted), 'en')).toEqual(flattenIncidents(diagnose(entries, checked), 'en'));
  });

  it('know where their keys stand when somebody asks', () => {
    const document = trustDocument({ a: { b: 1 } }, 'a:\n  b: 1\n', 'x.yaml');

    expect(document.problemAt(['a', 'b'], 'is odd')).toMatchObject({ line: 2, path: 'a.b' });
  });
});
