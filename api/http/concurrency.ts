// Limits the number of concurrent requests of one kind: counts them by route and by caller, and rejects the next one
// with JT_BUSY. server.ts acquires a place only when the body of a request is complete, so that a request with an
// unfinished body occupies no place.
import { createError } from '../../core/errors.js';

export interface ConcurrencyLimiter {
  /** Acquires places and returns the function that releases them at the end of the request. Throws JT_BUSY. */
  acquire(caller: string, places?: number): () => void;
}

export interface ConcurrencyLimits {
  readonly max: number;
  /**
   * Limit of one token or user, or of one address if the route needs no authentication. It is lower than `most`, so
   * that others find a free place.
   */
  readonly maxPerViewer: number;
  /** Returns the number of places that a request takes; without the function a request takes one. */
  readonly weigh?: (body: unknown) => number;
}

export function createConcurrencyLimiter({ max, maxPerViewer }: ConcurrencyLimits): ConcurrencyLimiter {
  const byCaller = new Map<string, number>();
  let all = 0;
  return {
    acquire(caller, places = 1) {
      const own = byCaller.get(caller) ?? 0;
      if (own + places > maxPerViewer)
        throw createError('JT_BUSY', { max: maxPerViewer, scope: ' for one token, user or address' });
      if (all + places > max) throw createError('JT_BUSY', { max, scope: '' });
      all += places;
      byCaller.set(caller, own + places);
      return () => {
        all -= places;
        const left = (byCaller.get(caller) ?? places) - places;
        if (left === 0) byCaller.delete(caller);
        else byCaller.set(caller, left);
      };
    },
  };
}
