// Search: words and field:value, a histogram to zoom with, chips for what filters, rows with folded stack traces,
// and the lines around a hit. The whole state stands in the address, so a copied link shows the same. The frame
// (shell/app.tsx) shows it.
import { Badge, Button, Card, CloseButton, Group, Select, Stack, Text, TextInput } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import type { LogRecord } from '../../../../core/types.ts';
import type { RecordPage } from '../../../../store/store.ts';
import { api } from '../server/client.ts';
import { ContextPanel } from './context.tsx';
import { Histogram } from './histogram.tsx';
import { RecordRow } from './record.tsx';
import { Empty, Problem, Waiting } from '../view/state.tsx';
import { useSpeech, type TextKey } from '../speech/text.tsx';

const RANGES: Readonly<Record<string, { readonly ms: number; readonly name: TextKey }>> = {
  '15m': { ms: 900_000, name: 'last15m' },
  '1h': { ms: 3_600_000, name: 'last1h' },
  '1d': { ms: 86_400_000, name: 'last1d' },
  all: { ms: 0, name: 'all' },
};
const FILTERS: readonly { readonly key: string; readonly name: TextKey }[] = [
  { key: 'level', name: 'level' },
  { key: 'job', name: 'job' },
  { key: 'process', name: 'process' },
];
const LEVELS = ['ERROR', 'WARN', 'INFO', 'DEBUG'];
const PAGE_SIZE = 200;

export function SearchPage() {
  const { t } = useSpeech();
  const [address, setAddress] = useSearchParams();
  const search = useRecords(address);
  const change = useCallback(
    (changes: Readonly<Record<string, string | undefined>>): void => {
      setAddress((current) => {
        const next = new URLSearchParams(current);
        for (const [key, value] of Object.entries(changes)) {
          if (value === undefined || value === '') next.delete(key);
          else next.set(key, value);
        }
        return next;
      });
    },
    [setAddress],
  );
  const zoom = useCallback((from: string, to: string) => change({ from, to, range: undefined }), [change]);
  const record = address.get('record');
  const first = search.data?.pages[0];
  const records = useMemo(() => search.data?.pages.flatMap((page) => page.records) ?? [], [search.data]);
  return (
    <Stack gap="sm">
      <SearchBar address={address} change={change} />
      <Chips address={address} change={change} page={first} />
      {record !== null && <ContextPanel id={record} close={() => change({ record: undefined })} />}
      {search.isError && <Problem error={search.error} />}
      {search.isPending && <Waiting />}
      {first !== undefined && (
        <>
          {first.histogram !== undefined && first.histogram.length > 1 && (
            <Histogram buckets={first.histogram} zoom={zoom} />
          )}
          {records.length === 0 ? (
            <Empty title={t('noLines')}>{t('noLinesHint')}</Empty>
          ) : (
            <RecordList
              records={records}
              more={search.hasNextPage && !search.isFetchingNextPage ? search.fetchNextPage : undefined}
              open={(id) => change({ record: id })}
              change={change}
            />
          )}
        </>
      )}
    </Stack>
  );
}

function useRecords(address: URLSearchParams) {
  const text = address.toString();
  return useInfiniteQuery({
    queryKey: ['records', withoutRecord(text)],
    queryFn: ({ pageParam }): Promise<RecordPage> => api.records(requestParameters(address, pageParam)),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
  });
}

function withoutRecord(text: string): string {
  const parameters = new URLSearchParams(text);
  parameters.delete('record');
  return parameters.toString();
}

function requestParameters(address: URLSearchParams, after: string): URLSearchParams {
  const parameters = new URLSearchParams({ limit: String(PAGE_SIZE), order: 'newest' });
  for (const key of ['query', 'job', 'process', 'cluster', 'level']) {
    for (const value of address.getAll(key)) parameters.append(key, value);
  }
  const range = RANGES[address.get('range') ?? (address.has('from') ? '' : '1d')];
  if (range !== undefined && range.ms > 0) parameters.set('from', new Date(Date.now() - range.ms).toISOString());
  if (range === undefined) {
    for (const key of ['from', 'to']) {
      const value = address.get(key);
      if (value !== null) parameters.set(key, value);
    }
  }
  if (after === '') {
    parameters.set('histogram', '60');
    parameters.set('facets', 'true');
  } else parameters.set('after', after);
  return parameters;
}

