// Watches whether the lines of files that are being written differ from the clock by hours, and raises a condition for
// each such file until they agree again or nobody writes it. skew.ts decides.
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';
import { unreadBytes } from './read.js';
import { describeSkew, noteSkew } from './skew.js';
import type { Tail } from './tail.js';

/** Age, in milliseconds, above which a change of a file is no evidence about the clock. */
const WRITTEN_MS = 60_000;
/** Time, in milliseconds, after which the condition of a file that nobody writes is cleared. */
const FORGOTTEN_MS = 3_600_000;

export class ClockWatch {
  readonly #settings: Pick<AgentSettings, 'zone'>;
  readonly #board: Board;
  readonly #now: () => number;
  /** Files whose lines differ, by path, with the time of their last write. */
  readonly #skewed = new Map<string, number>();

  constructor(settings: Pick<AgentSettings, 'zone'>, board: Board, now: () => number) {
    this.#settings = settings;
    this.#board = board;
    this.#now = now;
  }

  /**
   * Compares the last time in a file with its last write. Archives are left out, because they keep old times; so are
   * files with unread bytes, because the last line that was read was not written just now.
   */
  check(tails: readonly Tail[]): void {
    const now = this.#now();
    for (const { file, reading } of tails) {
      const { lastTime, mtimeMs } = reading;
      const isWritten = now - mtimeMs < WRITTEN_MS && unreadBytes(reading) === 0 && file.archiveSize === undefined;
      if (lastTime === undefined || !isWritten || reading.skew?.changedMs === mtimeMs) continue;
      reading.skew = noteSkew(reading.skew, lastTime, mtimeMs);
      const described = describeSkew(reading.skew, this.#settings.zone === '' ? 'UTC' : this.#settings.zone);
      if (described !== undefined) {
        this.#board.raise('JT_CLOCK_OR_ZONE', { path: file.path, ...described }, file.path);
        this.#skewed.set(file.path, mtimeMs);
      } else if (this.#skewed.delete(file.path)) this.#board.clear('JT_CLOCK_OR_ZONE', file.path);
    }
    for (const [path, writtenMs] of this.#skewed) {
      if (now - writtenMs < FORGOTTEN_MS) continue;
      this.#skewed.delete(path);
      this.#board.clear('JT_CLOCK_OR_ZONE', path);
    }
  }
}
