// Follows new records that match the filters of the search. They wait behind a counter until the reader shows them, so
// that the rows do not move while they are read. Takes the request of a search; returns the number of waiting records
// and the shown ones. The search shows the switch.
import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { LogRecord } from '../../../../core/types.ts';
import { followRecords } from '../server/client.ts';
import { useTexts } from '../texts/text.tsx';
import { useKey } from '../view/keys.tsx';
import { addRecord, joinRecords } from './pages.ts';

export interface Live {
  readonly isOn: boolean;
  readonly setOn: (isOn: boolean) => void;
  readonly waiting: number;
  readonly show: () => void;
  /** Shown records, newest first. */
  readonly shown: readonly LogRecord[];
}

interface Stock {
  readonly request: string;
  readonly waiting: readonly LogRecord[];
  readonly shown: readonly LogRecord[];
}

/** Follows a request. It discards all records when the reader has no access. */
export function useLive(request: string, mayPoll: boolean): Live {
  const [isOn, setOn] = useState(false);
  const [stock, setStock] = useState<Stock>({ request, waiting: [], shown: [] });
  useEffect(() => {
    setStock({ request, waiting: [], shown: [] });
    if (!isOn || !mayPoll) return undefined;
    const stop = new AbortController();
    void follow(request, stop.signal, (record) =>
      setStock((before) => ({ ...before, waiting: addRecord(before.waiting, record) })),
    );
    return () => stop.abort();
  }, [request, isOn, mayPoll]);
  return {
    isOn,
    setOn,
    waiting: stock.waiting.length,
    show: () => setStock({ ...stock, waiting: [], shown: joinRecords(stock.waiting, stock.shown) }),
    shown: stock.request === request ? stock.shown : [],
  };
}

async function follow(request: string, signal: AbortSignal, take: (record: LogRecord) => void): Promise<void> {
  const parameters = new URLSearchParams(request);
  for (const name of ['from', 'to']) parameters.delete(name);
  for await (const record of followRecords(parameters, signal)) take(record);
}

export function LiveSwitch({ live }: { readonly live: Live }) {
  const { t } = useTexts();
  useKey('l', () => live.setOn(!live.isOn));
  return (
    <>
      {live.waiting > 0 && (
        <Button size="compact-sm" onClick={live.show}>
          ↑ {live.waiting.toLocaleString()} {t('newLines')}
        </Button>
      )}
      <Button
        size="compact-sm"
        variant={live.isOn ? 'light' : 'default'}
        aria-pressed={live.isOn}
        onClick={() => live.setOn(!live.isOn)}
      >
        {live.isOn ? '● ' : ''}
        {t('live')}
      </Button>
    </>
  );
}
