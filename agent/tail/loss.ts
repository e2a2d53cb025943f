// Keeps account of lost bytes: bytes that were seen in a file and vanished before they could be read, and truncations
// that the agent did not observe, which may have taken bytes that it never saw. A loss is noted when a file is
// truncated or gone, forgotten when a copy or archive appears in which it continues, and otherwise counted and
// reported.
import type { Log } from '../../core/log.js';
import type { Known } from '../checkpoint/known.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';

export interface LossParts {
  readonly settings: Pick<AgentSettings, 'copyWaitMs'>;
  readonly known: Known;
  readonly board: Board;
  readonly log: Log;
  readonly now: () => number;
}

interface Loss {
  readonly since: number;
  readonly bytes: number;
  readonly path: string;
  /** True if more bytes may be gone than were seen. */
  readonly isUnseen: boolean;
  isReported: boolean;
}

export class Losses {
  readonly #parts: LossParts;
  readonly #losses = new Map<string, Loss>();
  readonly #startedAt: number;
  #hasCheckedMissing = false;

  constructor(parts: LossParts) {
    this.#parts = parts;
    this.#startedAt = parts.now();
  }

  /**
   * Notes a possible loss of a generation; only the first one counts. `bytes` were seen and not read. `isUnseen`: the
   * file was truncated while no agent was running, and there may have been more.
   */
  note(key: string, path: string, bytes: number, isUnseen = false): void {
    if ((bytes <= 0 && !isUnseen) || this.#losses.has(key)) return;
    const since = this.#parts.now();
    this.#losses.set(key, { since, bytes: Math.max(0, bytes), path, isUnseen, isReported: false });
  }

  forget(key: string): void {
    this.#losses.delete(key);
  }

  /**
   * Reports the losses for which no copy appeared. `isLive`: a file of this generation is being read, or its rest is on
   * its way to the store. `isComplete`: no file waits to be begun.
   */
  sweep(isLive: (key: string) => boolean, isComplete: boolean): void {
    const { settings, now } = this.#parts;
    if (isComplete) this.#noteMissing(isLive);
    for (const [key, loss] of this.#losses)
      if (!loss.isReported && now() - loss.since >= settings.copyWaitMs) this.#report(key, loss);
  }

  /** Notes remembered files that were missing when the agent started, with bytes that it had seen and not read. */
  #noteMissing(isLive: (key: string) => boolean): void {
    const { settings, known, now } = this.#parts;
    if (this.#hasCheckedMissing || now() - this.#startedAt < settings.copyWaitMs) return;
    this.#hasCheckedMissing = true;
    for (const state of known.values())
      if (!isLive(state.key) && state.archive === undefined)
        this.note(state.key, state.path, state.size - state.offset - state.openBytes);
  }

  #report(key: string, loss: Loss): void {
    const { known, board, log } = this.#parts;
    const { path, bytes } = loss;
    loss.isReported = true;
    board.count('lostBytes', bytes);
    if (bytes > 0) {
      board.raise('JT_BYTES_LOST', { path, bytes }, key);
      log.error({ path, bytes }, 'Bytes of a log file were lost before they could be read.');
    }
    if (loss.isUnseen) {
      board.raise('JT_FILE_TRUNCATED', { path }, key);
      log.warn({ path }, 'A log file was truncated while no agent looked: what was written in between is gone.');
    }
    const state = known.get(key);
    if (state !== undefined) known.set({ ...state, size: state.offset + state.openBytes });
  }
}
