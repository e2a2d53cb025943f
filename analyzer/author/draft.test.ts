import { describe, expect, it } from 'vitest';
import { draftRule, type RuleDraft } from './draft.js';
import { makeLog } from '../testing/samples.js';
import { loadCatalog } from '../catalog/catalog.js';
import { readCandidate } from '../entry/scan.js';

const TM = 'log/flink-flink-taskexecutor-0-node-1.log';
const TASK =
  '10:00:00 WARN org.apache.flink.runtime.taskmanager.Task - Map (1/1)#0 (11111111111111111111111111111111_90bea66de1c231edf33913ecd54406c1_0_0) switched from RUNNING to FAILED with failure cause:';

function draft(lines: readonly string[]): RuleDraft {
  const catalog = loadCatalog();
  const [entry] = makeLog(TM, lines);
  if (entry === undefined) throw new Error('no entry');
  const uses = catalog.scanner.scan(entry.bytes).flatMap((literal) => catalog.usesOf(literal));
  return draftRule(entry, readCandidate(entry, uses, catalog.engine, {}).candidate, 'user-code');
}

describe('draftRule', () => {
  it("takes the most telling words of the root's message as the anchor and captures the rest", () => {
    const { anchor, ruleYaml, variant } = draft([
      TASK,
      'java.lang.RuntimeException: outer',
      '\tat com.acme.A.b(A.java:1)',
      'Caused by: com.acme.LedgerException: ledger 7 of shard eu-1 was closed by its owner',
      '\tat com.acme.Ledger.write(Ledger.java:40)',
    ]);

    expect(anchor).toBe('was closed by its owner');
    expect(variant).toBe('ledger-was-closed-by-its-owner');
    expect(ruleYaml).toContain(
      'find:\n  - "com.acme.LedgerException: ledger {ledger:int} of shard {shard:name} was closed by its owner"\n',
    );
  });

  it('takes the frame that threw when there is no message', () => {
    const { anchor, ruleYaml } = draft([
      TASK,
      'java.lang.NullPointerException',
      '\tat java.util.Objects.requireNonNull(Objects.java:209)',
      '\tat com.acme.Ledger.write(Ledger.java:40)',
    ]);

    expect(anchor).toBe('com.acme.Ledger.write');
    expect(ruleYaml).toContain(
      'find:\n  - { anchor: com.acme.Ledger.write, at: com.acme.Ledger.write, root: java.lang.NullPointerException }\n',
    );
    expect(ruleYaml).toContain('title: "TODO: com.acme.Ledger.write"');
  });

  it('makes a near miss of a program that handles the exception', () => {
    const { nearMissLog } = draft([
      TASK,
      'java.lang.IllegalStateException: the ledger is closed',
      '\tat com.acme.Ledger.write(Ledger.java:40)',
    ]);

    expect(nearMissLog).toMatch(
      / WARN {2}com\.example.*\njava\.lang\.IllegalStateException: the ledger is closed\n\tat /,
    );
  });
});
