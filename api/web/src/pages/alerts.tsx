// Shows alerts that were sent, deliveries that receivers rejected, and silences. Polls alerts, deliveries and silences
// of the API. The frame (shell/app.tsx) shows it.
import { Anchor, Badge, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { showHidden } from '../../../../core/text/hidden.ts';
import { DeliveryProblems } from '../incidents/delivery.tsx';
import type { ShownAlert } from '../../../../core/documents/alert.ts';
import { api } from '../server/client.ts';
import { DELIVERY_TEXTS, NEWS_TEXTS } from '../texts/alert-texts.ts';
import { useTexts } from '../texts/text.tsx';
import { Empty, Problem, Time, Waiting } from '../view/state.tsx';
import { Silences } from './silences.tsx';

const POLL_MS = 10_000;
const COLORS: Readonly<Record<string, string>> = { sent: 'teal', pending: 'yellow', undeliverable: 'red' };

export function AlertsPage() {
  const { t } = useTexts();
  return (
    <Stack gap="lg">
      <Title order={3}>{t('alertsPage')}</Title>
      <DeliveryProblems />
      <Silences />
      <section aria-label={t('notificationLog')}>
        <Title order={5} mb={6}>
          {t('notificationLog')}
        </Title>
        <SentAlerts />
      </section>
    </Stack>
  );
}

function SentAlerts() {
  const { t } = useTexts();
  const query = useQuery({ queryKey: ['alerts'], queryFn: () => api.alerts(), refetchInterval: POLL_MS });
  if (query.data === undefined) return query.isError ? <Problem error={query.error} /> : <Waiting />;
  const { alerts } = query.data;
  if (alerts.length === 0) return <Empty title={t('noAlerts')}>{t('noAlertsHint')}</Empty>;
  return (
    <Table className="stacks" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('sentAt')}</Table.Th>
          <Table.Th>{t('receiver')}</Table.Th>
          <Table.Th>{t('alertEvent')}</Table.Th>
          <Table.Th>{t('theIncident')}</Table.Th>
          <Table.Th>{t('state')}</Table.Th>
          <Table.Th>{t('deliveryAttempts')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {alerts.map((alert) => (
          <OneAlert key={alert.id} alert={alert} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function OneAlert({ alert }: { readonly alert: ShownAlert }) {
  const { t, lang } = useTexts();
  const { incidentId, receiver, reason, cause, sentAt, state, attempts, error } = alert;
  return (
    <Table.Tr>
      <Table.Td>
        <Time value={sentAt} />
      </Table.Td>
      <Table.Td>{receiver}</Table.Td>
      <Table.Td>{NEWS_TEXTS[reason]?.[lang] ?? reason}</Table.Td>
      <Table.Td className="whole">
        <Anchor
          component={Link}
          href={`/incidents/${encodeURIComponent(incidentId)}`}
          size="sm"
          style={{ overflowWrap: 'anywhere' }}
        >
          {showHidden(cause)}
        </Anchor>
      </Table.Td>
      <Table.Td>
        <Badge variant="light" color={COLORS[state] ?? 'gray'} tt="none">
          {DELIVERY_TEXTS[state]?.[lang] ?? state}
        </Badge>
        {error !== undefined && (
          <Text size="xs" className="quiet" style={{ overflowWrap: 'anywhere' }}>
            {showHidden(error)}
          </Text>
        )}
      </Table.Td>
      <Table.Td data-name={t('deliveryAttempts')}>{attempts}</Table.Td>
    </Table.Tr>
  );
}
