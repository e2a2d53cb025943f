// A time as people read it, in the zone that the reader has chosen: the browser's, UTC, or as its log has it; the
// others on hover, with how far it is from the moment that is looked at. In: an ISO time. Out: an element; a switch
// with the name of the zone, for the head of a column of times.
import { createContext, useContext, useSyncExternalStore } from 'react';
import { useSpeech, type TextKey } from '../speech/text.tsx';
import { useKey } from './keys.tsx';

const KEY = 'jobtrace.zone';
/** `log`: the clock of the cluster, as far as a line says it. */
const ZONES = ['browser', 'utc', 'log'] as const;
export type Zone = (typeof ZONES)[number];

let zone: Zone = ZONES.find((one) => one === localStorage.getItem(KEY)) ?? 'browser';
const listeners = new Set<() => void>();

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function switchZone(): void {
  zone = ZONES[(ZONES.indexOf(zone) + 1) % ZONES.length] ?? 'browser';
  localStorage.setItem(KEY, zone);
  for (const listener of listeners) listener();
}

export function useZone(): Zone {
  return useSyncExternalStore(listen, () => zone);
}

/** What is looked at; times below it say how far they are from it. */
export const MomentContext = createContext<string | undefined>(undefined);

/** `isGuessed`: its log does not say it. `logged`: as its log says it. */
export function Time({
  value,
  isGuessed = false,
  logged,
}: {
  readonly value: string | undefined;
  readonly isGuessed?: boolean;
  readonly logged?: string | undefined;
}) {
  const { t } = useSpeech();
  const shown = useZone();
  const moment = useContext(MomentContext);
  if (value === undefined) return <span>–</span>;
  const said = (one: Zone): string => (one === 'log' ? logged : undefined) ?? writeTime(value, one);
  const others = ZONES.filter((one) => one !== shown && (one !== 'log' || logged !== undefined)).map(
    (one) => `${said(one)} (${one === 'log' ? t('logTime') : nameZone(one, value)})`,
  );
  const notes = [...(isGuessed ? [t('guessedTime')] : []), ...others, ...sayDistance(value, moment, t)];
  return (
    <time dateTime={value} title={notes.join('\n')} style={{ whiteSpace: 'nowrap' }}>
      {isGuessed ? '≈ ' : ''}
      {said(shown)}
    </time>
  );
}

/** "12.3 s before the marked line". */
function sayDistance(value: string, moment: string | undefined, t: (key: TextKey) => string): readonly string[] {
  const ms = moment === undefined ? 0 : Date.parse(value) - Date.parse(moment);
  if (ms === 0) return [];
  const seconds = (Math.abs(ms) / 1000).toLocaleString(undefined, { maximumFractionDigits: 3 });
  return [t(ms < 0 ? 'beforeMoment' : 'afterMoment').replace('{n}', seconds)];
}

/** The time at the head of a line, as every usual layout writes it. */
export function readStamp(line: string): string | undefined {
  return /^\W?(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)[.,](\d{3})/
    .exec(line)
    ?.slice(1)
    .join(' ')
    .replace(/ (?=\d{3}$)/, '.');
}

export function ZoneSwitch() {
  const { t } = useSpeech();
  const shown = useZone();
  useKey('t', switchZone);
  return (
    <button type="button" className="zone" title={t('switchZone')} onClick={switchZone}>
      {shown === 'log' ? t('logTime') : nameZone(shown, new Date().toISOString())}
    </button>
  );
}

/** "2026-11-20 18:00:00.000"; what no log says is in the browser's zone. */
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
