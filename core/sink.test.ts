// Tests a service's log in a process of its own. Readers of its standard error are slow or gone, or the disk is full.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Script start. Like the command line it touches standard error, so that a pipe refuses what it has no room for. */
const OPEN = `import { createLog, flushLog } from './core/log.ts';
  import { createSink } from './core/sink.ts';
  import { setImmediate, setTimeout } from 'node:timers/promises';
  process.stderr;
  const log = createLog('info', createSink(2, (lines) => log.warn({ lines }, 'lost')));
  const write = (count) => {
    for (let number = 0; number < count; number += 1) log.info({ number }, 'x'.repeat(1000));
  };`;

function start(script: string, stderr: 'pipe' | number = 'pipe'): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', OPEN + script], {
    cwd: root,
    stdio: ['ignore', 'pipe', stderr],
  });
}

async function readLog({ stderr }: ChildProcess): Promise<{ number?: number; lines?: number; text?: string }[]> {
  if (stderr === null) return [];
  return (await text(stderr))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (line.startsWith('{') ? (JSON.parse(line) as { number?: number; lines?: number }) : { text: line }));
}

const numbersOf = (lines: readonly { number?: number }[]): number[] =>
  lines.map(({ number }) => number).filter((number) => number !== undefined);
const count = (length: number): number[] => Array.from({ length }, (_, number) => number);

describe('a reader that does not read', () => {
  it('holds up nothing, and gets every line in order when it does', async () => {
    const child = start(`write(2000);
      await setImmediate();
      process.stdout.write('free');
      await flushLog(log);`);
    if (child.stdout !== null) await once(child.stdout, 'data');

    const [lines, [code]] = await Promise.all([readLog(child), once(child, 'exit')]);

    expect(code).toBe(0);
    expect(numbersOf(lines)).toEqual(count(2000));
  });

  it('costs a limited amount of memory, and is told how many lines are missing', async () => {
    const child = start(`write(10_000);
      process.stdout.write('free');
      await flushLog(log);`);
    if (child.stdout !== null) await once(child.stdout, 'data');

    const lines = await readLog(child);
    const kept = numbersOf(lines);

    expect(kept).toEqual(count(kept.length));
    expect(kept.length).toBeGreaterThan(3000);
    expect(kept.length).toBeLessThan(5000);
    expect(lines.at(-1)?.lines).toBe(10_000 - kept.length);
  });

  it('does not keep the process from ending', async () => {
    const child = start(`write(2000); process.stdout.write('free');`);

    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

it('what waits when a process fails is written before it is gone', async () => {
  const lines = await readLog(start(`write(500); throw new Error('the end');`));

  // Another thread writes the first line at that moment.
  expect(numbersOf(lines).sort((a, b) => a - b)).toEqual(count(500));
  expect(lines.map((line) => line.text)).toContain('Error: the end');
});

describe.each([
  ['a reader that went away', 'pipe'],
  ['a full disk', openSync('/dev/full', 'w')],
] as const)('%s', (_, stderr) => {
  it('stops nothing', async () => {
    const child = start(
      `process.stdout.write('ready');
      for (let turn = 0; turn < 5; turn += 1) {
        await setTimeout(5);
        write(100);
      }
      await flushLog(log);
      process.stdout.write(' done');`,
      stderr,
    );
    child.stderr?.destroy();

    expect(child.stdout === null ? '' : await text(child.stdout)).toBe('ready done');
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0);
  });
});
