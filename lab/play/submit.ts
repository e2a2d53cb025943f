// Implements the steps that submit a job to the cluster: by `flink run`, by the REST API, by the SQL client, or by any
// script of Flink's bin/. The output of a client is part of the recording; the submitted jobs are remembered by name.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packJobs } from './jobs.js';
import type { ClientResult } from '../parts/services/flink.js';
import { getConnectors } from '../parts/services/connectors.js';
import { waitFor } from '../parts/process.js';
import { patchScript } from '../define/patch.js';
import { clientFiles, fillScene, findJob, type Scene } from './scene.js';
import type { StepValues } from '../define/steps-schema.js';
import { nameOption, nameOptionsOf } from '../define/versions.js';

type SubmitJar = StepValues['submitJar'];

export async function submitJar(scene: Scene, value: SubmitJar): Promise<void> {
  const libraries = await getConnectors(value.libraries ?? [], scene.version);
  const { without, release, instead } = value;
  const jar = await packJobs(scene.cluster.home, scene.dir, {
    folder: scene.scenario.folder,
    libraries,
    without,
    release,
    instead,
  });
  const options = Object.fromEntries(
    Object.entries(value.options ?? {}).map(([key, option]) => [nameOption(key, scene.version), option]),
  );
  // The REST API before 1.17 takes no options for a single job.
  const byRest = value.through === 'rest' && (scene.version !== '1.13' || Object.keys(options).length === 0);
  for (let time = 0; time < (value.times ?? 1); time++) {
    const result = byRest
      ? await uploadAndRun(scene, jar, value, options)
      : await runByClient(scene, jar, value, options);
    await keepClient(scene, 'client', result, value.fails ?? false);
  }
}

function runByClient(
  scene: Scene,
  jar: string,
  value: SubmitJar,
  options: Readonly<Record<string, string>>,
): Promise<ClientResult> {
  const flags = [
    ...Object.entries(options).map(([key, option]) => `-D${key}=${option}`),
    ...(value.flags ?? []),
    ...(value.fromSavepoint === true ? ['-s', scene.savepoint] : []),
  ];
  return scene.cluster.runJar({ jar, mainClass: value.class, args: value.args ?? [], options: flags });
}

/** Submits a jar as a platform does: POST /jars/upload, then POST /jars/:id/run. */
async function uploadAndRun(
  scene: Scene,
  jar: string,
  value: SubmitJar,
  options: Readonly<Record<string, string>>,
): Promise<ClientResult> {
  const form = new FormData();
  form.set('jarfile', new Blob([readFileSync(jar)], { type: 'application/java-archive' }), basename(jar));
  const uploaded = await ask(`${scene.cluster.restUrl}/jars/upload`, { method: 'POST', body: form });
  const id = /"filename":"[^"]*\/([^"/]+)"/.exec(uploaded.text)?.[1] ?? '';
  const body = {
    entryClass: value.class,
    programArgsList: value.args ?? [],
    ...(Object.keys(options).length > 0 ? { flinkConfiguration: options } : {}),
    ...(value.fromSavepoint === true ? { savepointPath: scene.savepoint } : {}),
  };
  const ran = await ask(`${scene.cluster.restUrl}/jars/${id}/run`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  const job = /"jobid":"([0-9a-f]{32})"/.exec(ran.text)?.[1];
  return {
    code: ran.ok ? 0 : 1,
    stdout: '',
    stderr: ran.ok ? '' : `${ran.text}\n`,
    error: '',
    jobIds: job === undefined ? [] : [job],
  };
}

async function ask(url: string, init: RequestInit): Promise<{ ok: boolean; text: string }> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(120_000) });
  return { ok: response.ok, text: await response.text() };
}

export async function submitSql(scene: Scene, value: StepValues['submitSql']): Promise<void> {
  const file = join(scene.dir, value.file);
  const { fromSavepoint = false, fails = false } = value;
  const script = nameOptionsOf(
    fillScene(scene, readFileSync(join(scene.scenario.folder, value.file), 'utf8')),
    scene.version,
  );
  writeFileSync(file, patchScript(script, scene.scenario.patch ?? {}));
  if (value.through === 'jar') {
    await submitJar(scene, {
      class: 'com.acme.shop.SqlPipeline',
      args: ['--script', file],
      through: 'rest',
      fromSavepoint,
      fails,
    });
    return;
  }
  const result = await scene.cluster.runSql({ file });
  // The exit code of the SQL client is 0 even if its statements failed.
  await keepClient(scene, 'sql-client', result.error === '' ? result : { ...result, code: 1 }, fails);
}

export async function runScript(
  scene: Scene,
  { script, args, fails = false }: StepValues['run'],
): Promise<ClientResult> {
  const result = await scene.cluster.runScript(script, args);
  await keepClient(scene, 'client', result, fails);
  return result;
}

async function keepClient(scene: Scene, client: string, result: ClientResult, fails: boolean): Promise<void> {
  const printed = `${result.stdout}${result.stderr}`;
  if (printed !== '') appendFileSync(clientFiles(scene.cluster, client).outFile, printed);
  if ((result.code !== 0) !== fails) {
    throw new Error(
      `The ${client} ${fails ? 'was to fail, but ended well' : `ended with code ${result.code}`}:\n${printed.trim().split('\n').slice(-25).join('\n')}`,
    );
  }
  const known = result.jobIds.length === 0 ? [] : await scene.cluster.jobs();
  for (const id of result.jobIds) scene.jobs.push({ id, name: known.find((job) => job.id === id)?.name ?? '' });
}

export async function takeSavepoint(
  scene: Scene,
  { job, stop = false, through = 'client', fails = false }: StepValues['savepoint'],
): Promise<void> {
  const target = `file://${join(scene.dir, 'savepoints')}`;
  const { id } = findJob(scene, job);
  if (through === 'rest') {
    scene.savepoint = await requestSavepoint(
      scene,
      id,
      stop
        ? { path: 'stop', body: { targetDirectory: target, drain: false } }
        : { path: 'savepoints', body: { 'target-directory': target } },
    );
    return;
  }
  const { stdout } = await runScript(scene, {
    script: 'flink',
    args: stop ? ['stop', '--savepointPath', target, id] : ['savepoint', id, target],
    fails,
  });
  const path = /Path: (\S+)/.exec(stdout)?.[1];
  if (path === undefined && !fails) throw new Error(`The client named no savepoint:\n${stdout}`);
  scene.savepoint = path ?? '';
}

/** Takes a savepoint as a platform does: triggers it, polls its status, and returns the path. */
async function requestSavepoint(
  { cluster }: Scene,
  job: string,
  { path, body }: { path: string; body: object },
): Promise<string> {
  const asked = JSON.stringify(await cluster.rest(`/jobs/${job}/${path}`, 'POST', body));
  const request = /"request-id":"([0-9a-f]+)"/.exec(asked)?.[1] ?? '';
  let answer = '';
  await waitFor('the savepoint is taken', 60_000, async () => {
    answer = JSON.stringify(await cluster.rest(`/jobs/${job}/savepoints/${request}`));
    return answer.includes('COMPLETED') ? true : answer;
  });
  const location = /"location":"([^"]+)"/.exec(answer)?.[1];
  if (location === undefined) throw new Error(`The savepoint was not taken: ${answer.slice(0, 2000)}`);
  return location;
}
