import { describe, expect, it } from 'vitest';
import type { Card } from '../card/render.js';
import { BUFFERS, makeDiagnosis, makeIncident } from '../../core/testing/incidents.js';
import { renderWebhook } from './webhook.js';

const SUBJECT = { cause: BUFFERS, symptom: false, severity: 'error', diagnosis: 0 } as const;
const CARD: Card = {
  incident: makeIncident([makeDiagnosis(BUFFERS)]),
  subject: SUBJECT,
  reason: 'new-incident',
  language: 'en',
  publicUrl: 'https://jobtrace.example/',
  nowMs: Date.parse('2026-11-20T10:00:05.000Z'),
};
const UNKNOWN: Card = {
  ...CARD,
  subject: { cause: 'unknown:f', symptom: true, severity: 'error', diagnosis: undefined },
  incident: makeIncident([], {
    unknown: [
      {
        fingerprint: 'f',
        chain: ['org.example.Outer', 'java.lang.Inner'],
        message: 'boom',
        owner: 'user-code',
        count: 1,
        evidence: [],
      },
    ],
  }),
};

describe('renderWebhook', () => {
  it('carries incident, diagnosis with its patch, and links', () => {
    expect(renderWebhook(CARD)).toMatchInlineSnapshot(`
      {
        "data": {
          "diagnosis": {
            "cause": "network.insufficient-buffers",
            "confidence": 0.9,
            "count": 1,
            "evidence": [
              {
                "file": "/logs/tm.log",
                "highlights": [
                  [
                    21,
                    33,
                  ],
                ],
                "line": 12,
                "text": "java.io.IOException: Insufficient number of network buffers",
              },
            ],
            "explains": [],
            "fixes": [
              {
                "id": "raise",
                "patch": {
                  "taskmanager.memory.network.min": "112m",
                  "taskmanager.memory.process.size": "1104m",
                },
                "risk": "low",
                "text": "Raise the minimum.",
              },
            ],
            "owner": "configuration",
            "reasons": [
              {
                "id": "r",
                "text": "because",
                "weight": 1,
              },
            ],
            "references": [],
            "rule": "network.insufficient-buffers/total",
            "score": {},
            "severity": "error",
            "status": "stable",
            "summary": "Summary of network.insufficient-buffers/total",
            "symptom": false,
            "title": "Title of network.insufficient-buffers/total",
            "values": {},
          },
          "headline": "New incident: Title of network.insufficient-buffers/total",
          "incident": {
            "attempts": 1,
            "cluster": "session-1",
            "facts": {},
            "firstSeen": "2026-11-20T10:00:00.000Z",
            "id": "incident-1",
            "job": {
              "id": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
              "name": "orders",
            },
            "lastSeen": "2026-11-20T10:00:00.000Z",
            "outcome": "failing",
            "restarts": 0,
          },
          "links": {
            "incident": "https://jobtrace.example/incidents/incident-1",
          },
          "reason": "new-incident",
          "unknown": null,
        },
        "timestamp": "2026-11-20T10:00:05.000Z",
        "type": "jobtrace.incident.opened",
      }
    `);
  });

  it('speaks the language of the receiver', () => {
    expect(renderWebhook({ ...CARD, language: 'zh' })).toMatchObject({
      data: { headline: `新故障：标题 ${BUFFERS}`, diagnosis: { title: `标题 ${BUFFERS}` } },
    });
  });

  it('names an unknown failure by its root class, never by a guess', () => {
    expect(renderWebhook(UNKNOWN)).toMatchObject({
      data: {
        headline: 'New incident: Unknown failure: Inner',
        diagnosis: null,
        unknown: { fingerprint: 'f', chain: ['org.example.Outer', 'java.lang.Inner'] },
      },
    });
  });

  it.each([
    [
      'evidence',
      makeDiagnosis(BUFFERS, {
        evidence: Array.from({ length: 500 }, () => ({
          file: 'f',
          line: 1,
          text: '内存'.repeat(3000),
          highlights: [[0, 5]] as const,
        })),
      }),
    ],
    [
      'values and references',
      makeDiagnosis(BUFFERS, {
        references: Array.from({ length: 3000 }, (_, index) => `https://example.com/${index}`),
        values: { big: 'x'.repeat(30_000) },
      }),
    ],
    [
      'fixes',
      makeDiagnosis(BUFFERS, {
        fixes: Array.from({ length: 50 }, (_, index) => ({
          id: `f${index}`,
          text: '改'.repeat(4000),
          patch: { a: 'b' },
          risk: 'low' as const,
        })),
      }),
    ],
  ])('stays below 20,000 bytes with very many %s, and keeps title, fix and link', (_name, diagnosis) => {
    const message = renderWebhook({ ...CARD, incident: makeIncident([diagnosis]) });

    expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThanOrEqual(20_000);
    expect(message).toMatchObject({
      data: {
        diagnosis: {
          title: diagnosis.title,
          fixes: expect.arrayContaining([expect.objectContaining({ id: diagnosis.fixes[0]?.id })]),
        },
        links: { incident: 'https://jobtrace.example/incidents/incident-1' },
      },
    });
  });
});
