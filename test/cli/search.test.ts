// Tests "jobtrace search" with the conventions of grep and kubectl logs: exit codes, a count, lines around a match, and
// following the tail.
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.js';
import { appendRecords, makeRecord } from '../../store/testing/samples.js';
import { runProgram, startProgram, waitUntil } from '../program.js';
import { useFolder } from '../cli-folder.js';

const { folder } = useFolder();

describe('search', () => {
  const data = join(folder, 'data-search');
  const search = (...args: string[]): ReturnType<typeof runProgram> => runProgram(['search', '--data', data, ...args]);
  const append = async (...numbers: number[]): Promise<void> => {
    const store = await openStore({ kind: 'sqlite', path: join(data, 'jobtrace.db') });
    const texts: Readonly<Record<number, string>> = { 4: 'TimeoutException here', 8: 'TimeoutException again' };
    await appendRecords(
      store,
      numbers.map((number) => makeRecord(number, { level: number === 4 ? 'ERROR' : 'INFO', text: texts[number] })),
    );
    await store.close();
  };
  const listNumbers = (stdout: string): string[] =>
    [...stdout.matchAll(/entry number (\d+)|^--$/gm)].map(([all, n]) => n ?? all);

  beforeAll(async () => {
    await append(1, 2, 3, 4, 5, 6, 7, 8, 9);
  });

  it('ends with 0 when something was found, with 1 when nothing was, and says what would be', async () => {
    const found = await search('TimeoutException');
    const none = await search('TimeoutExcept');

    expect([found.code, found.stdout.trim().split('\n').length]).toEqual([0, 2]);
    expect([none.code, none.stdout]).toEqual([1, '']);
    expect(none.stderr).toContain("No match. Only whole words match; 'TimeoutExcept*' finds 2 records.");
  });

  it('counts, by level too', async () => {
    expect((await search('-c')).stdout).toBe('9\n');
    expect((await search('-c', '--level', 'ERROR')).stdout).toBe('1\n');
  });

  it('prints lines around each, once, with a mark between groups', async () => {
    expect(listNumbers((await search('-C', '1', 'TimeoutException')).stdout)).toEqual(['3', '5', '--', '7', '9']);
    expect(listNumbers((await search('-C', '2', 'TimeoutException')).stdout)).toEqual(['2', '3', '5', '6', '7', '9']);
    expect(listNumbers((await search('-B', '1', 'TimeoutException')).stdout)).toEqual(['3', '--', '7']);
  });

  it('goes on with what comes', async () => {
    const tail = startProgram(['search', '-f', '-n', '1', '--data', data]);
    await waitUntil('the last line', () => (tail.stdout().includes('entry number 9') ? true : undefined));
    await append(10);
    await waitUntil('the new line', () => (tail.stdout().includes('entry number 10') ? true : undefined), {
      saw: () => [tail.stdout(), tail.stderr()],
    });
    await tail.stop();

    expect(listNumbers(tail.stdout())).toEqual(['9', '10']);
  });
});
