import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  Hopeless,
  findFreePorts,
  isAlive,
  killProcess,
  readStartTime,
  runCommand,
  stopProcess,
  waitFor,
} from './process.js';

function spawnShell(script: string): number {
  return spawn('sh', ['-c', script], { stdio: 'ignore' }).pid ?? 0;
}

describe('runCommand', () => {
  it('gives both outputs and the code', async () => {
    const ended = await runCommand('sh', ['-c', 'cat; echo err >&2; exit 3'], { input: 'in' });

    expect(ended).toEqual({ code: 3, stdout: 'in', stderr: 'err\n' });
  });

  it('ends with 127 when there is no such program and with 124 at the time-out', async () => {
    expect((await runCommand('jobtrace-no-such-program', [])).code).toBe(127);
    expect((await runCommand('sleep', ['20'], { timeoutMs: 100 })).code).toBe(124);
  });

  it('does not wait for a daemon that the command left behind with the pipes open', async () => {
    const ended = await runCommand('sh', ['-c', 'sleep 20 & echo $!']);

    expect(ended.code).toBe(0);
    await killProcess(Number(ended.stdout));
  });
});

describe('stopProcess', () => {
  it('ends a process that is stopped', async () => {
    const pid = spawnShell('sleep 30');
    process.kill(pid, 'SIGSTOP');

    await stopProcess(pid);

    expect(isAlive(pid)).toBe(false);
  });

  it('kills a process that ignores SIGTERM', async () => {
    const pid = spawnShell("trap '' TERM; while :; do sleep 1; done");
    await waitFor('the shell', 2_000, async () => readStartTime(pid) !== undefined || 'not there');

    await stopProcess(pid, 300);

    expect(isAlive(pid)).toBe(false);
  });
});

describe('findFreePorts', () => {
  it('gives different ports', async () => {
    const ports = await findFreePorts(20);

    expect(new Set(ports).size).toBe(20);
  });
});

describe('waitFor', () => {
  it('says what it saw last, thrown errors too, and what explains it', async () => {
    const waiting = waitFor(
      'The moon',
      0,
      async () => {
        throw new Error('clouds');
      },
      () => 'tail of the log',
    );

    await expect(waiting).rejects.toThrow(/The moon: not within 0 s\. Last seen: clouds\ntail of the log/);
  });

  it('gives up at once when it is hopeless', async () => {
    const waiting = waitFor('The moon', 60_000, async () => {
      throw new Hopeless('it fell down');
    });

    await expect(waiting).rejects.toThrow('it fell down');
  });
});
