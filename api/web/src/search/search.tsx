// Shows the search: words and field:value, a histogram to zoom with, filters with their counts, rows with folded stack
// traces, and the lines around a match. The whole state is in the address, so a copied link shows the same. Loaded data
// stay visible while the server is unavailable. The frame (shell/app.tsx) shows it.
import { Button, Group, Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useRef, useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import type { LogRecord } from '../../../../core/types.ts';
import type { ListedRecords } from '../../../schemas/records.ts';
import { DISPLAY, DisplayProvider, useDisplay } from '../view/display.tsx';
import { HighlightProvider } from '../view/highlight.tsx';
import { api, RequestError } from '../server/client.ts';
import { useSession } from '../server/session.ts';
import { useTexts } from '../texts/text.tsx';
import { handOver } from '../view/handover.ts';
import { KeyHelp, type KeyRows } from '../view/keys.tsx';
import { Problem, Stale, Waiting } from '../view/state.tsx';
import { writeTime, type Zone } from '../view/clock.ts';
import { useZone } from '../view/time.tsx';
import { RANGES, readRangeName, toggleFilter, toRequest, type Filter } from './address.ts';
import { ContextPanel } from './context.tsx';
import { EmptyResult } from './empty.tsx';
import { ExportMenu } from './export-menu.tsx';
import { Chips, Facets } from './facets.tsx';
import { Histogram } from './histogram.tsx';
import { RecordList } from './list.tsx';
import { LiveSwitch, useLive } from './live.tsx';
import { DisplayMenu } from './display-menu.tsx';
import { useOpeningRange } from './opening.ts';
import { pageParameters, type RowOrder } from './pages.ts';
import { useRows } from './rows.ts';
import { SavedMenu } from './saved-menu.tsx';
import { SearchBar } from './query-bar.tsx';
import { findProblem } from './query-problem.ts';

const BARS = 60;
/** Interval of retries, in milliseconds, while the server is unavailable. */
const RETRY_MS = 5_000;

const KEYS: KeyRows = [
  ['/', 'keySearch'],
  ['j k', 'keyMove'],
  ['Enter', 'keyOpen'],
  ['e E', 'keyError'],
  ['c', 'keyContext'],
  ['y', 'keyCopy'],
  ['x', 'keyExclude'],
  ['r', 'keyRule'],
  ['l', 'keyLive'],
  ['t', 'keyZone'],
  ['?', 'keyHelp'],
];

type Go = (address: URLSearchParams) => void;

export function SearchPage() {
  const [address, setAddress] = useSearchParams();
  const go = useCallback<Go>((next) => setAddress(next), [setAddress]);
  const change = useCallback(
    (changes: Readonly<Record<string, string | undefined>>): void => go(changeAddress(address, changes)),
    [go, address],
  );
  const forget = useCallback(() => change({ [DISPLAY]: undefined }), [change]);
  const replace = useCallback<Go>((next) => setAddress(next, { replace: true }), [setAddress]);
  const hasOpened = useOpeningRange(address, replace);
  const query = address.get('query') ?? '';
  const record = address.get('record');
  return (
    <HighlightProvider query={query}>
      <DisplayProvider ofLink={address.get(DISPLAY)} forget={forget}>
        <Stack gap="sm">
          <SearchBar
            query={query}
            address={address}
            search={(text) => change({ query: text, record: undefined, at: undefined })}
          >
            <RangeSelect address={address} change={change} />
            <SavedMenu address={address} go={go} />
          </SearchBar>
          <KeyHelp rows={KEYS} />
          {!hasOpened ? (
            <Waiting />
          ) : record === null ? (
            <Results address={address} go={go} change={change} />
          ) : (
            <ContextPanel id={record} address={address} go={go} />
          )}
        </Stack>
      </DisplayProvider>
    </HighlightProvider>
  );
}

interface Part {
  readonly address: URLSearchParams;
  readonly change: (changes: Readonly<Record<string, string | undefined>>) => void;
}

function Results({ address, go, change }: Part & { readonly go: Go }) {
  const { t } = useTexts();
  const { request, now, refresh } = useRequest(address);
  const query = address.get('query') ?? '';
  const isAsked = findProblem(query, 'en') === undefined;
  const { refused } = useSession();
  const live = useLive(request, refused === undefined);
  const { display } = useDisplay();
  const order: RowOrder = display.has('oldest') && !live.isOn ? 'oldest' : 'newest';
  const search = useQuery({
    queryKey: ['records', request, now, order],
    queryFn: async (): Promise<Loaded> => ({
      page: await api.records(firstPage(request, order)),
      request,
      at: now,
      order,
    }),
    enabled: isAsked,
    refetchInterval: ({ state }) => (state.error !== null && isAway(state.error) ? RETRY_MS : false),
  });
  const kept = useRef<Loaded | undefined>(undefined);
  if (search.data !== undefined) kept.current = search.data;
  // Data that were loaded with a rejected token are dropped.
  if (refused !== undefined) kept.current = undefined;
  const loaded = search.data ?? kept.current;
  const toggle = useCallback((filter: Filter) => go(toggleFilter(address, filter)), [go, address]);
  const back = useRef<Readonly<Record<string, string | undefined>>[]>([]);
  const zoom = useCallback(
    (from: string, to: string) => {
      back.current.push(readRange(address));
      change({ from, to, range: undefined });
    },
    [address, change],
  );
  if (search.error !== null && !isAway(search.error)) return <Problem error={search.error} />;
  if (loaded === undefined)
    return search.error !== null ? <Problem error={search.error} /> : isAsked ? <Waiting /> : null;
  const { page } = loaded;
  return (
    <>
      {search.error !== null && <Stale since={loaded.at} retry={() => void search.refetch()} />}
      <Group gap="sm" justify="space-between">
        <Group gap="sm">
          <Text size="sm" className="quiet" aria-live="polite">
            {page.total.toLocaleString()} {t('lines')}
          </Text>
          <Chips address={address} toggle={toggle} />
        </Group>
        <Group gap="xs">
          {readRangeName(address) === 'zoomed' && (
            <Button size="compact-sm" variant="default" onClick={() => change(back.current.pop() ?? WHOLE)}>
              ← {t('zoomBack')}
            </Button>
          )}
          <LiveSwitch live={live} />
          <DisplayMenu address={address} isLive={live.isOn} />
          <ExportMenu request={loaded.request} total={page.total} />
          <Button size="compact-sm" variant="default" onClick={refresh}>
            {t('refresh')}
          </Button>
        </Group>
      </Group>
      {page.histogram !== undefined && page.histogram.length > 1 && <Histogram buckets={page.histogram} zoom={zoom} />}
      <div className="found">
        <Facets address={address} now={now} toggle={toggle} page={page} />
        {page.total === 0 && live.shown.length === 0 ? (
          <EmptyResult address={address} go={go} />
        ) : (
          <Rows
            key={`${loaded.request} ${loaded.at} ${loaded.order}`}
            loaded={loaded}
            fresh={live.shown}
            toggle={toggle}
            go={go}
          />
        )}
      </div>
    </>
  );
}

/** First page, with its request and the time of the request. */
interface Loaded {
  readonly page: ListedRecords;
  readonly request: string;
  readonly at: number;
  readonly order: RowOrder;
}

function Rows({
  loaded,
  fresh,
  toggle,
  go,
}: {
  readonly loaded: Loaded;
  readonly fresh: readonly LogRecord[];
  readonly toggle: (filter: Filter) => void;
  readonly go: Go;
}) {
  const [address] = useSearchParams();
  const [, navigate] = useLocation();
  const rows = useRows(loaded.request, loaded.page, loaded.order);
  return (
    <RecordList
      rows={rows}
      fresh={fresh}
      actions={{
        openContext: (record) => go(changeAddress(address, { record: record.id, at: record['@timestamp'] })),
        toggleFilter: toggle,
        writeRule: (record) => {
          handOver(record['event.original']);
          navigate('/rules/new');
        },
      }}
    />
  );
}

/** Returns the request of an address. A relative range ends at the time of the search; "Refresh" searches again. */
function useRequest(address: URLSearchParams): { request: string; now: number; refresh: () => void } {
  const [round, setRound] = useState(0);
  const identity = changeAddress(address, { record: undefined, at: undefined, [DISPLAY]: undefined }).toString();
  const { request, now } = useMemo(() => {
    const time = Date.now();
    return { request: toRequest(new URLSearchParams(identity), time).toString(), now: time, round };
  }, [identity, round]);
  return { request, now, refresh: () => setRound(round + 1) };
}

function firstPage(request: string, order: RowOrder): URLSearchParams {
  const parameters = pageParameters(request, '', order);
  parameters.set('histogram', String(BARS));
  parameters.set('facets', 'true');
  return parameters;
}

/** Returns true if the server does not answer, and false if it rejected the request. */
function isAway(error: Error): boolean {
  return !(error instanceof RequestError) || error.status >= 500;
}

const WHOLE = { range: 'all', from: undefined, to: undefined } as const;

function readRange(address: URLSearchParams): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(['range', 'from', 'to'].map((name) => [name, address.get(name) ?? undefined]));
}

