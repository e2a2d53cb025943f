import { describe, expect, it } from 'vitest';
import { makeCard } from '../channels/testing/cards.js';
import { BUFFERS, makeDiagnosis, makeIncident } from '../../core/testing/incidents.js';
import { readCard, renderCard } from './card.js';
import { fitCard } from './cut.js';
import { joinCards } from './join.js';

function makeEvidence(...texts: readonly string[]) {
  const evidence = texts.map((text, index) => ({ file: '/logs/tm.log', line: index + 1, text }));
  return makeCard({ incident: makeIncident([makeDiagnosis(BUFFERS, { evidence })]) }).evidence;
}

describe('buildCard', () => {
  it('shows the root of a trace, lines that differ in numbers once, and not that Flink gives up', () => {
    const wrapped =
      'INFO job failed\norg.apache.flink.A: outer\nCaused by: java.io.IOException: disk 1 is full\n\tat x';

    expect(
      makeEvidence(
        wrapped,
        wrapped.replace('disk 1', 'disk 22'),
        'org.apache.flink.runtime.JobException: Recovery is suppressed by NoRestartBackoffTimeStrategy',
        'WARN a line without a trace',
      ),
    ).toEqual(['Caused by: java.io.IOException: disk 1 is full', 'WARN a line without a trace']);
  });

  it('keeps what a rule looked at where a line is long', () => {
    const text = `${'a'.repeat(400)} refused the login ${'z'.repeat(400)}`;
    const evidence = [{ file: 'f', line: 1, text, highlights: [[401, 408]] as const }];
    const [line = ''] = makeCard({ incident: makeIncident([makeDiagnosis(BUFFERS, { evidence })]) }).evidence;

    expect(line).toContain('refused the login');
    expect(line.length).toBeLessThanOrEqual(200);
  });

  it('has no fix and no evidence where the news is good, and the names of its jobs where many fail', () => {
    expect(makeCard({ reason: 'resolved' })).toMatchObject({ tone: 'good', fix: '', patch: [], evidence: [] });

    const { job, ...rest } = makeIncident([makeDiagnosis(BUFFERS)]);
    const child = { id: 'a', cluster: 'c', job, firstSeen: '', outcome: 'failing' } as const;
    const platform = { kind: 'zookeeper', thing: 'zk:2181', jobs: 12, clusters: 2, children: [child] };
    expect(makeCard({ incident: { ...rest, platform }, language: 'zh' })).toMatchObject({
      title: '🔴 错误 · zk:2181 · 12 个作业',
      related: ['涉及作业：orders …'],
    });
  });

  it('is the same after it was kept', () => {
    expect(readCard(renderCard(makeCard()))).toEqual(makeCard());
  });
});

describe('fitCard', () => {
  it('loses evidence, numbers, option lines, further jobs, sentences; never title, cause and link', () => {
    const card = {
      ...makeCard(),
      summary: 'because of that '.repeat(30),
      fix: 'change this '.repeat(30),
      evidence: ['one', 'two', 'three'],
      related: Array.from({ length: 30 }, (_, index) => `job ${index}`),
    };
    const shapes: string[] = [];
    const last = fitCard(
      card,
      (cut) => cut,
      (cut) => {
        const { evidence, numbers, patch, related, summary, fix } = cut;
        shapes.push(
          [evidence.length, numbers.length, patch.length, related.length, summary.length, fix.length].join(' '),
        );
        return false;
      },
    );

    expect(shapes).toEqual([
      '3 5 2 30 480 360',
      '1 5 2 30 480 360',
      '1 0 2 30 480 360',
      '1 0 0 30 480 360',
      '1 0 0 20 480 360',
      '1 0 0 10 480 360',
      '1 0 0 5 480 360',
      '1 0 0 3 480 360',
      '0 0 0 3 480 360',
      '0 0 0 3 197 360',
      '0 0 0 3 197 117',
      '0 0 0 0 0 117',
    ]);
    expect(last).toMatchObject({ title: card.title, headline: card.headline, links: card.links, relatedMore: 30 });
    expect(last.leftOut).toBeGreaterThan(900);
  });
});

describe('joinCards', () => {
  it('names the other jobs of one cause, and each cause of many, the worst hit first', () => {
    const card = (subject: string, kind: string) => ({ ...makeCard(), subject, kind, headline: kind });

    expect(joinCards([card('a', 'x'), card('b', 'x'), card('a', 'x')]).related).toEqual([
      'Also affected (1 incident): b',
    ]);
    expect(joinCards([card('a', 'x'), card('b', 'y'), card('c', 'y')])).toMatchObject({
      tone: 'bad',
      title: '🔴 3 alerts at once, 2 causes',
      related: ['🔴 y · 2 incidents: b, c', '🔴 x · 1 incident: a'],
      links: [{ text: 'All incidents', url: 'https://jobtrace.example/incidents' }],
    });
  });

  it('brings good news where all of it is', () => {
    const good = makeCard({ reason: 'resolved' });
    expect(joinCards([good, { ...good, kind: 'other' }])).toMatchObject({
      tone: 'good',
      title: expect.stringMatching(/^✅/),
    });
  });
});
