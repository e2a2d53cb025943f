import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { OUTCOMES, OWNERS, RISKS } from '../../core/wording/wording.js';
import type { Evidence, Fix, Incident, Owner, UnknownFailure } from '../../core/documents/incident.js';
import { makeDiagnosis, makeIncident } from '../../core/testing/incidents.js';
import { renderIncident, renderIncidentLine } from './incident.js';
import { columnsOf, renderCards, wrapText } from './print.js';

const TRACE = [
  '2026-03-01 10:00:00,000 WARN  Task [] - Source: orders (1/2)#0 switched from RUNNING to FAILED with failure cause:',
  'java.io.IOException: Writing failed',
  '\tat com.acme.Orders.write(Orders.java:7)',
  'Caused by: java.net.ConnectException: Connection refused',
  '\tat com.acme.Orders.open(Orders.java:3)',
].join('\n');

/** Returns the lines that a report shows of an entry with this proof. */
function showLines(text: string, proof: string): readonly string[] {
  const at = text.indexOf(proof);
  const evidence: Evidence = {
    file: 'taskmanager.log',
    line: 7,
    text,
    ...(proof === '' ? {} : { highlights: [[at, at + proof.length] as const] }),
  };
  const unknown: UnknownFailure = {
    fingerprint: 'a1',
    chain: [],
    message: '',
    owner: 'framework',
    count: 1,
    evidence: [evidence],
  };
  const [card = ''] = renderCards([], [unknown], 'en', { width: 120, color: false });
  const lines = card.trimEnd().split('\n');
  return lines.slice(lines.findIndex((line) => line.includes('taskmanager.log:7')) + 1).map((line) => line.trim());
}

describe('the evidence of a report', () => {
  it('shows the head of the entry and the line that proves it', () => {
    expect(showLines(TRACE, 'Connection refused')).toEqual([
      TRACE.split('\n')[0],
      'Caused by: java.net.ConnectException: Connection refused',
    ]);
  });

  it('shows what stands behind a head that proves itself, or has no proof marked', () => {
    expect(showLines(TRACE, 'switched from RUNNING')[1]).toBe('java.io.IOException: Writing failed');
    expect(showLines(TRACE, '')[1]).toBe('java.io.IOException: Writing failed');
  });

  it('leaves out a frame with which a cut entry begins', () => {
    expect(showLines(TRACE.split('\n').slice(2).join('\n'), 'Connection refused')).toEqual([
      'Caused by: java.net.ConnectException: Connection refused',
      'at com.acme.Orders.open(Orders.java:3)',
    ]);
  });
});

describe('a job', () => {
  it('is called by its name and id, or by its id alone', () => {
    const show = (job: Incident['job']): string =>
      renderIncident({ ...makeIncident([]), job }, 'en', { stdout: new PassThrough(), environment: {} });

    expect(show({ id: 'ab12', name: 'orders' })).toMatch(/^orders \(ab12\) · /);
    expect(show({ id: 'ab12' })).toMatch(/^ab12 · /);
  });
});

describe('a platform incident', () => {
  it('is called by the number of its jobs and what they share', () => {
    const platform = { kind: 'zookeeper', thing: 'zk:2181', jobs: 118, clusters: 12, children: [] };
    const show = (lang: 'en' | 'zh'): string =>
      renderIncident({ ...makeIncident([]), platform }, lang, { stdout: new PassThrough(), environment: {} });

    expect(show('en')).toMatch(/^118 jobs · 12 clusters · Failing · zk:2181 · /);
    expect(show('zh')).toMatch(/^118 个作业 · 12 个集群 · .* · zk:2181 · /);
  });
});

describe('an incident in Chinese', () => {
  const show = (outcome: Incident['outcome'], owner: Owner, risk: Fix['risk']): string => {
    const fix: Fix = { id: 'f', text: '修复', patch: {}, risk };
    const incident = makeIncident([makeDiagnosis('a.b/c', { owner, fixes: [fix] })], { outcome });
    return renderIncident(incident, 'zh', { stdout: new PassThrough(), environment: {} });
  };

  it('says in Chinese what became of the job, whose task it is and what a fix risks', () => {
    for (const [outcome, { zh }] of entriesOf(OUTCOMES))
      expect(show(outcome, 'platform', 'low')).toContain(` · ${zh} · `);
    for (const [owner, { zh }] of entriesOf(OWNERS))
      expect(show('failed', owner, 'low')).toContain(`责任方    ${zh}\n`);
    for (const [risk, { zh }] of entriesOf(RISKS)) expect(show('failed', 'platform', risk)).toContain(` · ${zh}`);
  });
});

function entriesOf<Key extends string, Value>(table: Readonly<Record<Key, Value>>): readonly (readonly [Key, Value])[] {
  return Object.entries(table) as [Key, Value][];
}

describe('an incident in a line', () => {
  const told = { number: 7, instead: false };
  const narrow = {
    stdout: Object.assign(new PassThrough(), { isTTY: true, columns: 80 }),
    environment: { NO_COLOR: '1' },
  };
  const piped = { stdout: new PassThrough(), environment: {} };
  const title = `Files of ${'very '.repeat(30)}different versions are mixed`;
  const rule = 'deploy.broken-distribution/versions';
  const long: Incident = {
    ...makeIncident([]),
    job: { id: 'a1b2', name: 'orders' },
    diagnoses: { en: [makeDiagnosis(rule, { title })], zh: [makeDiagnosis(rule, { title: '版本混用' })] },
  };

  it('says number, time, cause and job within the width of a terminal, and is whole in a pipe', () => {
    const line = renderIncidentLine(long, told, 'en', narrow);

    expect(line).toMatch(/^ {3}7 {2}\S{8} {2}✖ Files of very .*… · orders\n$/);
    expect(line.trimEnd().length).toBeLessThanOrEqual(80);
    expect(renderIncidentLine(long, told, 'en', piped)).toContain(`${title} · orders\n`);
  });

  it('says that it takes the place of what was told before, in both languages', () => {
    const instead = { ...told, instead: true };

    expect(renderIncidentLine(long, instead, 'en', piped)).toContain('✖ corrected: Files');
    expect(renderIncidentLine(long, instead, 'zh', piped)).toContain('✖ 更正：版本混用');
  });

  it('names the root of what no rule names, and the process where there is no job', () => {
    const unknown: UnknownFailure = {
      ...{ fingerprint: 'a1', chain: ['a.B', 'c.Odd'], message: '', owner: 'framework', count: 1, evidence: [] },
    };
    const incident = {
      ...long,
      job: undefined,
      process: 'node-1:/opt/flink/log/flink-node-1',
      diagnoses: { en: [], zh: [] },
    };

    expect(renderIncidentLine({ ...incident, unknown: [unknown] }, told, 'en', piped)).toContain(
      '? Unknown failure c.Odd · flink-node-1\n',
    );
  });
});

describe('a text in columns', () => {
  it('takes two for a Chinese character and an emoji, and one for a mark of the report', () => {
    expect(['作业', '（', '😀', '✖ ', '·…', 'ｱ'].map(columnsOf)).toEqual([4, 2, 2, 2, 2, 1]);
  });

  it('breaks at blanks, and between Chinese characters', () => {
    expect(wrapText('检查点已过期 after ten minutes', 12)).toEqual(['检查点已过期', 'after ten', 'minutes']);
    expect(wrapText('检查点已过期', 8)).toEqual(['检查点已', '过期']);
  });
});
