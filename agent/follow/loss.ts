// Keeps account of lost bytes: bytes that were seen in a file and vanished before they could be read, and truncations
// that the agent did not observe, which may have taken bytes that it never saw. A loss is noted when a file is
// truncated or gone, forgotten when a copy or archive appears in which it continues, and otherwise counted and
// reported.
import type { Log } from '../../core/log.js';
import type { Known } from '../identity/known.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';

export interface Losses {
  /** Notes a possible loss. `key` is the generation's; only the first note of a generation counts. */
  note(key: string, path: string, bytes: number): void;
  /** Notes a truncation while no agent was running: `bytes` were seen and not read, and there may have been more. */
  noteUnseen(key: string, path: string, bytes: number): void;
  forget(key: string): void;
  /**
   * Reports the losses for which no copy appeared. `isLive`: a file of this generation is being read, or its rest is on
   * its way to the store. `isComplete`: no file waits to be begun.
   */
  sweep(isLive: (key: string) => boolean, isComplete: boolean): void;
}

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

export function createLosses({ settings, known, board, log, now }: LossParts): Losses {
  const losses = new Map<string, Loss>();
  const startedAt = now();
  let hasCheckedMissing = false;

  function note(key: string, path: string, bytes: number, isUnseen = false): void {
    if ((bytes > 0 || isUnseen) && !losses.has(key))
      losses.set(key, { since: now(), bytes: Math.max(0, bytes), path, isUnseen, isReported: false });
  }

  function sweep(isLive: (key: string) => boolean, isComplete: boolean): void {
    if (isComplete) noteMissing(isLive);
    for (const [key, loss] of losses)
      if (!loss.isReported && now() - loss.since >= settings.copyWaitMs) report(key, loss);
  }

  /** Notes remembered files that were missing when the agent started, with bytes that it had seen and not read. */
  function noteMissing(isLive: (key: string) => boolean): void {
    if (hasCheckedMissing || now() - startedAt < settings.copyWaitMs) return;
    hasCheckedMissing = true;
    for (const state of known.values())
      if (!isLive(state.key) && state.archive === undefined)
        note(state.key, state.path, state.size - state.offset - state.openBytes);
  }

  function report(key: string, loss: Loss): void {
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

  return {
    note: (key, path, bytes) => note(key, path, bytes),
    noteUnseen: (key, path, bytes) => note(key, path, bytes, true),
    forget: (key) => void losses.delete(key),
    sweep,
  };
}