function changeAddress(
  address: URLSearchParams,
  changes: Readonly<Record<string, string | undefined>>,
): URLSearchParams {
  const next = new URLSearchParams(address);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') next.delete(name);
    else next.set(name, value);
  }
  return next;
}

function RangeSelect({ address, change }: Part) {
  const { t } = useTexts();
  const zone = useZone();
  const name = readRangeName(address);
  return (
    <Select
      w={name === 'zoomed' ? 290 : 170}
      maw="100%"
      aria-label={t('range')}
      value={name}
      allowDeselect={false}
      onChange={(value) => value !== 'zoomed' && change({ range: value ?? undefined, from: undefined, to: undefined })}
      data={[
        ...Object.entries(RANGES).map(([value, range]) => ({ value, label: t(range.name) })),
        ...(name === 'zoomed' ? [{ value: 'zoomed', label: showRange(address, zone) }] : []),
      ]}
    />
  );
}

/** Shows a range as "11-20 18:00:00 – 11-20 18:05:00"; an end that is not set stays empty. */
function showRange(address: URLSearchParams, zone: Zone): string {
  const [from, to] = ['from', 'to'].map((name) => writeTime(address.get(name) ?? '', zone).slice(5, 19));
  return `${from ?? ''} – ${to ?? ''}`;
}
