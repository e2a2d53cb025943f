// Shows a job, found by its name or id: its state, each incident of the range, and a link to its records. Takes the
// job's row and its incidents from the API. The list of jobs (jobs.tsx) links here.
import { Anchor, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { showHidden } from '../../../../core/text/hidden.ts';
import { api } from '../server/client.ts';
import type { JobSummary } from '../../../../core/documents/job.ts';
import { useTexts } from '../texts/text.tsx';
import { addressOfCluster, useChoices } from '../view/address.ts';
import { Problem, Time, Waiting } from '../view/state.tsx';
import { useRange } from './job-address.ts';
import { Failures } from './failures.tsx';
import { countLevels, RangeSelect } from './jobs.tsx';

const MAX_INCIDENTS = 200;

export function JobPage() {
  const { t, lang } = useTexts();
  const { address, choose } = useChoices();
  const { range, parameters } = useRange();
  const job = address.get('job') ?? '';
  const jobs = useQuery({
    queryKey: ['job', job, range],
    queryFn: () => api.jobs(new URLSearchParams({ ...parameters(), job })),
    refetchInterval: 10_000,
  });
  const incidents = useQuery({
    queryKey: ['incidents-of-job', job, range, lang],
    queryFn: () => api.incidentRows(new URLSearchParams({ ...parameters(), job, lang, limit: String(MAX_INCIDENTS) })),
    refetchInterval: 5000,
  });
  if (incidents.isPending) return <Waiting />;
  if (incidents.data === undefined) return <Problem error={incidents.error} />;
  const { rows, total } = incidents.data;
  const row = jobs.data?.jobs[0];
  return (
    <Stack gap="md">
      <div>
        <Anchor component={Link} href={`/jobs?range=${range}`} size="sm">
          ← {t('jobsPage')}
        </Anchor>
        <Title order={3} mt={4} style={{ overflowWrap: 'anywhere' }}>
          {showHidden(row?.name ?? job)}
        </Title>
        {row !== undefined && <State job={row} range={range} />}
        <Group gap="md" mt="xs">
          <RangeSelect range={range} onChange={(value) => choose('range', value)} />
          <Anchor component={Link} href={searchOf(job, range)} size="sm">
            {t('jobLogs')}
          </Anchor>
          <Anchor component={Link} href={`${searchOf(job, range)}&level=ERROR&level=FATAL`} size="sm">
            {t('jobErrorLogs')}
          </Anchor>
        </Group>
      </div>
      <Failures rows={rows} total={total} />
    </Stack>
  );
}

function State({ job, range }: { readonly job: JobSummary; readonly range: string }) {
  const { label } = useTexts();
  return (
    <Text size="sm" className="quiet" style={{ overflowWrap: 'anywhere' }}>
      {job.cluster !== undefined && (
        <>
          {label('cluster')}
          <Anchor component={Link} underline="always" href={addressOfCluster(job.cluster, range)}>
            {showHidden(job.cluster)}
          </Anchor>
          {' · '}
        </>
      )}
      {label('latestRun')}
      <span style={{ fontFamily: 'var(--mantine-font-family-monospace)' }}>{job.id}</span> · {label('errorLines')}
      {countLevels(job, ['ERROR', 'FATAL']).toLocaleString()} · {label('warningLines')}
      {countLevels(job, ['WARN']).toLocaleString()} · {label('allLines')}
      {job.total.toLocaleString()} · {label('lastSeen')}
      <Time value={job.lastSeen} />
    </Text>
  );
}

function searchOf(job: string, range: string): string {
  return `/search?${new URLSearchParams({ job, range }).toString()}`;
}
