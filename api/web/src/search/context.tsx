// Shows the lines around a record in the same process, across its files, in place of the search rows; the search's
// filters stay visible as chips. If retention has removed the record, it shows the copy in the evidence of an incident.
// Takes the id of the record, and its time if the link contains it.
import { toIso } from '../../../../core/time/iso.ts';
import { Alert, Button, Card, Code, Group, Stack, Text } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { ListedIncidents } from '../../../schemas/incidents.ts';
import type { LogRecord } from '../../../../core/types.ts';
import { useRowsStyle } from '../view/display.tsx';
import { RecordRow } from '../view/record.tsx';
import { api, RequestError } from '../server/client.ts';
import { useTexts } from '../texts/text.tsx';
import { Problem, Waiting } from '../view/state.tsx';
import { MomentContext, Time } from '../view/time.tsx';
import { listFilters, toggleFilter, type Filter } from './address.ts';
import { Chips } from './facets.tsx';

const LINES = 20;
/** Largest number of lines that the API returns on each side. */
const MAX_LINES = 500;

interface ContextProps {
  readonly id: string;
  readonly address: URLSearchParams;
  readonly go: (address: URLSearchParams) => void;
}

export function ContextPanel({ id, address, go }: ContextProps) {
  const { t } = useTexts();
  const [lines, setLines] = useState({ before: LINES, after: LINES });
  const query = useQuery({
    queryKey: ['context', id, lines],
    queryFn: () => api.context(id, lines),
    placeholderData: keepPreviousData,
  });
  const close = (): void => go(without(address, ['record', 'at']));
  // Filters do not apply here, because the context shows all lines of the process.
  const toggle = (filter: Filter): void => go(copyPlace(address, toggleFilter(address, filter)));
  const hit = query.data?.records[query.data.index];
  const isGone = query.error instanceof RequestError && query.error.status === 404;
  return (
    <Card withBorder padding="xs">
      <Group justify="space-between" mb={6}>
        <Group gap="xs">
          <Text fw={600} size="sm" component="h2">
            {t('context')}
          </Text>
          {hit !== undefined && (
            <Text size="xs" className="quiet" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
              {hit['host.name']} · {hit['jobtrace.process']}
            </Text>
          )}
        </Group>
        <Group gap="xs">
          <Chips address={address} toggle={toggle} />
          {hit !== undefined && (
            <Button size="compact-xs" variant="default" onClick={() => go(searchProcess(hit))}>
              {t('wholeProcess')}
            </Button>
          )}
          <Button size="compact-xs" variant="default" onClick={close}>
            {isSearch(address) ? t('backToResults') : t('close')}
          </Button>
        </Group>
      </Group>
      {query.isPending && <Waiting />}
      {query.isError && (isGone ? <Gone id={id} at={address.get('at')} /> : <Problem error={query.error} />)}
      {query.data !== undefined && (
        <MomentContext.Provider value={hit?.['@timestamp']}>
          <Lines
            records={query.data.records}
            index={query.data.index}
            more={(side) => setLines({ ...lines, [side]: Math.min(MAX_LINES, lines[side] * 5) })}
            isEnd={{ before: lines.before === MAX_LINES, after: lines.after === MAX_LINES }}
          />
        </MomentContext.Provider>
      )}
    </Card>
  );
}

type Side = 'before' | 'after';

