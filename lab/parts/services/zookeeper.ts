// Starts a real ZooKeeper (the one in Flink's distribution, by Flink's own script) with a separate port and data
// folder, for high availability. The lab stops it with SIGSTOP and continues it with SIGCONT.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { failIfDead, startQuorumPeer } from './processes.js';
import { getPart } from '../parts.js';
import { findFreePorts, readLastLines, stopProcess, waitFor } from '../process.js';
import { openRecord } from '../running.js';

export interface ZookeeperOptions {
  /** Folder for conf/, data/ and log/, kept at stop. If absent, a temporary folder is made, and removed at stop. */
  dir?: string;
  /** Lines added to zoo.cfg, e.g. {tickTime: '500'}. */
  settings?: Readonly<Record<string, string>>;
  startDeadlineMs?: number;
  /** True to leave it running when this process ends (the `start` command). */
  outlive?: boolean;
}

export interface Zookeeper {
  /** Address "127.0.0.1:port", in the form that startFlink takes. */
  connect: string;
  port: number;
  dir: string;
  pid: number;
  logFile: string;
  isAlive(): boolean;
  signal(signal: NodeJS.Signals): boolean;
  stop(): Promise<void>;
}

export async function startZookeeper(options: ZookeeperOptions = {}): Promise<Zookeeper> {
  const part = await getPart('zookeeper');
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'jobtrace-zookeeper-'));
  const [confDir, logDir, pidDir, dataDir] = [join(dir, 'conf'), join(dir, 'log'), join(dir, 'pid'), join(dir, 'data')];
  for (const folder of [logDir, pidDir, dataDir]) mkdirSync(folder, { recursive: true });
  cpSync(join(part.home, 'conf'), confDir, { recursive: true });
  const [port = 0, peer = 0, leader = 0] = await findFreePorts(3);
  const settings = {
    tickTime: '2000',
    initLimit: '10',
    syncLimit: '5',
    dataDir,
    clientPort: String(port),
    clientPortAddress: '127.0.0.1',
    'admin.enableServer': 'false',
    'server.1': `localhost:${peer}:${leader}`,
    ...options.settings,
  };
  writeFileSync(
    join(confDir, 'zoo.cfg'),
    Object.entries(settings)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  const connect = `127.0.0.1:${port}`;
  const record = openRecord('zookeeper', dir, connect, options.outlive);
  const env = {
    ...process.env,
    ...record.env,
    JAVA_HOME: part.java,
    FLINK_CONF_DIR: confDir,
    FLINK_LOG_DIR: logDir,
    FLINK_PID_DIR: pidDir,
    FLINK_IDENT_STRING: userInfo().username,
    JVM_ARGS: '-Xmx128m',
  };
  const stop = async (): Promise<void> => {
    await Promise.all(record.pids().map((pid) => stopProcess(pid)));
    record.forget();
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  try {
    const peerProcess = await startQuorumPeer({
      home: part.home,
      env,
      logDir,
      pidDir,
      ident: userInfo().username,
      record,
    });
    await waitFor(
      `ZooKeeper at ${connect}`,
      options.startDeadlineMs ?? 60_000,
      async () => {
        failIfDead('ZooKeeper', peerProcess);
        const answer = await askServer(port);
        return answer.includes('Mode: ') ? true : `answer to srvr: ${answer.slice(0, 200) || 'none'}`;
      },
      () => readLastLines([peerProcess.logFile, peerProcess.outFile]),
    );
    return {
      connect,
      port,
      dir,
      pid: peerProcess.pid,
      logFile: peerProcess.logFile,
      isAlive: () => peerProcess.isAlive(),
      signal: (signal) => peerProcess.signal(signal),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Sends ZooKeeper's four-letter command `srvr`, the only one that is allowed by default. The answer names the mode once
 * the server is ready.
 */
function askServer(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    let answer = '';
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer within 5 s')));
    socket.on('connect', () => socket.write('srvr'));
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}
