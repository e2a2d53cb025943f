// Lists the agents: host, unshipped data and conditions. Takes the agents of the API, with their conditions in the
// reader's language. The frame (shell/app.tsx) shows it.
import { Alert, Stack, Table, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api } from '../server/client.ts';
import { Empty, Problem, Time, Waiting } from '../view/state.tsx';
import { useTexts } from '../texts/text.tsx';

const COLORS = { info: 'blue', warning: 'yellow', error: 'red' };

export function AgentsPage() {
  const { t, lang } = useTexts();
  const query = useQuery({ queryKey: ['agents', lang], queryFn: () => api.agents(lang), refetchInterval: 3000 });
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Problem error={query.error} />;
  const { agents } = query.data;
  if (agents.length === 0) return <Empty title={t('noAgents')} />;
  return (
    <Stack>
      <Title order={3}>{t('agents')}</Title>
      <Table className="stacks">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('host')}</Table.Th>
            <Table.Th>{t('files')}</Table.Th>
            <Table.Th>{t('shipped')}</Table.Th>
            <Table.Th>{t('lag')}</Table.Th>
            <Table.Th>{t('lastSeen')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {agents.map((agent) => (
            <Table.Tr key={agent.id}>
              <Table.Td>{agent.host}</Table.Td>
              <Table.Td data-name={t('files')}>{agent.files}</Table.Td>
              <Table.Td data-name={t('shipped')}>{agent.shippedRecords.toLocaleString()}</Table.Td>
              <Table.Td data-name={t('lag')}>{agent.lagBytes.toLocaleString()} B</Table.Td>
              <Table.Td data-name={t('lastSeen')}>
                <Time value={agent.time} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {agents.flatMap((agent) =>
        agent.conditions.map((condition) => (
          <Alert
            key={`${agent.id}${condition.code}${condition.message ?? ''}`}
            color={COLORS[condition.severity ?? 'warning']}
            title={`${agent.host}: ${condition.code}`}
          >
            {condition.message} {condition.fix} (<Time value={condition.since} />)
          </Alert>
        )),
      )}
    </Stack>
  );
}
