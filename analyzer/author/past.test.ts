import { describe, expect, it } from 'vitest';
import type { RulePast } from '../../core/documents/rule.js';
import type { LogRecord } from '../../core/types.js';
import { loadCatalog } from '../catalog/catalog.js';
import { readEntry } from '../entry/record.js';
import { diagnose } from '../incident/diagnose.js';
import { makeLog, toRecord } from '../testing/samples.js';
import { judgePast, listQueries } from './past.js';
import { checkRule } from './trial.js';

const catalog = loadCatalog();
const TM = '/l/flink-u-taskexecutor-0-tm.log';
const TASK =
  '10:00:00 WARN org.apache.flink.runtime.taskmanager.Task - Map (1/1)#0 (11111111111111111111111111111111_90bea66de1c231edf33913ecd54406c1_0_0) switched from RUNNING to FAILED with failure cause:';
const BUFFERS =
  'java.io.IOException: Insufficient number of network buffers: required 65, but only 38 available. The total number of network buffers is currently set to 2048 of 32768 bytes each.';

/** Returns what a rule with this anchor finds in the log, compared with what is diagnosed without the rule. */
function judge(anchor: string, lines: readonly string[], kind?: 'failure'): RulePast {
  const { rule, cause, problems } = checkRule({ id: 'code.ledger/closed', rule: write(anchor, kind) }, catalog);
  if (rule === undefined || cause === undefined) throw new Error(JSON.stringify(problems));
  const records = makeLog(TM, lines).map((entry): LogRecord => toRecord(entry));
  const entries = records.map(readEntry);
  return judgePast(rule, cause, catalog, { records, incidents: diagnose(entries, catalog) });
}

function write(anchor: string, kind: 'any' | 'failure' = 'any'): string {
  return [
    'status: draft',
    'title: The ledger is closed',
    'why: Somebody closed it.',
    'owner: user-code',
    `in: ${kind}`,
    `find: "${anchor}"`,
    'fix: Open it again.',
    '',
  ].join('\n');
}

describe('judgePast', () => {
  it('finds a failure that no rule names', () => {
    const past = judge('was closed by its owner', [
      TASK,
      'com.acme.LedgerException: ledger 7 was closed by its owner',
      '\tat com.acme.Ledger.write(Ledger.java:40)',
    ]);

    expect(past).toMatchObject({ found: 1, claims: { count: 1 }, beside: { count: 0 }, healthy: { count: 0 } });
    expect(past.claims.shown[0]).toMatchObject({ incident: expect.any(String) as string, first: undefined });
  });

  it('finds the diagnosis of another rule, beside which it would stand', () => {
    const past = judge('Insufficient number of network buffers', [TASK, BUFFERS, '\tat a.B.c(B.java:1)']);

    expect(past).toMatchObject({ found: 1, claims: { count: 0 }, beside: { count: 1 } });
    expect(past.beside.shown[0]?.first).toMatch(/^network\.insufficient-buffers\//);
  });

  it('finds lines where nothing had failed, and not those that lack what else it asks for', () => {
    const lines = ['10:00:00 INFO com.acme.Ledger - ledger 7 was closed by its owner'];

    expect(judge('was closed by its owner', lines)).toMatchObject({ found: 1, healthy: { count: 1 } });
    expect(judge('was closed by its owner', lines, 'failure')).toMatchObject({ found: 0 });
  });
});

describe('listQueries', () => {
  it('leaves out the first and the last word, within which an anchor may begin and end', () => {
    const { rule } = checkRule({ id: 'code.ledger/closed', rule: write('dger 7 was closed by its ow') }, catalog);

    expect(rule && listQueries(rule)).toEqual(['"7 was closed by its"']);
  });
});
