// Shows a cluster: its failures in the range, and its processes with the last record of each. Takes incidents, counts
// and newest records of the API. The views of jobs and incidents link here.
import { Anchor, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { api } from '../server/client.ts';
import { useTexts } from '../texts/text.tsx';
import { useChoices } from '../view/address.ts';
import { Problem, Time, Waiting } from '../view/state.tsx';
import { useRange } from './job-address.ts';
import { Counted, Failures } from './failures.tsx';
import { RangeSelect } from './jobs.tsx';
import { showHidden } from '../../../../core/text/hidden.ts';

const MAX_INCIDENTS = 50;
const EVERY_MS = 10_000;

export function ClusterPage() {
  const { t, lang } = useTexts();
  const { address, choose } = useChoices();
  const { range, parameters } = useRange();
  const cluster = address.get('cluster') ?? '';
  const ask = (more: Record<string, string>): URLSearchParams =>
    new URLSearchParams({ ...parameters(), cluster, ...more });
  const incidents = useQuery({
    queryKey: ['incidents-of-cluster', cluster, range, lang],
    queryFn: () => api.incidentRows(ask({ lang, limit: String(MAX_INCIDENTS) })),
    refetchInterval: EVERY_MS,
  });
  const records = useQuery({
    queryKey: ['processes', cluster, range],
    queryFn: () => api.records(ask({ facets: 'true', limit: '1' })),
    refetchInterval: EVERY_MS,
  });
  if (incidents.isPending || records.isPending) return <Waiting />;
  if (incidents.data === undefined) return <Problem error={incidents.error} />;
  if (records.data === undefined) return <Problem error={records.error} />;
  const { rows, total } = incidents.data;
  const processes = records.data.facets?.process ?? [];
  return (
    <Stack gap="md">
      <div>
        <Anchor component={Link} href={`/jobs?range=${range}`} size="sm">
          ← {t('jobsPage')}
        </Anchor>
        <Title order={3} mt={4} style={{ overflowWrap: 'anywhere' }}>
          {t('cluster')} {showHidden(cluster)}
        </Title>
        <Group gap="md" mt="xs">
          <RangeSelect range={range} onChange={(value) => choose('range', value)} />
          <Anchor component={Link} href={searchOf(`cluster:${JSON.stringify(cluster)}`, range)} size="sm">
            {t('jobLogs')}
          </Anchor>
        </Group>
      </div>
      <Failures rows={rows} total={total} />
      <section aria-label={t('processes')}>
        <Counted name={t('processes')} count={processes.length} />
        <Table className="stacks">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('process')}</Table.Th>
              <Table.Th>{t('allLines')}</Table.Th>
              <Table.Th>{t('lastSeen')}</Table.Th>
              <Table.Th>{t('lastLogLine')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {processes.map(({ value, count }) => (
              <Table.Tr key={value}>
                <Table.Td>
                  <Anchor component={Link} href={searchOf(`process:${JSON.stringify(value)}`, range)} size="sm">
                    {nameProcess(value)}
                  </Anchor>
                </Table.Td>
                <Table.Td data-name={t('allLines')}>{count.toLocaleString()}</Table.Td>
                <LastWord process={value} parameters={ask({ process: value, limit: '1', order: 'newest' })} />
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </section>
    </Stack>
  );
}

/** Renders two cells: time and text of the last record of a process. */
function LastWord({ process, parameters }: { readonly process: string; readonly parameters: URLSearchParams }) {
  const { t } = useTexts();
  const query = useQuery({
    queryKey: ['last-word', process, parameters.get('from')?.slice(0, 10)],
    queryFn: () => api.records(parameters),
    refetchInterval: EVERY_MS,
  });
  const record = query.data?.records[0];
  return (
    <>
      <Table.Td data-name={t('lastSeen')}>{record !== undefined && <Time value={record['@timestamp']} />}</Table.Td>
      <Table.Td data-name={t('lastLogLine')}>
        {record !== undefined && (
          <Text size="sm" lineClamp={2} className={`level-${record['log.level'] ?? ''}`}>
            {showHidden(record.message)}
          </Text>
        )}
      </Table.Td>
    </>
  );
}

/**
 * Returns host and file of a process: `node-1:/opt/flink/log/flink-u-taskexecutor-0-node-1` →
 * `flink-u-taskexecutor-0-node-1 · node-1`.
 */
function nameProcess(process: string): string {
  const [host = '', path = ''] = [process.slice(0, process.indexOf(':')), process.slice(process.lastIndexOf('/') + 1)];
  return path === process || host === '' ? process : `${path} · ${host}`;
}

function searchOf(query: string, range: string): string {
  return `/search?${new URLSearchParams({ query, range }).toString()}`;
}
