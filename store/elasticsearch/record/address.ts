// Where a record goes: the index of its day, and the shard of its cluster. A function of the record alone, so that a
// second reading goes to the same place. Pure; called by the encoders, and by whoever asks for a document again.
import type { LogRecord } from '../../../core/types.js';
import { readDay } from '../../page.js';
import type { BatchAddress } from '../../store.js';
import { encodeId } from './id.js';

/** Each once, so that they can be told apart by what they are. */
const addresses = new Map<string, BatchAddress>();
const MOST_ADDRESSES = 10_000;

/** All records of a Flink cluster lie in one shard of a day, so that one analyzer sees all its processes. */
export function findAddress(index: string, cluster: string): BatchAddress {
  const key = `${index} ${cluster}`;
  const known = addresses.get(key);
  if (known !== undefined) return known;
  const address = { index, routing: cluster === '' ? undefined : encodeId(cluster) };
  if (addresses.size >= MOST_ADDRESSES) addresses.clear();
  addresses.set(key, address);
  return address;
}

/**
 * `jobtrace-logs-2026.11.20`, or `jobtrace-logs-undated`. A function of the record alone, so a second reading goes to
 * the same index.
 */
export function nameIndex(prefix: string, record: LogRecord): string {
  return nameDay(prefix, readDay(record));
}

/** `day` as "2026-11-20". */
export function nameDay(prefix: string, day: string | undefined): string {
  return `${prefix}-logs-${day?.replaceAll('-', '.') ?? 'undated'}`;
}

/** The day of an index's name, as the time at which it ended; undefined for the undated one. */
export function readDayEnd(index: string): number | undefined {
  const day = /-logs-(\d{4})\.(\d\d)\.(\d\d)$/.exec(index);
  return day === null
    ? undefined
    : Date.parse(`${day[1] ?? ''}-${day[2] ?? ''}-${day[3] ?? ''}T00:00:00Z`) + 86_400_000;
}
