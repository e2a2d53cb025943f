import { describe, expect, it } from 'vitest';
import type { CardTemplate } from '../../core/config/receiver.js';
import { BUFFERS, makeDiagnosis, makeIncident } from '../../core/testing/incidents.js';
import type { AlertCard } from './card.js';
import { buildOwnCard, findTemplateProblems } from './template.js';

const DIAGNOSIS = makeDiagnosis(BUFFERS, { values: { required: '17' } });

function build(template: CardTemplate | undefined, reason: 'new-incident' | 'resolved' = 'new-incident'): AlertCard {
  return buildOwnCard({
    incident: makeIncident([DIAGNOSIS], { restarts: 3 }),
    subject: { cause: BUFFERS, symptom: false, severity: 'error', diagnosis: 0 },
    reason,
    language: 'en',
    publicUrl: 'https://jobtrace.example/',
    nowMs: Date.parse('2026-11-20T10:00:05.000Z'),
    template,
  });
}

describe('a card in the words of its receiver', () => {
  it('has the texts that the templates make, and the links beside its own', () => {
    const card = build({
      title: '[{{ severity | upcase }}] {{ job.name }}\n{% if restarts > 2 %}×{{ restarts }}{% endif %}',
      summary: '{{ summary }} ({{ values.required }} buffers)',
      fix: '{{ patch | join: "; " }}',
      links: [{ text: 'Runbook', url: 'https://wiki.example/{{ cause | url_encode }}' }],
    });

    expect(card).toMatchObject({
      title: '[ERROR] orders ×3',
      headline: `Title of ${BUFFERS}`,
      summary: `Summary of ${BUFFERS} (17 buffers)`,
      fix: 'taskmanager.memory.network.min: 112m; taskmanager.memory.process.size: 1104m',
      notice: '',
    });
    expect(card.links.map(({ text, url }) => `${text} ${url}`)).toEqual([
      'View diagnosis https://jobtrace.example/incidents/incident-1',
      'Runbook https://wiki.example/network.insufficient-buffers',
    ]);
  });

  it('is the usual one without a template, and where a template makes nothing', () => {
    expect(build({})).toEqual(build(undefined));
    expect(build({ title: '{{ process }} ', headline: '{% comment %}nothing{% endcomment %}' })).toEqual(
      build(undefined),
    );
    // Good news has no fix, and no template adds one.
    expect(build({ fix: 'look there' }, 'resolved').fix).toBe('');
  });

  it('leads nowhere but to the web', () => {
    const links = ['javascript:alert(1)', '{{ job.name }}', 'http://', '/incidents'].map((url) => ({ text: 'x', url }));
    expect(build({ links }).links).toEqual(build(undefined).links);
  });

  it('keeps its own text where a template goes beyond its limits, and says so', () => {
    const card = build({ summary: '{% for i in (1..100000000) %}x{% endfor %}' });

    expect(card.summary).toBe(`Summary of ${BUFFERS}`);
    expect(card.notice).toMatch(/^template.summary: memory alloc limit exceeded/);
    expect(build({ summary: '{% for i in (1..9000) %}long {% endfor %}' }).summary.length).toBeLessThanOrEqual(600);
  });

  it('shows nothing but values: no functions, no prototypes', () => {
    expect(build({ headline: '{{ job.constructor }}{{ title.constructor.name }}{{ job.__proto__ }}-' }).headline).toBe(
      '-',
    );
  });
});

describe('findTemplateProblems', () => {
  it.each([
    [{ title: '{{ job.name }} {{ values.any_capture }}', links: [{ text: '{{ subject }}', url: '{{ link }}' }] }, []],
    [
      { title: '{{ severty }}' },
      ['template.title names "severty", which is not a known value: did you mean "severity"?'],
    ],
    [{ fix: '{{ fix ' }, ['template.fix cannot be read: output "{{ fix " not closed, line:1, col:1']],
    [{ fix: '{{ fix | shout }}' }, ['template.fix cannot be read: undefined filter: shout, line:1, col:1']],
    [
      { links: [{ text: 'x', url: '{% include "/etc/passwd" %}' }] },
      ['template.links[0].url cannot be read: tag "include" not found, line:1, col:1'],
    ],
  ])('names what is wrong with %j', (template, expected) => {
    expect(findTemplateProblems(template)).toEqual(expected);
  });
});
