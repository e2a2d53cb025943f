// Shows a time in the zone that the reader has chosen: the browser's, UTC, or the one of the log. A tooltip shows the
// other ones and the distance from the current moment. Takes an ISO time; returns an element, and a switch with the
// name of the zone for the header of a column.
import { toIso } from '../../../../core/time/iso.ts';
import { createContext, useContext, useSyncExternalStore } from 'react';
import { useTexts, type TextKey } from '../texts/text.tsx';
import { nameZone, writeTime, ZONES, type Zone } from './clock.ts';
import { useKey } from './keys.tsx';

const KEY = 'jobtrace.zone';

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

/** Moment that is in focus; times below this context show their distance from it. */
export const MomentContext = createContext<string | undefined>(undefined);

/** Renders a time. `isGuessed`: the log has no time for it. `logged`: the time as it is in the log. */
export function Time({
  value,
  isGuessed = false,
  logged,
}: {
  readonly value: string | undefined;
  readonly isGuessed?: boolean;
  readonly logged?: string | undefined;
}) {
  const { t } = useTexts();
  const shown = useZone();
  const moment = useContext(MomentContext);
  if (value === undefined) return <span>–</span>;
  const written = (one: Zone): string => (one === 'log' ? logged : undefined) ?? writeTime(value, one);
  const others = ZONES.filter((one) => one !== shown && (one !== 'log' || logged !== undefined)).map(
    (one) => `${written(one)} (${one === 'log' ? t('logTime') : nameZone(one, value)})`,
  );
  const notes = [...(isGuessed ? [t('guessedTime')] : []), ...others, ...sayDistance(value, moment, t)];
  return (
    <time dateTime={value} title={notes.join('\n')} style={{ whiteSpace: 'nowrap' }}>
      {isGuessed ? '≈ ' : ''}
      {written(shown)}
    </time>
  );
}

/** Returns the distance from the moment, such as "12.3 s before the highlighted line". */
function sayDistance(value: string, moment: string | undefined, t: (key: TextKey) => string): readonly string[] {
  const ms = moment === undefined ? 0 : Date.parse(value) - Date.parse(moment);
  if (ms === 0) return [];
  const seconds = (Math.abs(ms) / 1000).toLocaleString(undefined, { maximumFractionDigits: 3 });
  return [t(ms < 0 ? 'beforeMoment' : 'afterMoment').replace('{n}', seconds)];
}

export function ZoneSwitch() {
  const { t } = useTexts();
  const shown = useZone();
  useKey('t', switchZone);
  return (
    <button type="button" className="zone" title={t('switchZone')} onClick={switchZone}>
      {shown === 'log' ? t('logTime') : nameZone(shown, toIso(Date.now()))}
    </button>
  );
}
