// Ends tails: the file vanished, was truncated or cannot be read, or its archive is read. Records of it that are in
// flight are still acknowledged; then its state waits for the file to come back, or for a copy in which it continues.
// Bytes that were seen and not read count as lost, unless such a copy appears.
import { closeReading, unreadBytes } from '../tail/read.js';
import { hasOpenEntry, takeOpenEntry } from '../tail/open-entry.js';
import { describeTail, isDrained, type Tail } from '../tail/tail.js';
import {
  closeIdle,
  countOpen,
  dropTail,
  idOf,
  isEnding,
  isFull,
  evictIdle,
  reportUnreadable,
  type TailSet,
} from './set.js';

export function noteGone(set: TailSet, tail: Tail): void {
  tail.file.goneSince ??= set.now();
  if (tail.reading.fd === undefined) endTail(set, tail, unreadBytes(tail.reading));
}

/**
 * Ends the tail of an unreadable file. The acknowledged offset is remembered, and reading resumes there when the file
 * can be read again.
 */
export function failTail(set: TailSet, tail: Tail, error: unknown): void {
  reportUnreadable(set, tail.file.path, error);
  endTail(set, tail, 0);
}

export function endTail(set: TailSet, tail: Tail, lostBytes: number): void {
  const { file, reading, acks } = tail;
  if (file.isSettled) {
    // A replaced file has another generation's bytes before the offset, so there is no guard. A copy may continue its
    // last line.
    const isReplaced = file.goneSince === undefined && file.archiveSize === undefined;
    if (isReplaced) closeReading(reading);
    set.encoder.send(tail, takeOpenEntry(reading, file.key, !isReplaced));
    const state = describeTail(tail);
    set.known.set(
      file.archiveSize === undefined ? state : { ...state, archive: { size: file.archiveSize, isRead: true } },
    );
    if (acks.waiting > 0 || hasOpenEntry(reading)) set.ended.add(tail);
    set.losses.note(file.key, file.path, lostBytes);
  }
  dropTail(set, tail);
}

/**
 * Ends a tail whose path is not in the settings now: ships what was read, leaves the rest in the file and keeps its
 * offset.
 */
export function leaveTail(set: TailSet, tail: Tail): void {
  const { file, reading, acks } = tail;
  if (file.isSettled) {
    set.encoder.send(tail, takeOpenEntry(reading, file.key, false));
    const state = describeTail(tail);
    // The unread bytes do not count as lost if the file is missing at the next start.
    set.known.set({ ...state, size: Math.min(state.size, state.offset + state.openBytes) });
    if (acks.waiting > 0) set.ended.add(tail);
  }
  dropTail(set, tail);
}

/**
 * Ends tails whose file is gone or unpacked and whose bytes the store has, reports losses, and closes idle files to
 * make room.
 */
export function sweepTails(set: TailSet): void {
  const { busy, ended, settings } = set;
  for (const tail of [...busy]) sweepLive(set, tail);
  for (const tail of ended) sweepEnded(set, tail);
  set.losses.sweep((key) => set.byKey.has(key) || isEnding(set, key), set.waiting.size === 0);
  if (isFull(set)) closeIdle(set, countOpen(set) - Math.floor(settings.maxOpenFiles / 2));
}

function sweepLive(set: TailSet, tail: Tail): void {
  const { file, reading } = tail;
  if (file.archiveSize !== undefined && file.isSettled) {
    if (!isStored(set, tail)) return;
    set.ignored.set(idOf(file), file.archiveSize);
    endTail(set, tail, 0);
  } else if (
    file.goneSince !== undefined &&
    isDrained(tail) &&
    set.now() - Math.max(file.goneSince, reading.lastGrowth) >= set.settings.holdGoneMs &&
    isStored(set, tail)
  )
    endTail(set, tail, 0);
  else evictIdle(set, tail);
}

/** Forwards the open entry, because nothing will be added to it. Returns true when the store has all of the file. */
function isStored(set: TailSet, tail: Tail): boolean {
  const { file, reading } = tail;
  if (isDrained(tail) && file.isSettled && hasOpenEntry(reading))
    set.encoder.send(tail, takeOpenEntry(reading, file.key, true));
  return isDrained(tail);
}

function sweepEnded({ ended, settings, now, encoder }: TailSet, tail: Tail): void {
  const { file, reading, acks } = tail;
  if (hasOpenEntry(reading) && now() - (file.endedAt ?? 0) >= settings.copyWaitMs)
    encoder.send(tail, takeOpenEntry(reading, file.key, true));
  if (acks.waiting === 0 && !hasOpenEntry(reading)) ended.delete(tail);
}
