// Starts a real Prometheus Alertmanager (Debian's) with the given configuration, port and data folder, without its
// clustering. Tests let it send to their webhook, and post alerts to its API.
import { openSync, closeSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getPart } from '../parts.js';
import { Hopeless, findFreePorts, isAlive, readLastLines, signalProcess, stopProcess, waitFor } from '../process.js';
import { openRecord } from '../running.js';

export interface AlertmanagerOptions {
  /** Text of alertmanager.yml. */
  config: string;
  /**
   * Folder for the configuration, data/ and the log, kept at stop. If absent, a temporary folder is made, and removed
   * at stop.
   */
  dir?: string;
  startDeadlineMs?: number;
  /** True to leave it running when this process ends (the `start` command). */
  outlive?: boolean;
}

export interface Alertmanager {
  url: string;
  port: number;
  dir: string;
  pid: number;
  signal(signal: NodeJS.Signals): boolean;
  stop(): Promise<void>;
}

export async function startAlertmanager(options: AlertmanagerOptions): Promise<Alertmanager> {
  const part = await getPart('alertmanager');
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'jobtrace-alertmanager-'));
  mkdirSync(join(dir, 'data'), { recursive: true });
  const [configFile, logFile] = [join(dir, 'alertmanager.yml'), join(dir, 'alertmanager.log')];
  writeFileSync(configFile, options.config);
  const [port = 0] = await findFreePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const record = openRecord('alertmanager', dir, url, options.outlive);
  const pid = await launch(
    join(part.home, part.part.proof),
    [
      `--config.file=${configFile}`,
      `--storage.path=${join(dir, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    logFile,
    record.env,
  );
  record.add(pid);
  const stop = async (): Promise<void> => {
    await stopProcess(pid);
    record.forget();
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  try {
    await waitFor(
      `Alertmanager at ${url}`,
      options.startDeadlineMs ?? 30_000,
      async () => {
        if (!isAlive(pid)) throw new Hopeless(`Alertmanager died while starting.\n${readLastLines([logFile])}`);
        const response = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(5_000) });
        return response.ok ? true : `${response.status} ${await response.text()}`;
      },
      () => readLastLines([logFile]),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, port, dir, pid, signal: (signal) => signalProcess(pid, signal), stop };
}

function launch(
  binary: string,
  args: readonly string[],
  logFile: string,
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const log = openSync(logFile, 'a');
  return new Promise((resolve, reject) => {
    const child = spawn(binary, [...args], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, ...env },
    });
    closeSync(log);
    child.on('error', reject);
    child.on('spawn', () => {
      child.unref();
      resolve(child.pid ?? 0);
    });
  });
}
