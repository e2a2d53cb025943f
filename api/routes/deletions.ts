// Route for deletion on request: counts or deletes the matching data in the whole store for an administrator. The audit
// trail gets an entry at both ends: the person, the filter, and the number of deleted items.
import { countErasable, describeCounts, describeFilter, erase, type EraseStore } from '../../store/erase.js';
import type { Access } from '../auth/access.js';
import { describeWho } from '../auth/audit.js';
import { route, type Route } from '../http/route.js';
import { readRange } from './records.js';

/**
 * Limits for deletions. A deletion writes the whole store, and a second one would find data that the first one is about
 * to delete.
 */
const DELETIONS = { max: 1, maxPerViewer: 1 };
const MAX_BYTES = 16 * 1024;

export function createDeletionRoutes(store: EraseStore, access: Pick<Access, 'audit'>): readonly Route[] {
  return [
    route({
      at: 'POST /api/v1/deletions',
      role: 'admin',
      isOfAll: true,
      tag: 'access',
      summary: 'Permanently delete records and everything that quotes them',
      description:
        'Deletes the records that fit all that is given, the incidents about them, and the messages, verdicts and words about those. One of "cluster", "job", "contains" and "file" must be given. With "dryRun" nothing is deleted, and the answer says how much would be. What it does not reach: docs/privacy.md.',
      maxBytes: MAX_BYTES,
      concurrency: DELETIONS,
      handle: async ({ body: { dryRun = false, ...given }, viewer }) => {
        const filter = { ...given, ...readRange(given) };
        if (dryRun) return { kind: 'json', body: { dryRun: true, ...(await countErasable(store, filter)) } };
        const note = (what: string, detail: string): Promise<void> =>
          access.audit.note({ ...describeWho(viewer), what, detail });
        // A filter that matches everything is rejected before the audit entry is written.
        await countErasable(store, filter);
        await note('delete.begin', describeFilter(filter));
        const counts = await erase(store, filter);
        await note('delete', `${describeCounts(counts)}: ${describeFilter(filter)}`);
        return { kind: 'json', body: { dryRun: false, ...counts } };
      },
    }),
  ];
}
