import { describe, expect, it } from 'vitest';
import type { Diagnosis, Incident } from '../documents/incident.js';
import {
  escapeMarkdown,
  fence,
  linkIncident,
  listIncidentBlocks,
  quoteLog,
  renderIncidentMarkdown,
} from './markdown.js';

const DIAGNOSIS: Diagnosis = {
  cause: 'network.insufficient-buffers',
  rule: 'network.insufficient-buffers/total',
  title: 'Not enough network buffers',
  summary: 'It needs 33 buffers and has 20.',
  severity: 'error',
  confidence: 0.97,
  symptom: false,
  owner: 'configuration',
  status: 'stable',
  count: 1,
  reasons: [{ id: 'parallelism', text: 'The parallelism was raised', weight: 0.7 }],
  fixes: [
    {
      id: 'raise',
      text: 'Give it more',
      patch: { 'taskmanager.memory.network.max': '112m' },
      risk: 'low',
      cost: 'RAM',
    },
  ],
  evidence: [
    { file: '/logs/tm.log', line: 7, text: 'ERROR too few\n\tat a.B.c(B.java:1)', recordId: 'r1' },
    { file: '/logs/jm.log', line: 9, text: 'ERROR too few\n\tat a.B.c(B.java:1)' },
  ],
  explains: [],
  references: [],
  values: {},
  score: {},
};

const SYMPTOM: Diagnosis = { ...DIAGNOSIS, rule: 'job.failed/any', title: 'The job failed', symptom: true };

const INCIDENT: Incident = {
  id: 'i-1',
  cluster: 'session-1',
  job: { id: 'a'.repeat(32), name: 'orders' },
  processes: [],
  firstSeen: '2026-11-20T10:00:00.000Z',
  lastSeen: '2026-11-20T10:05:00.000Z',
  outcome: 'failing',
  restarts: 3,
  attempts: [],
  diagnoses: { en: [DIAGNOSIS, SYMPTOM], zh: [{ ...DIAGNOSIS, title: '网络缓冲不足' }] },
  unknown: [],
  facts: {},
};

describe('renderIncidentMarkdown', () => {
  it('says what failed, since when, what to change and what proves it, in this order', () => {
    const link = linkIncident('https://jobtrace.example/', 'i-1');
    const text = renderIncidentMarkdown(INCIDENT, { language: 'en', link });
    const order = [
      '## Not enough network buffers',
      '- Status: Failing',
      '- First seen: 2026-11-20T10:00:00.000Z',
      '- Restarts: 3',
      '<https://jobtrace.example/incidents/i-1>',
      'It needs 33 buffers and has 20.',
      '- 70% The parallelism was raised',
      '```yaml\ntaskmanager.memory.network.max: 112m\n```',
      'Trade-off: RAM',
      '```log\nERROR too few\n\tat a.B.c(B.java:1)\n```',
      '- The job failed (`job.failed/any`)',
    ].map((part) => text.indexOf(part));

    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  it('shows the same text of two logs once', () => {
    expect(renderIncidentMarkdown(INCIDENT, { language: 'en' }).match(/ERROR too few/g)).toHaveLength(1);
  });

  it('speaks Chinese', () => {
    const text = renderIncidentMarkdown(INCIDENT, { language: 'zh' });

    expect(text).toContain('## 网络缓冲不足');
    expect(text).toContain('- 状态：持续失败');
  });

  it('quotes what no rule names', () => {
    const unknown = [
      { fingerprint: 'f', chain: ['a.BException'], message: '# [x](y)', owner: 'user-code', count: 1, evidence: [] },
    ] as const;
    const blocks = listIncidentBlocks({ ...INCIDENT, diagnoses: { en: [], zh: [] }, unknown }, { language: 'en' });

    expect(blocks.at(-1)).toContain('```log\na.BException: # [x](y)\n```');
  });
});

describe('fence', () => {
  it('is longer than any row of backticks in the text', () => {
    expect(fence('a\n````\nb', 'log')).toBe('`````log\na\n````\nb\n`````');
  });

  it('shows what would command a terminal', () => {
    expect(fence('\u001b[31mred', 'log')).toContain('␛[31mred');
  });
});

describe('quoteLog', () => {
  it('says how many lines it leaves out', () => {
    expect(quoteLog('1\n2\n3\n4\n', 'en', 2)).toBe('```log\n1\n2\n… 2 more lines\n```');
  });
});

describe('escapeMarkdown', () => {
  it.each([
    ['a*b*', 'a\\*b\\*'],
    ['<img src=x>', '\\<img src=x\\>'],
    ['[a](b)', '\\[a\\](b)'],
    ['snake_case _em_', 'snake_case \\_em\\_'],
    ['one\n# two', 'one # two'],
  ])('makes %j %j', (text, escaped) => expect(escapeMarkdown(text)).toBe(escaped));
});
