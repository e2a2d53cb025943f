// Lists the jobs of a range: failing jobs, number of warnings and errors, and time of the last record. Polls the jobs
// of the API every ten seconds and links to the view of each (job.tsx). The frame (shell/app.tsx) shows it.
import { Anchor, Badge, Button, Group, Select, Table, Text, TextInput, Title } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { showHidden } from '../../../../core/text/hidden.ts';
import { RANGES } from '../search/address.ts';
import { api } from '../server/client.ts';
import type { JobSummary } from '../../../../core/documents/job.ts';
import { useTexts, type TextKey } from '../texts/text.tsx';
import { Empty, Problem, Stale, Time, Waiting } from '../view/state.tsx';
import { addressOfCluster, addressOfJob, holdsWords, useChoices } from '../view/address.ts';
import { useRange } from './job-address.ts';

const MAX_JOBS = 10_000;
/** Number of rows that each click adds. */
const ROWS = 200;

export function JobsPage() {
  const { t } = useTexts();
  const { address, choose } = useChoices();
  const [rows, setRows] = useState(ROWS);
  const { range, parameters } = useRange();
  const query = useQuery({
    queryKey: ['jobs', range],
    queryFn: () => api.jobs(new URLSearchParams({ ...parameters(), limit: String(MAX_JOBS) })),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });
  const words = address.get('q') ?? '';
  if (query.data === undefined) return query.isError ? <Problem error={query.error} /> : <Waiting />;
  const { jobs, total, complete } = query.data;
  const found = findJobs(jobs, words);
  return (
    <>
      {query.isError && <Stale since={query.dataUpdatedAt} retry={() => void query.refetch()} />}
      <Group gap="xs" mb="sm">
        <Title order={3}>{t('jobsPage')}</Title>
        <Badge variant="light" color="gray" tt="none">
          {found.length < total ? `${found.length} ${t('of')} ${total}` : total}
        </Badge>
      </Group>
      <Group gap="xs" mb="sm" className="filters" role="search" aria-label={t('jobsPage')}>
        <TextInput
          size="xs"
          w={280}
          type="search"
          aria-label={t('jobSearch')}
          placeholder={t('jobSearch')}
          value={words}
          onChange={(event) => choose('q', event.currentTarget.value)}
        />
        <RangeSelect range={range} onChange={(value) => choose('range', value)} />
      </Group>
      {!complete && (
        <Text size="sm" className="quiet" mb="sm">
          {t('notAllJobs')}
        </Text>
      )}
      {found.length > 0 ? (
        <JobTable jobs={found.slice(0, rows)} />
      ) : (
        <Empty title={jobs.length > 0 ? t('noMatchingJobs') : t('noJobs')}>
          {jobs.length > 0 ? '' : t('noJobsHint')}
        </Empty>
      )}
      {found.length > rows && (
        <Button mt="sm" variant="default" size="xs" onClick={() => setRows(rows + ROWS)}>
          {t('showMore')}
        </Button>
      )}
    </>
  );
}

export function RangeSelect({
  range,
  onChange,
}: {
  readonly range: string;
  readonly onChange: (name: string) => void;
}) {
  const { t } = useTexts();
  return (
    <Select
      size="xs"
      w={170}
      allowDeselect={false}
      aria-label={t('range')}
      data={Object.entries(RANGES).map(([value, { name }]) => ({ value, label: t(name) }))}
      value={range}
      onChange={(value) => value !== null && onChange(value)}
    />
  );
}

/** Returns the jobs whose name, id or cluster contain each of the words. */
function findJobs(jobs: readonly JobSummary[], words: string): readonly JobSummary[] {
  return jobs.filter(({ id, name, cluster }) => holdsWords(`${name ?? ''} ${id} ${cluster ?? ''}`, words));
}

const LEVELS = [
  { name: 'errorLines', levels: ['ERROR', 'FATAL'] },
  { name: 'warningLines', levels: ['WARN'] },
] as const satisfies readonly { readonly name: TextKey; readonly levels: readonly string[] }[];

function JobTable({ jobs }: { readonly jobs: readonly JobSummary[] }) {
  const { t } = useTexts();
  const { range } = useRange();
  return (
    <Table className="stacks" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('job')}</Table.Th>
          <Table.Th>{t('openIncidents')}</Table.Th>
          <Table.Th>{t('incidentsInRange')}</Table.Th>
          {LEVELS.map(({ name }) => (
            <Table.Th key={name}>{t(name)}</Table.Th>
          ))}
          <Table.Th>{t('allLines')}</Table.Th>
          <Table.Th>{t('lastSeen')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {jobs.map((job) => (
          <Table.Tr key={`${job.cluster} ${job.id}`}>
            <Table.Td className="whole" maw={520}>
              <Anchor
                component={Link}
                href={addressOfJob(job.name ?? job.id, range)}
                size="sm"
                style={{ overflowWrap: 'anywhere' }}
              >
                {showHidden(job.name ?? job.id)}
              </Anchor>
              {job.cluster !== undefined && (
                <Text size="xs" style={{ overflowWrap: 'anywhere' }}>
                  <Anchor
                    component={Link}
                    className="quiet"
                    underline="always"
                    href={addressOfCluster(job.cluster, range)}
                  >
                    {showHidden(job.cluster)}
                  </Anchor>
                </Text>
              )}
            </Table.Td>
            <Table.Td data-name={t('openIncidents')}>
              {job.openIncidents > 0 && (
                <Badge color="red" variant="light">
                  {job.openIncidents}
                </Badge>
              )}
            </Table.Td>
            <Table.Td data-name={t('incidentsInRange')}>{job.incidents}</Table.Td>
            {LEVELS.map(({ name, levels }) => (
              <Table.Td key={name} data-name={t(name)}>
                {countLevels(job, levels).toLocaleString()}
              </Table.Td>
            ))}
            <Table.Td data-name={t('allLines')}>{job.total.toLocaleString()}</Table.Td>
            <Table.Td data-name={t('lastSeen')}>
              <Time value={job.lastSeen} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

export function countLevels({ levels }: JobSummary, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (levels[name] ?? 0), 0);
}
