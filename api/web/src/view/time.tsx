// A time as people read it, in the zone that the reader has chosen: the browser's or UTC; the other one on hover. In:
// an ISO time. Out: an element; a switch with the name of the zone, for the head of a column of times.
import { useSyncExternalStore } from 'react';
import { useSpeech } from '../speech/text.tsx';
import { useKey } from './keys.tsx';

const KEY = 'jobtrace.zone';
type Zone = 'browser' | 'utc';

let zone: Zone = localStorage.getItem(KEY) === 'utc' ? 'utc' : 'browser';
const listeners = new Set<() => void>();

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function switchZone(): void {
  zone = zone === 'utc' ? 'browser' : 'utc';
  localStorage.setItem(KEY, zone);
  for (const listener of listeners) listener();
}

export function useZone(): Zone {
  return useSyncExternalStore(listen, () => zone);
}

/** `isGuessed`: its log does not say it. */
export function Time({
  value,
  isGuessed = false,
}: {
  readonly value: string | undefined;
  readonly isGuessed?: boolean;
}) {
  const { t } = useSpeech();
  const shown = useZone();
  if (value === undefined) return <span>–</span>;
  const other = shown === 'utc' ? 'browser' : 'utc';
  return (
    <time
      dateTime={value}
      title={`${isGuessed ? `${t('guessedTime')}\n` : ''}${writeTime(value, other)} (${nameZone(other, value)})`}
      style={{ whiteSpace: 'nowrap' }}
    >
      {isGuessed ? '≈ ' : ''}
      {writeTime(value, shown)}
    </time>
  );
}

export function ZoneSwitch() {
  const { t } = useSpeech();
  const shown = useZone();
  useKey('t', switchZone);
  return (
    <button type="button" className="zone" title={t('switchZone')} onClick={switchZone}>
      {nameZone(shown, new Date().toISOString())}
    </button>
  );
}

/** "2026-11-20 18:00:00.000". */
export function writeTime(value: string, shown: Zone): string {
  const time = new Date(value);
  const local = shown === 'utc' ? time : new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return Number.isNaN(time.getTime()) ? value : local.toISOString().slice(0, 23).replace('T', ' ');
}

/** "UTC+08:00": at that time, by the rules of the place. */
function nameZone(shown: Zone, value: string): string {
  const minutes = shown === 'utc' ? 0 : -new Date(value).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const part = (number: number): string => String(Math.floor(Math.abs(number))).padStart(2, '0');
  return `UTC${minutes < 0 ? '-' : '+'}${part(minutes / 60)}:${part(minutes % 60)}`;
}
