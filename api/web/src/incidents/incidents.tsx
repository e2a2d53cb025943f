// Lists incidents: one row for each failure episode, newest first, with one sentence each. Polls the incidents of the
// API every two seconds and links to each of them. The frame (shell/app.tsx) shows it.
import { Badge, Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { SEVERITY_COLORS } from '../view/diagnosis.tsx';
import type { ShownRow } from '../../../../core/documents/incident.ts';
import { api } from '../server/client.ts';
import { AdviceLines } from './advice.tsx';
import { Children, OUTCOME_COLORS } from './children.tsx';
import { DeliveryProblems } from './delivery.tsx';
import { Filters, readFilters } from './filters.tsx';
import { TriageBadge } from './triage.tsx';
import { Empty, Problem, Stale, Time, Waiting } from '../view/state.tsx';
import { OUTCOMES, OWNERS } from '../../../../core/wording/wording.ts';
import { useTexts } from '../texts/text.tsx';
import { showHidden } from '../../../../core/text/hidden.ts';

export function IncidentsPage() {
  return (
    <Stack gap="md">
      <DeliveryProblems />
      <IncidentList />
    </Stack>
  );
}

const COLUMNS = 6;
const PAGE_ROWS = 100;

function IncidentList() {
  const { t, lang } = useTexts();
  const [address, setAddress] = useSearchParams();
  const asked = readFilters(address);
  const query = useInfiniteQuery({
    queryKey: ['incident-rows', lang, asked.toString()],
    queryFn: ({ pageParam }) =>
      api.incidentRows(
        new URLSearchParams([
          ...asked,
          ['lang', lang],
          ['limit', String(PAGE_ROWS)],
          ...(pageParam === '' ? [] : [['after', pageParam]]),
        ]),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    // All pages are loaded again, so more pages mean longer intervals.
    refetchInterval: ({ state }) => 2000 * (state.data?.pages.length ?? 1),
  });
  if (query.data === undefined) return query.isError ? <Problem error={query.error} /> : <Waiting />;
  const rows = query.data.pages.flatMap((page) => page.rows);
  const total = query.data.pages[0]?.total ?? 0;
  const isFiltered = !asked.has('top');
  if (rows.length === 0 && !isFiltered) return <Empty title={t('noIncidents')}>{t('noIncidentsHint')}</Empty>;
  return (
    <div>
      {query.isError && <Stale since={query.dataUpdatedAt} retry={() => void query.refetch()} />}
      <AdviceLines />
      <Group mb="sm" gap="xs">
        <Title order={3}>{t('incidents')}</Title>
        <Badge variant="light" color="gray" tt="none">
          {rows.length < total ? `${rows.length} ${t('of')} ${total}` : total}
        </Badge>
      </Group>
      <Filters address={address} setAddress={setAddress} />
      {rows.length === 0 ? <Empty title={t('noIncidentsHere')} /> : <IncidentTable rows={rows} />}
      {query.hasNextPage && (
        <Button
          mt="sm"
          variant="default"
          size="xs"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t('showMore')}
        </Button>
      )}
    </div>
  );
}

/** Renders incidents as a table, also for the view of one job. */
export function IncidentTable({ rows }: { readonly rows: readonly ShownRow[] }) {
  const { t } = useTexts();
  return (
    <Table className="stacks" highlightOnHover verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('cause')}</Table.Th>
          <Table.Th>{t('job')}</Table.Th>
          <Table.Th>{t('state')}</Table.Th>
          <Table.Th>{t('restarts')}</Table.Th>
          <Table.Th>{t('owner')}</Table.Th>
          <Table.Th>{t('firstSeen')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <RowWithJobs key={row.id} incident={row} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Renders a row; the jobs of a platform incident are shown below it. */
function RowWithJobs({ incident }: { readonly incident: ShownRow }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <OneRow
        incident={incident}
        isOpen={isOpen}
        onToggle={() => {
          setOpen(!isOpen);
        }}
      />
      {isOpen && (
        <Table.Tr>
          <Table.Td colSpan={COLUMNS} pl="xl">
            <Children id={incident.id} />
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}

interface RowProps {
  readonly incident: ShownRow;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function OneRow({ incident, isOpen, onToggle }: RowProps) {
  const { t, label, lang } = useTexts();
  const { title, beside = [], rule, owner, severity, triage } = incident;
  return (
    <Table.Tr>
      <Table.Td className="whole" maw={620} miw={240}>
        <Link
          href={`/incidents/${encodeURIComponent(incident.id)}`}
          style={{ textDecoration: 'none', color: 'inherit' }}
        >
          <Text fw={600} lineClamp={2} style={{ overflowWrap: 'anywhere' }}>
            {title === '' ? t('unknown') : showHidden(title)}
          </Text>
          {beside.map((second) => (
            <Text key={second} size="sm" lineClamp={1} style={{ overflowWrap: 'anywhere' }}>
              {label('alsoFailsBy')}
              {second === '' ? t('unknown') : showHidden(second)}
            </Text>
          ))}
          <Group gap={6}>
            <Badge
              size="xs"
              variant="light"
              color={severity === undefined ? 'yellow' : SEVERITY_COLORS[severity]}
              tt="none"
            >
              {rule ?? t('unknown')}
            </Badge>
          </Group>
        </Link>
      </Table.Td>
      <Table.Td className="whole" maw={360} miw={140}>
        <SubjectCell incident={incident} isOpen={isOpen} onToggle={onToggle} />
      </Table.Td>
      <Table.Td>
        <Group gap={4}>
          <Badge
            variant="light"
            color={OUTCOME_COLORS[incident.outcome]}
            tt="none"
            styles={{ root: { minWidth: 'max-content' }, label: { overflow: 'visible' } }}
          >
            {OUTCOMES[incident.outcome][lang]}
          </Badge>
          {(triage.by !== undefined || triage.state === 'regressed') && <TriageBadge triage={triage} />}
        </Group>
      </Table.Td>
      <Table.Td data-name={t('restarts')}>{incident.platform === undefined ? incident.restarts : ''}</Table.Td>
      <Table.Td data-name={t('owner')}>
        <Text size="sm" component="span" style={{ whiteSpace: 'nowrap' }}>
          {owner === undefined ? '' : OWNERS[owner][lang]}
        </Text>
      </Table.Td>
      <Table.Td data-name={t('firstSeen')}>
        <Text size="sm" component="span">
          <Time value={incident.firstSeen} />
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

/** Renders job and cluster. For a platform incident it renders their numbers and, on demand, its jobs. */
function SubjectCell({ incident, isOpen, onToggle }: RowProps) {
  const { t } = useTexts();
  const { platform, cluster, subject } = incident;
  if (platform === undefined)
    return (
      <>
        <Text size="sm" lineClamp={2} title={showHidden(subject)} style={{ overflowWrap: 'anywhere' }}>
          {showHidden(subject)}
        </Text>
        <Text size="xs" className="quiet" style={{ overflowWrap: 'anywhere' }}>
          {cluster}
        </Text>
      </>
    );
  return (
    <>
      <Button
        size="compact-sm"
        variant="light"
        aria-expanded={isOpen}
        aria-label={`${platform.jobs} ${t('jobs')}. ${t('showJobs')}`}
        onClick={onToggle}
        rightSection={<span aria-hidden>{isOpen ? '▴' : '▾'}</span>}
      >
        {platform.jobs} {t('jobs')}
      </Button>
      <Text size="xs" className="quiet">
        {platform.clusters} {t(platform.clusters === 1 ? 'oneCluster' : 'clusters')}
      </Text>
    </>
  );
}
