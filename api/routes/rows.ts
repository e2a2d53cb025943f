// An incident as a row of a list: what the API answers and the page shows of many. Its schema is in schemas.ts.
// Imported by the route that fills it and by the page.
import type { IncidentRow } from '../../store/store.js';

export interface ShownRow extends Omit<IncidentRow, 'title' | 'process'> {
  /** Whom it is about, as people call it. */
  readonly subject: string;
  /** In the language asked for. */
  readonly title: string;
}
