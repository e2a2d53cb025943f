import { describe, expect, it } from 'vitest';
import { createProgress, renderProgress } from './progress.js';

const MIB = 1024 * 1024;

function watch(isTTY: boolean, steps: readonly (readonly [time: number, bytes: number])[]): string {
  let written = '';
  let time = 0;
  const stream = { isTTY, columns: 80, write: (text: string) => ((written += text), true) };
  const progress = createProgress(stream, () => time);
  for (const [at, bytes] of steps) {
    time = at;
    progress.update(bytes, 400 * MIB);
  }
  progress.erase();
  return written;
}

describe('createProgress', () => {
  it('draws over its own line and erases it at the end', () => {
    expect(
      watch(true, [
        [100, MIB],
        [950, 100 * MIB],
        [1000, 110 * MIB],
        [2000, 300 * MIB],
      ]),
    ).toBe(
      '\r██████░░░░░░░░░░░░░░░░░░ 25 %  100 MiB of 400 MiB  105 MiB/s\u001b[K\r██████████████████░░░░░░ 75 %  300 MiB of 400 MiB  150 MiB/s\u001b[K\r\u001b[K',
    );
  });

  it('writes nothing when it is over in a moment, or to a file', () => {
    expect(
      watch(true, [
        [10, MIB],
        [400, 400 * MIB],
      ]),
    ).toBe('');
    expect(
      watch(false, [
        [1000, MIB],
        [9000, 400 * MIB],
      ]),
    ).toBe('');
  });
});

describe('renderProgress', () => {
  it('shows bytes, all bytes and the rate', () => {
    expect(renderProgress(1.25 * 1024 * MIB, 2.5 * 1024 * MIB, 4000)).toBe(
      '████████████░░░░░░░░░░░░ 50 %  1.3 GiB of 2.5 GiB  320 MiB/s',
    );
  });

  it('shows no bar when nobody knows how much there is', () => {
    expect(renderProgress(5 * MIB, 0, 2000)).toBe('5.0 MiB  2.5 MiB/s');
  });
});
