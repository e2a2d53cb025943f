// Sets `jobtrace.signal`, which an agent sets for the analyzer, in records that no agent has read. Used by tests and
// benches that fill a store themselves.
import type { LogRecord } from '../../core/types.js';
import { createSignalDetector, rankEntry } from '../../flink/bytes/signals.js';
import type { Catalog } from '../catalog/catalog.js';
import { listSignalWords } from '../catalog/signal-words.js';

/** Creates a marker with the signal words of this catalog. */
export function createSignalSetter(catalog: Catalog): (record: LogRecord) => LogRecord {
  const marker = createSignalDetector(listSignalWords(catalog), catalog.scanner);
  return (record) => ({
    ...record,
    'jobtrace.signal': marker.signals[rankEntry(marker, Buffer.from(record['event.original']))],
  });
}