interface Part {
  readonly address: URLSearchParams;
  readonly change: (changes: Readonly<Record<string, string | undefined>>) => void;
}

function SearchBar({ address, change }: Part) {
  const { t } = useSpeech();
  const query = address.get('query') ?? '';
  const [text, setText] = useState(query);
  const input = useRef<HTMLInputElement>(null);
  // Another filter is not another query: what is typed and not sent yet stays.
  useEffect(() => setText(query), [query]);
  useEffect(() => {
    const focus = (event: KeyboardEvent): void => {
      if (
        event.key !== '/' ||
        document.activeElement instanceof HTMLInputElement ||
        document.activeElement instanceof HTMLTextAreaElement
      )
        return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change({ query: text.trim() });
      }}
    >
      <div className="searchbar">
        <TextInput
          ref={input}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          placeholder={t('searchHint')}
          aria-label={t('search')}
          rightSection={
            text === '' ? null : (
              <CloseButton
                size="sm"
                aria-label={t('clear')}
                onClick={() => {
                  setText('');
                  change({ query: undefined });
                }}
              />
            )
          }
        />
        <Select
          w={130}
          aria-label={t('level')}
          placeholder={t('level')}
          clearable
          value={address.get('level')}
          onChange={(value) => change({ level: value ?? undefined })}
          data={LEVELS}
        />
        <Select
          w={170}
          aria-label={t('range')}
          value={address.get('range') ?? (address.has('from') ? 'zoomed' : '1d')}
          allowDeselect={false}
          onChange={(value) =>
            value !== 'zoomed' && change({ range: value ?? undefined, from: undefined, to: undefined })
          }
          data={[
            ...Object.entries(RANGES).map(([value, range]) => ({ value, label: t(range.name) })),
            ...(address.has('from') ? [{ value: 'zoomed', label: t('zoomed') }] : []),
          ]}
        />
        <Button type="submit">{t('search')}</Button>
      </div>
    </form>
  );
}

function Chips({ address, change, page }: Part & { readonly page: RecordPage | undefined }) {
  const { t } = useSpeech();
  const active = FILTERS.filter(({ key }) => address.get(key) !== null);
  const jobs = page?.facets?.job ?? [];
  return (
    <Group gap="xs">
      <Text size="sm" className="quiet">
        {page === undefined ? '' : `${page.total.toLocaleString()} ${t('lines')}`}
      </Text>
      {active.map(({ key, name }) => (
        <Badge
          key={key}
          variant="light"
          tt="none"
          rightSection={
            <CloseButton
              size={14}
              aria-label={`${t('clear')} ${t(name)}`}
              onClick={() => change({ [key]: undefined })}
            />
          }
        >
          {t(name)}: {address.get(key)}
        </Badge>
      ))}
      {address.get('job') === null &&
        jobs.slice(0, 6).map((job) => (
          <Badge
            key={job.value}
            variant="default"
            tt="none"
            style={{ cursor: 'pointer' }}
            onClick={() => change({ job: job.value })}
          >
            {job.value.slice(0, 12)} · {job.count.toLocaleString()}
          </Badge>
        ))}
    </Group>
  );
}

function RecordList({
  records,
  more,
  open,
  change,
}: {
  readonly records: readonly LogRecord[];
  readonly more: (() => unknown) | undefined;
  readonly open: (id: string) => void;
  readonly change: Part['change'];
}) {
  const box = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: records.length,
    getScrollElement: () => box.current,
    estimateSize: () => 24,
    overscan: 20,
    getItemKey: (index) => records[index]?.id ?? index,
  });
  const items = rows.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more !== undefined && last > records.length - 40) more();
  }, [last, records.length, more]);
  return (
    <Card withBorder padding={0}>
      <div ref={box} style={{ height: 'calc(100vh - 330px)', minHeight: 260, overflow: 'auto' }} role="log">
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const record = records[item.index];
            return record === undefined ? null : (
              <div
                key={item.key}
                ref={rows.measureElement}
                data-index={item.index}
                style={{ position: 'absolute', top: 0, left: 0, right: 0, transform: `translateY(${item.start}px)` }}
              >
                <RecordRow record={record} openContext={() => open(record.id)} filter={change} />
              </div>
            );
          })}
        </div>
      </div>
    </Card>
  );
}
