// Lists the sign-ins: start, address and browser, with a button that ends each. Takes the sign-ins of the API, which
// returns all of them to an administrator of all clusters and to others their own. The reader's name links here.
import { Badge, Button, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { ListedSession } from '../../../../core/documents/session.ts';
import { api } from '../server/client.ts';
import { useTexts } from '../texts/text.tsx';
import { Empty, Problem, Time, Waiting } from '../view/state.tsx';

export function SessionsPage() {
  const { t } = useTexts();
  const query = useQuery({ queryKey: ['sessions'], queryFn: () => api.sessions(), refetchInterval: 10_000 });
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Problem error={query.error} />;
  if (query.data.length === 0) return <Empty title={t('noSessions')} />;
  return (
    <Stack>
      <Title order={3}>{t('sessions')}</Title>
      <Table className="stacks">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('person')}</Table.Th>
            <Table.Th>{t('since')}</Table.Th>
            <Table.Th>{t('sessionEnds')}</Table.Th>
            <Table.Th>{t('address')}</Table.Th>
            <Table.Th>{t('browser')}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {query.data.map((session) => (
            <SessionRow key={session.id} session={session} />
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}

function SessionRow({ session }: { readonly session: ListedSession }) {
  const { t } = useTexts();
  const queries = useQueryClient();
  const { id, name, issuer, startedAt, endsAt, address = '', agent = '', own } = session;
  const end = useMutation({
    mutationFn: () => api.endSession(id),
    onSettled: () => queries.invalidateQueries({ queryKey: ['sessions'] }),
  });
  return (
    <Table.Tr>
      <Table.Td>
        {name}{' '}
        {own && (
          <Badge size="xs" variant="light" tt="none">
            {t('thisBrowser')}
          </Badge>
        )}
        {issuer !== undefined && (
          <Text size="xs" className="quiet">
            {issuer}
          </Text>
        )}
      </Table.Td>
      <Table.Td data-name={t('since')}>
        <Time value={startedAt} />
      </Table.Td>
      <Table.Td data-name={t('sessionEnds')}>
        <Time value={endsAt} />
      </Table.Td>
      <Table.Td data-name={t('address')}>{address}</Table.Td>
      <Table.Td data-name={t('browser')} maw={320} style={{ overflowWrap: 'anywhere' }}>
        {agent}
      </Table.Td>
      <Table.Td>
        <Button size="compact-sm" variant="default" color="red" loading={end.isPending} onClick={() => end.mutate()}>
          {t('endSession')}
        </Button>
        {end.isError && (
          <Text size="xs" c="red" role="alert">
            {end.error.message}
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
