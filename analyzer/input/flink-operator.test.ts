import { describe, expect, it } from 'vitest';
import { causesOf } from '../testing/verdict.js';

const STAMP = '2026-11-29 10:00:00,101 ';
const BUFFERS =
  'java.io.IOException: Insufficient number of network buffers: required 17, but only 0 available. The total number of network buffers is currently set to 2048 of 32768 bytes each.';

function audit(resource: string, text: string): string {
  return `${STAMP}o.a.f.k.o.l.AuditUtils         [INFO ][${resource}] >>> Event[Job]       | ${text}\n`;
}

function rulesOf(text: string): readonly string[] {
  const { diagnoses, unknown } = causesOf(text);
  return [...diagnoses.map(({ rule }) => rule), ...unknown.map(({ message }) => `unknown: ${message}`)];
}

describe("the log of Flink's operator", () => {
  it.each([
    ['an exception of the job', audit('flink/orders', `Warning | JOBEXCEPTION    | ${BUFFERS}`)],
    [
      'an exception with its trace',
      audit(
        'flink/orders',
        `Warning | JOBEXCEPTION    | java.lang.RuntimeException: Could not set up\n\tat a.B.c(B.java:1)\nCaused by: ${BUFFERS}\n\tat a.B.c(B.java:1)`,
      ),
    ],
    [
      'an exception beside the states of the job',
      `${STAMP}o.a.f.k.o.o.JobStatusObserver  [INFO ][flink/orders] Job status changed from RUNNING to FAILED\n` +
        audit('flink/orders', `Warning | JOBEXCEPTION    | ${BUFFERS}`) +
        audit('flink/orders', 'Info    | JOBSTATUSCHANGED | Job status changed from RUNNING to FAILED'),
    ],
    [
      'an event of Kubernetes',
      `LAST SEEN   TYPE      REASON         OBJECT                   MESSAGE\n4m          Warning   JobException   flinkdeployment/orders   ${BUFFERS}\n`,
    ],
  ])('is diagnosed by %s', (_, text) => {
    expect(rulesOf(text)).toEqual(['network.insufficient-buffers/total']);
  });

  it('says that a job failed also where nothing says why', () => {
    expect(
      rulesOf(audit('flink/orders', 'Info    | JOBSTATUSCHANGED | Job status changed from RUNNING to FAILED')),
    ).toEqual([expect.stringContaining('unknown: ')]);
    expect(
      rulesOf(audit('flink/orders', 'Info    | JOBSTATUSCHANGED | Job status changed from RUNNING to FINISHED')),
    ).toEqual([]);
  });

  it('tells the deployments apart, and keeps the lines of the file', () => {
    const text =
      audit('flink/orders', `Warning | JOBEXCEPTION    | ${BUFFERS}`) +
      audit('shop/pay', 'Warning | JOBEXCEPTION    | java.lang.OutOfMemoryError: Metaspace');
    const { diagnoses } = causesOf(text);

    expect(
      diagnoses.map(({ rule, symptom, evidence }) => [rule, symptom, evidence[0]?.process, evidence[0]?.line]),
    ).toEqual([
      ['network.insufficient-buffers/total', false, 'flink/orders', 1],
      ['memory.metaspace-oom/taskmanager', false, 'shop/pay', 2],
    ]);
  });
});
