// Checks that no part of Flink is without a rule: takes a message of each class from Flink's own jars, throws it there
// in a task, and counts by area what the catalog does not name. The limits may only be lowered.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadCatalog } from '../../analyzer/catalog/catalog.js';
import { diagnose } from '../../analyzer/incident/diagnose.js';
import { flattenIncidents } from '../../analyzer/incident/document.js';
import { splitText } from '../../analyzer/input/read.js';
import { requirePart } from '../parts/parts.js';
import { describeWithParts } from '../parts/testing/describe-part.js';
import { openJars } from './jars.js';

/** Area → beginning of its packages, and the largest share of its classes that may be unnamed. */
const AREAS: Readonly<Record<string, readonly [packages: string, limit: number]>> = {
  network: ['org.apache.flink.runtime.io.', 0.02],
  checkpoint: ['org.apache.flink.runtime.checkpoint.', 0.02],
  state: ['org.apache.flink.runtime.state.', 0.02],
  taskexecutor: ['org.apache.flink.runtime.taskexecutor.', 0.02],
  'entry point': ['org.apache.flink.runtime.entrypoint.', 0.02],
  dispatcher: ['org.apache.flink.runtime.dispatcher.', 0.02],
  rest: ['org.apache.flink.runtime.rest.', 0.02],
  scheduler: ['org.apache.flink.runtime.scheduler.', 0.02],
  jobmaster: ['org.apache.flink.runtime.jobmaster.', 0.02],
  'high availability': ['org.apache.flink.runtime.highavailability.', 0.02],
  runtime: ['org.apache.flink.runtime.', 0.02],
  'SQL gateway': ['org.apache.flink.table.gateway.', 0.02],
  'SQL client': ['org.apache.flink.table.client.', 0.02],
  client: ['org.apache.flink.client.', 0.02],
  kubernetes: ['org.apache.flink.kubernetes.', 0.02],
  yarn: ['org.apache.flink.yarn.', 0.02],
  python: ['org.apache.flink.python.', 0.02],
};

/** A sentence: it begins with a capital letter and has blanks. */
const SENTENCE = /^[A-Z][a-z]+ [^\n{}%]{12,}/;

const catalog = loadCatalog();

/** True if a rule for a cause names the failure of a task by this exception. */
function isNamed(thrower: string, message: string): boolean {
  const log = [
    '2026-03-02 10:16:02,377 WARN  org.apache.flink.runtime.taskmanager.Task [] - orders (1/2)#0 (aa11aa11aa11aa11aa11aa11aa11aa11_90bea66de1c231edf33913ecd54406c1_0_0) switched from RUNNING to FAILED with failure cause:',
    `java.lang.IllegalStateException: ${message}`,
    `\tat ${thrower}.run(Source.java:101)`,
    '\tat org.apache.flink.runtime.taskmanager.Task.run(Task.java:575)',
    '',
  ].join('\n');
  return flattenIncidents(diagnose(splitText(log), catalog), 'en').diagnoses.some(({ symptom }) => !symptom);
}

describeWithParts(['flink-2.3'], 'the messages of Flink 2.3', () => {
  it('are named in every area', { timeout: 300_000 }, () => {
    const { home } = requirePart('flink-2.3') ?? { home: '' };
    const jars = openJars([join(home, 'lib'), join(home, 'opt')]);
    const classes = jars.findClasses('').filter((name) => /^org\.apache\.flink\.(?!shaded)[\w.]+$/.test(name));
    const thrown = classes.flatMap((name) => {
      const message = jars.findTexts(name)?.find((text) => SENTENCE.test(text));
      return message === undefined ? [] : [{ name, message: message.slice(0, 200) }];
    });
    jars.close();

    for (const [area, [packages, limit]] of Object.entries(AREAS)) {
      const all = thrown.filter(({ name }) => name.startsWith(packages));
      const unnamed = all.filter(({ name, message }) => !isNamed(name, message));

      expect(all.length, area).toBeGreaterThan(2);
      expect(unnamed.length / all.length, `${area}: ${JSON.stringify(unnamed.slice(0, 5))}`).toBeLessThanOrEqual(limit);
    }
  });
});
