// How many requests of one kind may be under way: counts them by route and by caller, and refuses the next one
// (JT_BUSY). server.ts asks when the body of a request is there, so that one that is sent by halves holds no place.
import { createError } from '../core/errors.js';

export interface Crowd {
  /** Throws JT_BUSY; else gives what is to be called when the request is over. */
  enter(caller: string, places?: number): () => void;
}

export interface CrowdLimits {
  readonly most: number;
  /** Of one token or user, or of one address where anybody may ask; fewer than all, so that others find room. */
  readonly mostOfViewer: number;
  /** How many places a request takes; left out: one. */
  readonly weigh?: (body: unknown) => number;
}

export function createCrowd({ most, mostOfViewer }: CrowdLimits): Crowd {
  const byCaller = new Map<string, number>();
  let all = 0;
  return {
    enter(caller, places = 1) {
      const own = byCaller.get(caller) ?? 0;
      if (own + places > mostOfViewer)
        throw createError('JT_BUSY', { most: mostOfViewer, whose: ' for one token, user or address' });
      if (all + places > most) throw createError('JT_BUSY', { most, whose: '' });
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
