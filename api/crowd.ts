// How many requests of one kind may be under way: counts them by route and by viewer, and refuses the next one
// (JT_BUSY). server.ts asks before a body is read.
import { createError } from '../core/errors.js';

export interface Crowd {
  /** Throws JT_BUSY; else gives what is to be called when the request is over. */
  enter(viewer: string): () => void;
}

export interface CrowdLimits {
  readonly most: number;
  /** Of one token. */
  readonly mostOfViewer: number;
}

export function createCrowd({ most, mostOfViewer }: CrowdLimits): Crowd {
  const byViewer = new Map<string, number>();
  let all = 0;
  return {
    enter(viewer) {
      const own = byViewer.get(viewer) ?? 0;
      if (all >= most) throw createError('JT_BUSY', { most, whose: '' });
      if (own >= mostOfViewer) throw createError('JT_BUSY', { most: mostOfViewer, whose: ' for one token' });
      all++;
      byViewer.set(viewer, own + 1);
      return () => {
        all--;
        const left = (byViewer.get(viewer) ?? 1) - 1;
        if (left === 0) byViewer.delete(viewer);
        else byViewer.set(viewer, left);
      };
    },
  };
}
