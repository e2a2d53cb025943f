// Keeps the display settings of rows: columns, line wrapping, density and order. It is stored in this browser; a link
// contains it only on request. Takes the address; returns the settings and functions that change them. Rows
// (record.tsx) follow them; the search's menu (search/display-menu.tsx) changes it.
import { createContext, useContext, useMemo, useState, type ReactNode } from 'react';

const KEY = 'jobtrace.look';
/** Name of the parameter in the address. */
export const DISPLAY = 'look';

/** Columns between time and message in display order, with their widths. */
const COLUMNS = {
  level: '48px',
  logger: 'minmax(90px, 150px)',
  job: 'minmax(90px, 150px)',
  process: 'minmax(90px, 170px)',
  host: 'minmax(70px, 120px)',
  thread: 'minmax(90px, 150px)',
} as const;
export type ColumnName = keyof typeof COLUMNS;
export const COLUMN_NAMES = Object.keys(COLUMNS).filter((name): name is ColumnName => name in COLUMNS);
/** Name of a column or option that can be switched on. */
export type DisplayName = ColumnName | 'wraps' | 'airy' | 'oldest';
const NAMES: readonly string[] = [...COLUMN_NAMES, 'wraps', 'airy', 'oldest'];
const USUAL: readonly DisplayName[] = ['level', 'logger'];

export interface RowDisplay {
  readonly has: (name: DisplayName) => boolean;
  readonly columns: readonly ColumnName[];
  /** Names that are switched on, in the form of a link. */
  readonly text: string;
}

interface DisplayChange {
  readonly display: RowDisplay;
  readonly change: (name: DisplayName) => void;
}

const DisplayContext = createContext<DisplayChange>({ display: makeDisplay(USUAL), change: () => undefined });

/**
 * Provides the display settings. `ofLink` are those in the address; `forget` removes them there when the reader chooses
 * another one.
 */
export function DisplayProvider({
  ofLink,
  forget,
  children,
}: {
  readonly ofLink: string | null;
  readonly forget: () => void;
  readonly children: ReactNode;
}) {
  const [own, setOwn] = useState(() => localStorage.getItem(KEY));
  const text = ofLink ?? own;
  const value = useMemo(() => {
    const display = makeDisplay(text === null ? USUAL : readNames(text));
    const change = (name: DisplayName): void => {
      const names = display.text.split('.').filter((one) => one !== '');
      const next = (display.has(name) ? names.filter((one) => one !== name) : [...names, name]).join('.');
      localStorage.setItem(KEY, next);
      setOwn(next);
      if (ofLink !== null) forget();
    };
    return { display, change };
  }, [text, ofLink, forget]);
  return <DisplayContext.Provider value={value}>{children}</DisplayContext.Provider>;
}

export function useDisplay(): DisplayChange {
  return useContext(DisplayContext);
}

/** Reads the names of display settings. It omits unknown names, because a link may come from another version. */
function readNames(text: string): readonly DisplayName[] {
  return text.split('.').filter((name): name is DisplayName => NAMES.includes(name));
}

function makeDisplay(names: readonly DisplayName[]): RowDisplay {
  return {
    has: (name) => names.includes(name),
    columns: COLUMN_NAMES.filter((name) => names.includes(name)),
    text: names.join('.'),
  };
}

/** Returns class and style of the element that contains the rows. */
export function useRowsStyle(): { readonly className: string; readonly style: Readonly<Record<string, string>> } {
  const { display } = useDisplay();
  return {
    className: `${display.has('wraps') ? ' wraps' : ''}${display.has('airy') ? ' airy' : ''}`,
    style: { '--columns': ['184px', ...display.columns.map((name) => COLUMNS[name]), 'minmax(0, 1fr)'].join(' ') },
  };
}
