// Shows above the incidents which receivers reject their alerts, so that nobody assumes that such an alert was
// delivered; nothing if all receivers work. Polls the deliveries of the API.
import { Alert, Button, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { api } from '../server/client.ts';
import { Time } from '../view/state.tsx';
import { useTexts } from '../texts/text.tsx';

const POLL_MS = 10_000;

export function DeliveryProblems() {
  const { t } = useTexts();
  const query = useQuery({ queryKey: ['deliveries'], queryFn: () => api.deliveries(), refetchInterval: POLL_MS });
  const failing = query.data?.receivers ?? [];
  if (failing.length === 0) return null;
  const isLost = failing.some(({ undeliverable }) => undeliverable > 0);
  return (
    <Alert color={isLost ? 'red' : 'yellow'} role="alert" title={t(isLost ? 'alertsLost' : 'alertsWait')}>
      <Stack gap="xs">
        <Text size="sm">{t(isLost ? 'alertsLostHint' : 'alertsWaitHint')}</Text>
        <Table className="stacks">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('receiver')}</Table.Th>
              <Table.Th>{t('undeliverable')}</Table.Th>
              <Table.Th>{t('waiting')}</Table.Th>
              <Table.Th>{t('since')}</Table.Th>
              <Table.Th>{t('lastError')}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {failing.map((receiver) => (
              <Table.Tr key={receiver.receiver}>
                <Table.Td>{receiver.receiver}</Table.Td>
                <Table.Td data-name={t('undeliverable')}>{receiver.undeliverable.toLocaleString()}</Table.Td>
                <Table.Td data-name={t('waiting')}>{receiver.waiting.toLocaleString()}</Table.Td>
                <Table.Td data-name={t('since')}>
                  <Time value={receiver.since} />
                </Table.Td>
                <Table.Td style={{ overflowWrap: 'anywhere' }}>{receiver.lastError}</Table.Td>
                <Table.Td>
                  <ReceiverTest name={receiver.receiver} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {query.data?.complete === false && <Text size="sm">{t('alertsMore')}</Text>}
      </Stack>
    </Alert>
  );
}

/** Sends a test message to a receiver and shows its answer and the recommended change. */
function ReceiverTest({ name }: { readonly name: string }) {
  const { t, label, lang } = useTexts();
  const test = useMutation({ mutationFn: () => api.testReceiver(name) });
  const { data, error, isPending, mutate } = test;
  return (
    <Stack gap={4}>
      <Button size="compact-xs" variant="default" loading={isPending} onClick={() => mutate()}>
        {t('testReceiver')}
      </Button>
      {error !== null && <Text size="xs">{error.message}</Text>}
      {data !== undefined && (
        <Text size="xs" c={data.ok ? 'green' : 'red'} style={{ overflowWrap: 'anywhere' }}>
          {label('testAnswer')}
          {data.answer ?? data.error} · {data.advice[lang]}
        </Text>
      )}
    </Stack>
  );
}