function Lines({
  records,
  index,
  more,
  isEnd,
}: {
  readonly records: readonly LogRecord[];
  readonly index: number;
  readonly more: (side: Side) => void;
  readonly isEnd: Readonly<Record<Side, boolean>>;
}) {
  const { t } = useTexts();
  const { className, style } = useRowsStyle();
  const place = useRef<HTMLDivElement>(null);
  const id = records[index]?.id;
  // The braces discard the result of scrollIntoView, because a promise, as newer browsers return, is not a valid
  // clean-up. The effect depends on the id only, so that loading more lines does not scroll.
  useEffect(() => {
    place.current?.querySelector('.row')?.scrollIntoView({ block: 'center' });
  }, [id]);
  const button = (side: Side, has: boolean): React.ReactNode =>
    has &&
    !isEnd[side] && (
      <Button fullWidth size="compact-xs" variant="subtle" onClick={() => more(side)}>
        {t(side === 'before' ? 'moreBefore' : 'moreAfter')}
      </Button>
    );
  return (
    <div className={`around${className}`} style={style}>
      {button('before', index >= LINES)}
      {records.map((record, position) => (
        <div key={record.id} ref={position === index ? place : undefined}>
          {records[position - 1]?.['log.file.path'] !== record['log.file.path'] && (
            <Text size="xs" className="quiet file" ff="monospace">
              {record['log.file.path']}
            </Text>
          )}
          <ContextRow record={record} isHit={position === index} />
        </div>
      ))}
      {button('after', records.length - index > LINES)}
    </div>
  );
}

function ContextRow({ record, isHit }: { readonly record: LogRecord; readonly isHit: boolean }) {
  const [isOpen, setOpen] = useState(isHit);
  return <RecordRow record={record} isHit={isHit} isOpen={isOpen} toggle={() => setOpen(!isOpen)} />;
}

/** Half of the range, in milliseconds, around a removed record in which incidents are searched. */
const AROUND_MS = 60_000;

function Gone({ id, at }: { readonly id: string; readonly at: string | null }) {
  const { t, lang } = useTexts();
  const time = at === null ? Number.NaN : Date.parse(at);
  const query = useQuery({
    queryKey: ['kept', id, at, lang],
    queryFn: () => api.incidentsAround(new Date(time - AROUND_MS), new Date(time + AROUND_MS), lang),
    enabled: !Number.isNaN(time),
  });
  const kept = query.data === undefined ? undefined : findEvidence(query.data.incidents, id);
  return (
    <Stack gap="sm">
      <Alert color="yellow">{t(kept === undefined ? 'goneLine' : 'goneButKept')}</Alert>
      {kept !== undefined && (
        <div>
          <Group gap="xs">
            <Text size="xs" className="quiet" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
              <Time value={kept.evidence.time} /> · {kept.evidence.host} · {kept.evidence.file}
            </Text>
            <Text size="xs" component={Link} href={`/incidents/${encodeURIComponent(kept.incident.id)}`}>
              {t('openIncident')}
            </Text>
          </Group>
          <Code block className="log">
            {kept.evidence.text}
          </Code>
        </div>
      )}
    </Stack>
  );
}

function findEvidence(incidents: ListedIncidents, id: string) {
  for (const incident of incidents) {
    const all = [...incident.diagnoses, ...incident.unknown].flatMap((found) => found.evidence ?? []);
    const evidence = all.find(({ recordId }) => recordId === id);
    if (evidence !== undefined) return { incident, evidence };
  }
  return undefined;
}

/** Half of the range, in milliseconds, of the search for the log of the process: a quarter of an hour in total. */
const NEAR_MS = 450_000;

function searchProcess(record: LogRecord): URLSearchParams {
  const time = Date.parse(record['@timestamp']);
  return new URLSearchParams({
    process: record['jobtrace.process'],
    from: toIso(time - NEAR_MS),
    to: toIso(time + NEAR_MS),
  });
}

function isSearch(address: URLSearchParams): boolean {
  return address.has('query') || listFilters(address).length > 0;
}

/** Keeps the record in the address when a filter changes, so that the reader stays at the line. */
function copyPlace(address: URLSearchParams, next: URLSearchParams): URLSearchParams {
  for (const name of ['record', 'at']) {
    const value = address.get(name);
    if (value !== null) next.set(name, value);
  }
  return next;
}

function without(address: URLSearchParams, names: readonly string[]): URLSearchParams {
  const next = new URLSearchParams(address);
  for (const name of names) next.delete(name);
  return next;
}
