// Implements the precision guard: rules that people rated wrong too often alert nobody. It reads their feedback
// from the store every minute, and notify.ts asks it before each decision. If the store cannot be read, the last result
// stays and alerts are sent, because an alert is more important than the feedback.
import { isBelowFloor, measurePrecision, type PrecisionFloor } from '../../core/documents/precision.js';
import { JobtraceError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import type { Collections } from '../../store/store.js';

const POLL_EVERY_MS = 60_000;

export interface PrecisionGuard {
  /** Reads the feedback again if the last read was long ago. */
  refresh(): Promise<void>;
  isRuleMuted(ruleId: string): boolean;
}

export function createPrecisionGuard(
  store: Pick<Collections, 'feedback'>,
  floor: PrecisionFloor,
  log: Log,
  now: () => number,
): PrecisionGuard {
  let mutedRules: ReadonlySet<string> = new Set();
  let polledAt = -Infinity;
  return {
    async refresh() {
      if (now() - polledAt < POLL_EVERY_MS) return;
      polledAt = now();
      try {
        const measured = measurePrecision(await store.feedback.find());
        const found = [...measured].filter(([, precision]) => isBelowFloor(precision, floor));
        for (const [rule, { right, wrong }] of found)
          if (!mutedRules.has(rule))
            log.warn({ rule, right, wrong }, 'Alerts of this rule are paused: it was rated wrong too often.');
        mutedRules = new Set(found.map(([rule]) => rule));
      } catch (error) {
        if (!(error instanceof JobtraceError)) throw error;
        log.warn(
          { problem: error.message },
          'What people say of the rules cannot be read; all of them alert as before.',
        );
      }
    },
    isRuleMuted: (ruleId) => mutedRules.has(ruleId),
  };
}
