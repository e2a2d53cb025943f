// Bytes that were seen in a file and vanished before they could be read: noted when a file is truncated or gone,
// forgotten when a copy or archive turns up in which it goes on, and after a while counted and said. Never silent.
// Called by ends.ts and begin.ts.
import type { Log } from '../../core/log.js';
import type { Known } from '../identity/known.js';
import type { AgentSettings } from '../settings.js';
import type { Board } from '../status.js';

export interface Losses {
  /** `key` is the generation's; the first note of a generation counts. */
  note(key: string, path: string, bytes: number): void;
  forget(key: string): void;
  /**
   * Reports what nobody has turned up for. `isLive`: a file of this generation is being read, or its rest is on its
   * way.
   */
  sweep(isLive: (key: string) => boolean): void;
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
  isReported: boolean;
}

export function createLosses({ settings, known, board, log, now }: LossParts): Losses {
  const losses = new Map<string, Loss>();
  const startedAt = now();
  let hasCheckedMissing = false;

  function note(key: string, path: string, bytes: number): void {
    if (bytes > 0 && !losses.has(key)) losses.set(key, { since: now(), bytes, path, isReported: false });
  }

  function sweep(isLive: (key: string) => boolean): void {
    noteMissing(isLive);
    for (const [key, loss] of losses)
      if (!loss.isReported && now() - loss.since >= settings.copyWaitMs) report(key, loss);
  }

  /** Remembered files that were not there when the agent started, with bytes that it had seen and not read. */
  function noteMissing(isLive: (key: string) => boolean): void {
    if (hasCheckedMissing || now() - startedAt < settings.copyWaitMs) return;
    hasCheckedMissing = true;
    for (const state of known.values())
      if (!isLive(state.key) && state.archive === undefined)
        note(state.key, state.path, state.size - state.offset - state.openBytes);
  }

  function report(key: string, loss: Loss): void {
    loss.isReported = true;
    board.count('lostBytes', loss.bytes);
    board.raise('JT_BYTES_LOST', { path: loss.path, bytes: loss.bytes }, key);
    log.error({ path: loss.path, bytes: loss.bytes }, 'Bytes of a log file were lost before they could be read.');
    const state = known.get(key);
    if (state !== undefined) known.set({ ...state, size: state.offset + state.openBytes });
  }

  return { note, forget: (key) => void losses.delete(key), sweep };
}
