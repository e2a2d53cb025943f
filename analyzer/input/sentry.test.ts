import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../catalog/catalog.js';
import { diagnose } from '../incident/diagnose.js';
import { flattenIncidents } from '../incident/document.js';
import { splitText } from './read.js';
import { cleanSentry, mayBeSentry } from './sentry.js';

const CATALOG = loadCatalog();
const FRAMES = [
  '  File "Task.java", line 575, in org.apache.flink.runtime.taskmanager.Task.run',
  '  File "StreamMap.java", line 38, in org.apache.flink.streaming.api.operators.StreamMap.processElement',
  '  File "Enrich.java", line 41, in com.acme.orders.Enrich.map',
];
const SENTRY = [
  'Traceback (most recent call last):',
  ...FRAMES,
  'java.lang.NumberFormatException: For input string: "x"',
].join('\n');
const JAVA = [
  'java.lang.NumberFormatException: For input string: "x"',
  '\tat com.acme.orders.Enrich.map(Enrich.java:41)',
  '\tat org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:38)',
  '\tat org.apache.flink.runtime.taskmanager.Task.run(Task.java:575)',
].join('\n');

describe("Sentry's form of a trace", () => {
  it('is read as the trace that Java prints', () => {
    expect(cleanSentry(SENTRY)).toBe(JAVA);
    expect(
      flattenIncidents(diagnose(splitText(SENTRY), CATALOG), 'en').diagnoses.map(({ rule, title }) => [rule, title]),
    ).toEqual(
      flattenIncidents(diagnose(splitText(JAVA), CATALOG), 'en').diagnoses.map(({ rule, title }) => [rule, title]),
    );
  });

  it('is read also without its first lines, one behind the other', () => {
    const rest = [...FRAMES.slice(1), 'java.lang.NumberFormatException: For input string: "x"'].join('\n');

    expect(cleanSentry(`${rest}\n\n${SENTRY}`)).toBe(`${JAVA.split('\n').slice(0, -1).join('\n')}\n\n${JAVA}`);
  });

  it('is not what Python prints', () => {
    expect(mayBeSentry('Traceback (most recent call last):\n  File "job.py", line 3, in <module>\nValueError: x')).toBe(
      false,
    );
  });
});
