import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { describeWithParts } from '../testing/describe-part.js';
import { startFlink, type FlinkCluster } from './flink.js';
import { waitFor } from '../process.js';

const ILLEGAL = { 'taskmanager.memory.network.min': '2g', 'taskmanager.memory.network.max': '2g' };

describeWithParts(['flink-1.20', 'jdk-11'], 'the odd starts of startFlink', () => {
  let cluster: FlinkCluster;
  /** Beginning of the addresses in the cluster's network. */
  let subnet = '';

  beforeAll(async () => {
    cluster = await startFlink({ version: '1.20', java: 11, jobManager: false, taskManagers: 0, network: true });
    return () => cluster.stop();
  });

  it('starts no JobManager at first', () => {
    expect(cluster.jobManager).toMatchObject({ pid: 0, terminal: '' });
    expect(cluster.jobManager.isAlive()).toBe(false);
  });

  it('gives what a script printed that refused the memory options', async () => {
    const refused = await cluster.addTaskManager(ILLEGAL, { fails: true });

    expect(refused.pid).toBe(0);
    expect(refused.terminal).toContain('IllegalConfigurationException');
  });

  it('gives a JobManager that died by itself, and then one that lives, on the other Java', async () => {
    const died = await cluster.startJobManager({ 'high-availability.type': 'nonsense' }, { fails: true });
    expect(readFileSync(died.logFile, 'utf8')).toContain('nonsense');

    const lives = await cluster.startJobManager({ 'high-availability.type': null });

    expect(lives.isAlive()).toBe(true);
    expect(readFileSync(lives.logFile, 'utf8')).toMatch(/JVM: .* - 11\//);
  });

  it('cuts a TaskManager under limits from its network', async () => {
    const worker = await cluster.addTaskManager({}, { limits: { openFiles: 700, processes: 400 } });
    const limits = readFileSync(`/proc/${worker.pid}/limits`, 'utf8');
    expect(limits).toMatch(/Max open files +700 /);
    expect(limits).toMatch(/Max processes +400 /);
    expect(readFileSync(`/proc/${worker.pid}/status`, 'utf8')).not.toMatch(/^Uid:\s0/m);

    subnet = worker.network?.address.replace(/\d+$/, '') ?? '';
    expect(execFileSync('ip', ['-o', 'address'], { encoding: 'utf8' })).toContain(` ${subnet}`);

    await worker.network?.cut();

    await waitFor('silence', 5_000, async () => !answers(worker.network?.address ?? '') || 'it answers');
    await worker.network?.mend();
    await waitFor('an answer', 5_000, async () => answers(worker.network?.address ?? '') || 'silence');
  });

  it('mounts a small disk until the end', async () => {
    const path = join(cluster.dir, 'checkpoints');
    await cluster.mountSmallDisk(path, 5);
    expect(statfsSync(path).blocks * statfsSync(path).bsize).toBe(5 * 1024 * 1024);

    await cluster.stop();

    expect(readFileSync('/proc/mounts', 'utf8')).not.toContain(path);
    // Another cluster on this machine may have a network as well.
    expect(subnet).toMatch(/^10\./);
    expect(execFileSync('ip', ['-o', 'address'], { encoding: 'utf8' })).not.toContain(` ${subnet}`);
  });
});

function answers(address: string): boolean {
  try {
    execFileSync('nsenter', ['--net=/proc/self/ns/net', 'bash', '-c', `exec 3<>/dev/tcp/${address}/1`], {
      stdio: 'pipe',
      timeout: 1_000,
    });
    return true;
  } catch (error) {
    return String(error).includes('Connection refused');
  }
}
