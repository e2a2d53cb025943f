import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseDocument } from '../../core/document.js';
import { printDocument, readDocument } from './document.js';
import { RECORDINGS_DIR, checkRecordings, listRecordings, loadManifest } from '../play/manifest.js';
import { HEALTHY, listScenarios, loadScenario, parseScenario } from './scenario.js';
import { VERSIONS } from './versions.js';

describe('loadScenario', () => {
  it('reads every scenario of the lab', () => {
    const scenarios = listScenarios().map((id) => loadScenario(id));

    expect(scenarios.length).toBeGreaterThanOrEqual(13);
    expect(new Set(scenarios.map(({ title }) => title)).size).toBe(scenarios.length);
  });

  it('knows only causes of the catalog', () => {
    const catalog = parseDocument(
      readFileSync(new URL('../../rules/causes.yaml', import.meta.url), 'utf8'),
      'causes.yaml',
    ).value;
    const known = Object.keys(catalog ?? {});
    const used = listScenarios()
      .map((id) => loadScenario(id))
      .flatMap(({ cause, expect: { symptoms = [] } }) => [cause, ...symptoms]);

    expect(used.filter((cause) => cause !== HEALTHY && !known.includes(cause))).toEqual([]);
  });

  it('finds every SQL script and class that a step names', () => {
    const jobs = readdirSync(new URL('../jobs/', import.meta.url)).map((name) => name.replace('.java', ''));
    for (const { id, folder, steps } of listScenarios().map((id) => loadScenario(id))) {
      for (const { submitSql, submitJar } of steps) {
        if (submitSql !== undefined)
          expect(existsSync(join(folder, submitSql.file)), `${id}: ${submitSql.file}`).toBe(true);
        if (submitJar !== undefined)
          expect([...jobs, ...readdirSync(folder).map((name) => name.replace('.java', ''))], id).toContain(
            submitJar.class.split('.').at(-1),
          );
      }
    }
  });

  it('names the nearest scenarios when there is none of that id', () => {
    expect(() => loadScenario('null-pointer')).toThrow('Did you mean code.user-exception/null-pointer?');
  });

  it('reports every problem of a file at once, with its place', () => {
    const text =
      'title: x\ncause: Heap\nprovokes: too short\nflink: [1.20]\ncluster: { taskManagers: 1, logging: stock }\nsteps:\n  - kil: { process: jobmanager }\nexpect: { logs: [] }\n';

    const { problems } = parseScenario(text, 'scenario.yaml');

    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 7, 8]);
    expect(problems.map(({ message }) => message).join('\n')).toContain('unknown key `kil`; did you mean `kill`?');
  });
});

describe('recordings', () => {
  it('have a manifest that fits their files, and name nothing of the machine that made them', () => {
    expect(checkRecordings()).toEqual([]);
  });

  it('exist for every scenario on at least one Flink version, and on 1.20 for all that run there', () => {
    const recorded = listRecordings();
    const missing = listScenarios().filter(
      (id) =>
        loadScenario(id).flink.includes(VERSIONS[0]) &&
        !recorded.some((folder) => folder.startsWith(`${id}/${VERSIONS[0]}.`)),
    );
    expect(missing).toEqual([]);
  });

  it('show in the affected file, or in the JobManager log, what the scenario expects', () => {
    for (const folder of listRecordings()) {
      const { scenario, processes, flink } = loadManifest(join(RECORDINGS_DIR, folder));
      const version = VERSIONS.find((line) => flink.startsWith(`${line}.`));
      const text = processes
        .flatMap(({ files }) => files)
        .map((file) => readFileSync(join(RECORDINGS_DIR, folder, file), 'utf8'))
        .join('\n');
      for (const expected of loadScenario(scenario, { version }).expect.logs)
        expect(text.includes(expected.text), `${folder}: ${expected.text}`).toBe(true);
    }
  });

  it('keep the start-up banner and the options of every Flink process', () => {
    for (const folder of listRecordings()) {
      const { processes, cluster } = loadManifest(join(RECORDINGS_DIR, folder));
      for (const { name, files } of processes.filter(
        (process) => /^(job|task)manager/.test(process.name) && process.files.some((file) => file.endsWith('.log')),
      )) {
        const log = files
          .filter((file) => /\.log(\.\d+)?$/.test(file))
          .map((file) => readFileSync(join(RECORDINGS_DIR, folder, file), 'utf8'))
          .join('\n');
        expect(log, `${folder} ${name}`).toMatch(
          / Starting (TaskManager|StandaloneSessionClusterEntrypoint|StandaloneApplicationClusterEntryPoint) \(Version: /,
        );
        // Flink prints secrets as asterisks.
        for (const [key, value] of Object.entries(cluster.config))
          expect(
            log.includes(`Loading configuration property: ${key}, ${/password|secret/.test(key) ? '******' : value}`),
            `${folder} ${name}: ${key}`,
          ).toBe(true);
      }
    }
  });

  it('include at least ten failures and two healthy runs', () => {
    const failing = listRecordings().filter((folder) => !folder.startsWith(HEALTHY));
    expect(new Set(failing.map((folder) => folder.split('/')[0])).size).toBeGreaterThanOrEqual(10);
    expect(listRecordings().length - failing.length).toBeGreaterThanOrEqual(2);
  });
});

describe('printDocument', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobtrace-lab-document-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('prints what reads back as the same value', () => {
    const value = {
      text: 'plain',
      number: '1.20',
      odd: 'a: b # c',
      yes: 'yes',
      empty: '',
      list: ['x', '1'],
      none: [],
      nothing: {},
      flag: true,
      count: 3,
      'a.b': 'c',
      nested: [{ at: '2026-11-20T09:00:00Z', step: { kill: { process: 'jobmanager' } } }, { only: [] }],
    };
    const file = join(folder, 'x.yaml');

    writeFileSync(file, printDocument(value));

    expect(parseDocument(readFileSync(file, 'utf8'), file).problems).toEqual([]);
    expect(readDocument(file, {})).toEqual(value);
  });
});
