// Finds the address of a record: the index of its day, and the shard of its cluster. The address depends only on the
// record, so that a record that is read a second time goes to the same place. Pure functions.
import { BoundedMap } from '../../../core/cache.js';
import type { LogRecord } from '../../../core/types.js';
import { readDay } from '../../page.js';
import type { BatchAddress } from '../../store.js';
import { encodeId } from './id.js';

/** Addresses by index and cluster. Each exists once, so that addresses can be compared by identity. */
const addresses = new BoundedMap<string, BatchAddress>(10_000);

/**
 * Returns the address of a Flink cluster in an index. All its records of a day lie in one shard, so that one analyzer
 * sees all its processes.
 */
export function findAddress(index: string, cluster: string): BatchAddress {
  const key = `${index} ${cluster}`;
  const known = addresses.get(key);
  if (known !== undefined) return known;
  const address = { index, routing: cluster === '' ? undefined : encodeId(cluster) };
  addresses.set(key, address);
  return address;
}

/**
 * Returns the name of the index of a record: `jobtrace-logs-2026.11.20`, or `jobtrace-logs-undated`. The name depends
 * only on the record, so that a record that is read a second time goes to the same index.
 */
export function nameIndex(prefix: string, record: LogRecord): string {
  return nameDay(prefix, readDay(record));
}

/** Returns the name of the index of a day, with `day` as "2026-11-20". */
export function nameDay(prefix: string, day: string | undefined): string {
  return `${prefix}-logs-${day?.replaceAll('-', '.') ?? 'undated'}`;
}

/** Returns the time at which the day of an index ends, in milliseconds since 1970; undefined for the undated index. */
export function readDayEnd(index: string): number | undefined {
  const day = /-logs-(\d{4})\.(\d\d)\.(\d\d)$/.exec(index);
  return day === null
    ? undefined
    : Date.parse(`${day[1] ?? ''}-${day[2] ?? ''}-${day[3] ?? ''}T00:00:00Z`) + 86_400_000;
}
