// Shows the rows of a search: only visible rows are rendered, and keys as in lnav move through them. Takes the rows
// (rows.ts) and the actions of keys and clicks. Live rows appear above them when the reader requests it.
import { Card, Loader, Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { omitMissing } from '../../../../core/json.ts';
import type { LogRecord } from '../../../../core/types.ts';
import { useDisplay, useRowsStyle } from '../view/display.tsx';
import { linkRecord, RecordRow } from '../view/record.tsx';
import { useTexts } from '../texts/text.tsx';
import { ZoneSwitch } from '../view/time.tsx';
import type { Filter } from './address.ts';
import type { Rows } from './rows.ts';

export interface ListActions {
  readonly openContext: (record: LogRecord) => void;
  readonly toggleFilter: (filter: Filter) => void;
  readonly writeRule: (record: LogRecord) => void;
}

const ROW_PX = 24;
const TRACE_PX = 43;

export function RecordList({
  rows,
  fresh,
  actions,
}: {
  readonly rows: Rows;
  /** Live records, newest first. */
  readonly fresh: readonly LogRecord[];
  readonly actions: ListActions;
}) {
  const { t } = useTexts();
  const { className, style } = useRowsStyle();
  const box = useRef<HTMLDivElement>(null);
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState(0);
  const known = fresh.length + rows.count;
  const read = (index: number): LogRecord | undefined => fresh[index] ?? rows.read(index - fresh.length);
  const virtual = useVirtualizer({
    count: known + (rows.hasMore ? 1 : 0),
    getScrollElement: () => box.current,
    estimateSize: (index) => (read(index)?.['flink.chain'] === undefined ? ROW_PX : TRACE_PX),
    overscan: 20,
  });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const { setVisible } = rows;
  useEffect(
    () => setVisible(Math.max(0, first - fresh.length), Math.max(0, last - fresh.length)),
    [setVisible, first, last, fresh],
  );
  const go = (index: number): void => {
    const next = Math.max(0, Math.min(known - 1, index));
    setActive(next);
    virtual.scrollToIndex(next, { align: 'auto' });
    // The row may have to be rendered first.
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-index="${next}"] .row`)?.focus());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const record = read(active);
    if (record === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = listKeys({ record, active, known, read, go, actions })[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  return (
    <Card withBorder padding={0} className={className} style={style}>
      <Columns />
      <div ref={box} className="rows" role="log" aria-label={t('lines')} onKeyDown={onKeyDown}>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const record = read(item.index);
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className="place"
                style={{ transform: `translateY(${item.start}px)` }}
                onFocus={() => setActive(item.index)}
              >
                {record === undefined && <Coming />}
                {record !== undefined && (
                  <RecordRow
                    record={record}
                    isOpen={opened.has(record.id)}
                    toggle={() => setOpened(toggleId(opened, record.id))}
                    openContext={() => actions.openContext(record)}
                    toggleFilter={actions.toggleFilter}
                  />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </Card>
  );
}

function toggleId(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** Renders a placeholder for a row that is being loaded. */
function Coming() {
  return (
    <Text className="row quiet" size="xs">
      <Loader size={12} />
    </Text>
  );
}

function Columns() {
  const { t } = useTexts();
  const { display } = useDisplay();
  return (
    <div className="columns">
      <span>
        {t('time')} <ZoneSwitch />
      </span>
      {display.columns.map((name) => (
        <span key={name} className="cut">
          {t(name)}
        </span>
      ))}
      <span>{t('message')}</span>
    </div>
  );
}

/** State of the list when a key is pressed, and the possible actions. */
interface KeyPosition {
  readonly record: LogRecord;
  readonly active: number;
  readonly known: number;
  readonly read: (index: number) => LogRecord | undefined;
  readonly go: (index: number) => void;
  readonly actions: ListActions;
}

/** Returns the actions of keys: those of lnav, and one for rule authors. The row itself handles Enter. */
function listKeys({ record, active, known, read, go, actions }: KeyPosition): Readonly<Record<string, () => void>> {
  const logger = record['log.logger'];
  return {
    j: () => go(active + 1),
    k: () => go(active - 1),
    ArrowDown: () => go(active + 1),
    ArrowUp: () => go(active - 1),
    e: () => go(findError(read, active, known, 1)),
    E: () => go(findError(read, active, known, -1)),
    c: () => actions.openContext(record),
    r: () => actions.writeRule(record),
    y: () => void navigator.clipboard.writeText(linkRecord(record)),
    ...omitMissing({
      x:
        logger === undefined
          ? undefined
          : () => actions.toggleFilter({ key: 'logger', value: logger, isExcluded: true }),
    }),
  };
}

/** Returns the index of the next error among the loaded rows, or the current index if there is none. */
function findError(read: (index: number) => LogRecord | undefined, from: number, count: number, step: 1 | -1): number {
  for (let index = from + step; index >= 0 && index < count; index += step) {
    const level = read(index)?.['log.level'];
    if (level === 'ERROR' || level === 'FATAL') return index;
  }
  return from;
}
