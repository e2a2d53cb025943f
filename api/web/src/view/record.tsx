// Shows one record as a row: time, level, logger and message; a stack trace is one row until it is opened (trace.tsx).
// Takes a record of the API; reports requests for its context and for filters by its values. The search and the context
// show it.
import { Anchor, Button, CopyButton, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import type { LogRecord } from '../../../../core/types.ts';
import { api } from '../server/client.ts';
import { handOver } from './handover.ts';
import { readStamp } from './clock.ts';
import { Time } from './time.tsx';
import { useTexts } from '../texts/text.tsx';
import { useDisplay, type ColumnName } from './display.tsx';
import { Highlighted } from './highlight.tsx';
import { NativeText, OpenedTrace, TraceLine, useChain } from './trace.tsx';

/** Filter by a value of a row; the names are those of the search's address. */
export interface RowFilter {
  readonly key: 'level' | 'job' | 'process' | 'logger' | 'host' | 'error';
  readonly value: string;
  readonly isExcluded: boolean;
}

interface RowProps {
  readonly record: LogRecord;
  readonly isOpen: boolean;
  readonly toggle: () => void;
  /** True if this record was requested. */
  readonly isHit?: boolean;
  readonly openContext?: () => void;
  /** Adds a filter for records with this value, or for records without it. */
  readonly toggleFilter?: (filter: RowFilter) => void;
}

export function RecordRow({ record, isOpen, toggle, isHit = false, openContext, toggleFilter }: RowProps) {
  const links = useChain(record);
  const { display } = useDisplay();
  const onClick = (): void => {
    if ((getSelection()?.toString() ?? '') === '') toggle();
  };
  return (
    <div>
      <div
        className={`row log${isHit ? ' hit' : ''}`}
        role="button"
        tabIndex={0}
        aria-expanded={isOpen}
        onClick={onClick}
        onKeyDown={(event) => event.key === 'Enter' && toggle()}
      >
        <span className="quiet">
          <Time
            value={record['@timestamp']}
            isGuessed={record['jobtrace.flags']?.includes('undated')}
            logged={readStamp(record['event.original'])}
          />
        </span>
        {display.columns.map((name) => (
          <Cell key={name} name={name} record={record} />
        ))}
        <span className="said">
          <span className="cut">
            <Highlighted text={firstLine(record.message)} isCut />
          </span>
          {links !== undefined && <TraceLine links={links} />}
        </span>
      </div>
      {isOpen && <Opened record={record} openContext={openContext} toggleFilter={toggleFilter} />}
    </div>
  );
}

/**
 * Renders an opened record. A list contains only the beginning of a very long entry; the whole entry is loaded on
 * request.
 */
function Opened({ record, ...rest }: Pick<RowProps, 'record' | 'openContext' | 'toggleFilter'>) {
  const { t } = useTexts();
  const [isWhole, setWhole] = useState(false);
  const whole = useQuery({ queryKey: ['record', record.id], queryFn: () => api.record(record.id), enabled: isWhole });
  const shown = whole.data ?? record;
  const links = useChain(shown);
  return (
    <Stack gap={6} px={14} py={6}>
      <Actions record={shown} {...rest} />
      {isCut(record) && whole.data === undefined && (
        <Group gap="xs">
          <Button size="compact-xs" variant="default" loading={whole.isFetching} onClick={() => setWhole(true)}>
            {t('showWhole').replace('{n}', record['jobtrace.length'].toLocaleString())}
          </Button>
          {whole.isError && (
            <Text size="xs" c="red" role="alert">
              {whole.error.message}
            </Text>
          )}
        </Group>
      )}
      {links === undefined ? <NativeText record={shown} /> : <OpenedTrace record={shown} links={links} />}
    </Stack>
  );
}

function isCut(record: LogRecord & { readonly 'jobtrace.truncated'?: true }): boolean {
  return record['jobtrace.truncated'] === true;
}

/** Text of a record for each column: the shortest form, and the full form. */
const CELLS: Readonly<Record<Exclude<ColumnName, 'level'>, (record: LogRecord) => readonly [string, string?]>> = {
  logger: (record) => [record['log.logger']?.split('.').at(-1) ?? record['jobtrace.kind'], record['log.logger']],
  job: (record) => [record['flink.job.name'] ?? record['flink.job.id'] ?? '', record['flink.job.id']],
  process: (record) => [record['jobtrace.process'].split('/').at(-1) ?? '', record['jobtrace.process']],
  host: (record) => [record['host.name']],
  thread: (record) => [record['process.thread.name'] ?? ''],
};

function Cell({ name, record }: { readonly name: ColumnName; readonly record: LogRecord }) {
  if (name === 'level') {
    const level = record['log.level'] ?? '';
    return <span className={`level-${level}`}>{level}</span>;
  }
  const [text, whole = text] = CELLS[name](record);
  return (
    <span className="quiet cut" title={whole}>
      <Highlighted text={text} />
    </span>
  );
}

/** Returns the first line that is not blank. */
function firstLine(text: string): string {
  return /\S.*/.exec(text)?.[0] ?? '';
}

/** Returns a link to this record. The link works as long as the record, or its copy in an evidence, is stored. */
export function linkRecord(record: LogRecord): string {
  const place = new URLSearchParams({ record: record.id, at: record['@timestamp'] });
  return `${location.origin}/search?${place.toString()}`;
}

function Actions({ record, openContext, toggleFilter }: Pick<RowProps, 'record' | 'openContext' | 'toggleFilter'>) {
  const { t, label } = useTexts();
  const filters: readonly (readonly [RowFilter['key'], string | undefined, string | undefined])[] = [
    ['level', record['log.level'], record['log.level']],
    ['job', record['flink.job.name'] ?? record['flink.job.id'], record['flink.job.name'] ?? record['flink.job.id']],
    ['logger', record['log.logger'], record['log.logger']?.split('.').at(-1)],
    ['error', record['error.type'], record['error.type']?.split('.').at(-1)],
    ['process', record['jobtrace.process'], record['jobtrace.process'].split('/').at(-1)],
    ['host', record['host.name'], record['host.name']],
  ];
  return (
    <Group gap="4px 14px">
      {openContext !== undefined && (
        <Anchor component="button" size="xs" onClick={openContext}>
          {t('context')}
        </Anchor>
      )}
      <CopyButton value={linkRecord(record)}>
        {({ copied, copy }) => (
          <Anchor component="button" size="xs" onClick={copy}>
            {copied ? t('copied') : t('copyLink')}
          </Anchor>
        )}
      </CopyButton>
      <Anchor component={Link} href="/rules/new" size="xs" onClick={() => handOver(record['event.original'])}>
        {t('writeRule')}
      </Anchor>
      {toggleFilter !== undefined &&
        filters.map(
          ([key, value, text]) =>
            value !== undefined && (
              <Anchor
                key={key}
                component="button"
                size="xs"
                title={`${value}\n${t('facetHint')}`}
                onClick={(event) => toggleFilter({ key, value, isExcluded: event.altKey })}
              >
                {label(key === 'error' ? 'errorType' : key)}
                {text}
              </Anchor>
            ),
        )}
      <Text size="xs" className="quiet" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
        {record['log.file.path']} @{record['log.offset']}
      </Text>
    </Group>
  );
}
