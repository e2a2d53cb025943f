// Parses time intervals, such as quiet hours, and checks whether a time lies within one, on the clock of its time zone.
// The fields are those of Alertmanager. In addition, an end before its start is on the next day, and belongs to the day
// on which the interval began. Pure functions.
import type { TimeIntervalSettings } from '../../core/config/route.js';

export interface TimeInterval {
  readonly name: string;
  isWithin(timeMs: number): boolean;
}

const DAY_MS = 86_400_000;
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

type Range = readonly [from: number, to: number];
/** Test of a day, given by its date at midnight UTC, whatever the time zone. */
type DayTest = (day: Date) => boolean;

/** Returns what is wrong with the settings of an interval, in words; empty if they are valid. */
export function findIntervalProblems(settings: TimeIntervalSettings): readonly string[] {
  const { location, weekdays = [], daysOfMonth = [], months = [], times = [] } = settings;
  const wrong = (name: string, texts: readonly string[], read: (text: string) => number | undefined): string[] =>
    texts.filter((text) => readRange(text, read) === undefined).map((text) => `${name} cannot be "${text}"`);
  return [
    ...(isZone(location) ? [] : [`location is "${location}", which is not a time zone (such as Asia/Shanghai)`]),
    ...wrong('weekdays', weekdays, readWeekday),
    ...wrong('daysOfMonth', daysOfMonth, readDayOfMonth),
    ...wrong('months', months, readMonth),
    ...times
      .filter(({ startTime, endTime }) => startTime === endTime)
      .map(({ startTime }) => `times begin and end at ${startTime}; leave them out for the whole day`),
  ];
}

/** Parses the intervals and merges those with the same name. The settings must be valid. */
export function parseIntervals(settings: readonly TimeIntervalSettings[]): ReadonlyMap<string, TimeInterval> {
  const byName = new Map<string, readonly ((timeMs: number) => boolean)[]>();
  for (const row of settings) byName.set(row.name, [...(byName.get(row.name) ?? []), parseInterval(row)]);
  return new Map([...byName].map(([name, tests]) => [name, rememberMinute(name, tests)]));
}

function parseInterval(settings: TimeIntervalSettings): (timeMs: number) => boolean {
  const readClock = createClock(settings.location);
  const isDay = parseDay(settings);
  const times = (settings.times ?? [{ startTime: '00:00', endTime: '24:00' }]).map(
    ({ startTime, endTime }) => [readMinutes(startTime), readMinutes(endTime)] as const,
  );
  return (timeMs) => {
    const { day, minute } = readClock(timeMs);
    const isToday = isDay(day);
    const isYesterday = isDay(new Date(day.getTime() - DAY_MS));
    return times.some(([start, end]) =>
      start < end
        ? isToday && minute >= start && minute < end
        : (isToday && minute >= start) || (isYesterday && minute < end),
    );
  };
}

/** Caches the answer for a minute, because many messages ask within one minute. */
function rememberMinute(name: string, tests: readonly ((timeMs: number) => boolean)[]): TimeInterval {
  let minute = NaN;
  let answer = false;
  return {
    name,
    isWithin(timeMs) {
      const asked = Math.floor(timeMs / 60_000);
      if (asked !== minute) {
        minute = asked;
        answer = tests.some((test) => test(timeMs));
      }
      return answer;
    },
  };
}

function parseDay({ weekdays, daysOfMonth, months }: TimeIntervalSettings): DayTest {
  const tests: DayTest[] = [];
  if (weekdays !== undefined) {
    const ranges = readRanges(weekdays, readWeekday);
    tests.push((day) => ranges.some((range) => isInRange(range, day.getUTCDay())));
  }
  if (months !== undefined) {
    const ranges = readRanges(months, readMonth);
    tests.push((day) => ranges.some((range) => isInRange(range, day.getUTCMonth() + 1)));
  }
  if (daysOfMonth !== undefined) {
    const ranges = readRanges(daysOfMonth, readDayOfMonth);
    tests.push((day) => {
      const last = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate();
      const count = (number: number): number => (number < 0 ? last + 1 + number : number);
      return ranges.some(([from, to]) => day.getUTCDate() >= count(from) && day.getUTCDate() <= count(to));
    });
  }
  return (day) => tests.every((test) => test(day));
}

/**
 * True if the value is in the range. A range from a weekday or month to an earlier one wraps around: `saturday:monday`.
 */
function isInRange([from, to]: Range, value: number): boolean {
  return from <= to ? value >= from && value <= to : value >= from || value <= to;
}

function readRanges(texts: readonly string[], read: (text: string) => number | undefined): readonly Range[] {
  return texts.map((text) => readRange(text, read)).filter((range) => range !== undefined);
}

function readRange(text: string, read: (text: string) => number | undefined): Range | undefined {
  const [first = '', second = first, ...more] = text.toLowerCase().split(':');
  const from = read(first.trim());
  const to = read(second.trim());
  return from === undefined || to === undefined || more.length > 0 ? undefined : [from, to];
}

function readWeekday(text: string): number | undefined {
  const index = WEEKDAYS.indexOf(text);
  return index < 0 ? undefined : index;
}

function readMonth(text: string): number | undefined {
  const number = /^\d{1,2}$/.test(text) ? Number(text) : MONTHS.indexOf(text) + 1;
  return number >= 1 && number <= 12 ? number : undefined;
}

function readDayOfMonth(text: string): number | undefined {
  const number = /^-?\d{1,2}$/.test(text) ? Number(text) : 0;
  return number !== 0 && Math.abs(number) <= 31 ? number : undefined;
}

function readMinutes(text: string): number {
  const [hours, minutes] = text.split(':');
  return Number(hours) * 60 + Number(minutes);
}

function isZone(location: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: location });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Creates a function that returns the day and the minute of the day in this time zone. */
function createClock(location: string): (timeMs: number) => { readonly day: Date; readonly minute: number } {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: location,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return (timeMs) => {
    const parts = Object.fromEntries(format.formatToParts(timeMs).map(({ type, value }) => [type, Number(value)]));
    const { year = 1970, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return { day: new Date(Date.UTC(year, month - 1, day)), minute: hour * 60 + minute };
  };
}
