import { describe, expect, it } from 'vitest';
import { loadCatalog } from '../catalog/catalog.js';
import { diagnose } from '../incident/diagnose.js';
import { flattenIncidents } from '../incident/document.js';
import { cleanPrefix, mayHavePrefix } from './prefix.js';
import { splitText } from './read.js';

const CATALOG = loadCatalog();
const CONSOLE = [
  '2026-03-02 10:15:00,100 INFO  org.apache.flink.client.cli.CliFrontend [] - Running',
  'The program finished with the following exception:',
  '',
  'org.apache.flink.client.program.ProgramInvocationException: The main method caused an error: Hash collision on user-specified ID "orders". Most likely cause is a non-unique ID.',
  '\tat org.apache.flink.client.program.PackagedProgram.callMainMethod(PackagedProgram.java:366)',
  'Caused by: java.lang.IllegalArgumentException: Hash collision on user-specified ID "orders". Most likely cause is a non-unique ID.',
  '\tat org.apache.flink.streaming.api.graph.StreamGraphHasherV2.generateNodeHash(StreamGraphHasherV2.java:185)',
  '\t... 7 more',
];

const HEADS = {
  Airflow: (line: number) => `[2026-03-02 10:15:01,${100 + line}] {subprocess.py:85} INFO - `,
  Azkaban: (line: number) => `02-03-2026 10:15:${10 + line} CST orders_job INFO - `,
  'a console with a level': (line: number) => `2026-03-02 10:15:01,${100 + line} [INFO] `,
  'a journal': (line: number) => `Mar 02 10:15:${10 + line} node-7 flink[4711]: `,
  'numbers of lines': (line: number) => `${line + 1}. `,
};

describe('a log in which something stands in front of every line', () => {
  for (const [name, head] of Object.entries(HEADS)) {
    it(`is diagnosed behind ${name}`, () => {
      const text = CONSOLE.map((line, index) => head(index) + line).join('\n');

      const { diagnoses } = flattenIncidents(diagnose(splitText(text), CATALOG), 'en');

      expect(diagnoses.map(({ rule }) => rule)).toEqual(['code.operator-id/collision']);
    });
  }

  it('is left alone when traces stand bare, or behind what a container runtime puts in front', () => {
    expect(mayHavePrefix(CONSOLE.join('\n'))).toBe(false);
    expect(mayHavePrefix(CONSOLE.map((line) => `taskmanager-1  | ${line}`).join('\n'))).toBe(false);
    expect(mayHavePrefix(CONSOLE.map((line) => `2026-03-02T10:15:00.123456789Z stderr F ${line}`).join('\n'))).toBe(
      false,
    );
  });

  it('is seen as such when its first trace comes late', () => {
    const start = Array.from({ length: 300 }, () => 'Submitting to the queue');
    const text = [...start, ...CONSOLE].map((line) => HEADS.Azkaban(0) + line).join('\n');

    const { diagnoses } = flattenIncidents(diagnose(splitText(text), CATALOG), 'en');

    expect(diagnoses.map(({ rule }) => rule)).toEqual(['code.operator-id/collision']);
  });

  it('keeps the time of lines that have no other', () => {
    const text = CONSOLE.map((line, index) => HEADS.Airflow(index) + line).join('\n');

    expect(cleanPrefix(text)?.split('\n').slice(0, 2)).toEqual([CONSOLE[0], `${HEADS.Airflow(1)}${CONSOLE[1] ?? ''}`]);
  });
});
