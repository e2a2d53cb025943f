// Lists, creates and ends silences; each has an end, a name and a reason. Takes the silences of the API and the values
// that the link of a card fills in. The alert view (alerts.tsx) shows it.
import { toIso } from '../../../../core/time/iso.ts';
import { Button, Group, Select, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { showHidden } from '../../../../core/text/hidden.ts';
import type { MatcherSettings, RouteLabel } from '../../../../core/documents/silence.ts';
import { api } from '../server/client.ts';
import { useTexts, type TextKey } from '../texts/text.tsx';
import { Problem, Time } from '../view/state.tsx';

const POLL_MS = 10_000;
const HOUR_MS = 3_600_000;
const HOURS = [1, 4, 8, 24, 72, 168];
/** Labels that a silence can match, with their names. */
const LABELS: readonly { readonly label: RouteLabel; readonly name: TextKey }[] = [
  { label: 'job', name: 'job' },
  { label: 'cluster', name: 'cluster' },
  { label: 'cause', name: 'cause' },
  { label: 'team', name: 'team' },
];

export function Silences() {
  const { t } = useTexts();
  const queries = useQueryClient();
  const query = useQuery({ queryKey: ['silences'], queryFn: () => api.silences(), refetchInterval: POLL_MS });
  const end = useMutation({
    mutationFn: (id: string) => api.expireSilence(id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['silences'] }),
  });
  const silences = query.data?.silences ?? [];
  return (
    <section aria-label={t('silences')}>
      <Title order={5} mb={6}>
        {t('silences')}
      </Title>
      {query.isError && <Problem error={query.error} />}
      {end.error !== null && <Problem error={end.error} />}
      {query.data !== undefined && silences.length === 0 && (
        <Text size="sm" className="quiet">
          {t('noSilences')}
        </Text>
      )}
      {silences.length > 0 && (
        <Table className="stacks">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('matchers')}</Table.Th>
              <Table.Th>{t('until')}</Table.Th>
              <Table.Th>{t('createdBy')}</Table.Th>
              <Table.Th>{t('silenceComment')}</Table.Th>
              <Table.Th />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {silences.map(({ id, matchers, endsAt, createdBy, comment }) => (
              <Table.Tr key={id}>
                <Table.Td className="whole" ff="monospace">
                  {showHidden(printMatchers(matchers))}
                </Table.Td>
                <Table.Td data-name={t('until')}>
                  <Time value={endsAt} />
                </Table.Td>
                <Table.Td data-name={t('createdBy')}>{createdBy}</Table.Td>
                <Table.Td>{showHidden(comment)}</Table.Td>
                <Table.Td>
                  <Button size="compact-xs" variant="default" loading={end.isPending} onClick={() => end.mutate(id)}>
                    {t('expireSilence')}
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
      <NewSilence />
    </section>
  );
}

function printMatchers(matchers: MatcherSettings): string {
  return Object.entries(matchers)
    .map(([label, patterns]) => `${label}: ${typeof patterns === 'string' ? patterns : patterns.join(', ')}`)
    .join(' · ');
}

function NewSilence() {
  const { t } = useTexts();
  const [address] = useSearchParams();
  const queries = useQueryClient();
  const [values, setValues] = useState<Readonly<Partial<Record<RouteLabel, string>>>>(() =>
    Object.fromEntries(LABELS.map(({ label }) => [label, address.get(label) ?? ''])),
  );
  const [hours, setHours] = useState(HOURS[0] ?? 1);
  const [comment, setComment] = useState('');
  const make = useMutation({
    mutationFn: () =>
      api.makeSilence({
        matchers: Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== '')),
        endsAt: toIso(Date.now() + hours * HOUR_MS),
        comment,
      }),
    onSuccess: () => {
      setComment('');
      return queries.invalidateQueries({ queryKey: ['silences'] });
    },
  });
  const isReady = comment.trim() !== '' && Object.values(values).some((value) => value.trim() !== '');
  return (
    <form
      aria-label={t('newSilence')}
      onSubmit={(event) => {
        event.preventDefault();
        make.mutate();
      }}
    >
      <Stack gap="xs" mt="md">
        <Text size="sm" className="quiet">
          {t('silenceHint')}
        </Text>
        <Group gap="xs" align="flex-end" className="filters">
          {LABELS.map(({ label, name }) => (
            <TextInput
              key={label}
              size="xs"
              w={200}
              label={t(name)}
              value={values[label] ?? ''}
              onChange={(event) => setValues({ ...values, [label]: event.currentTarget.value })}
            />
          ))}
          <Select
            size="xs"
            w={110}
            allowDeselect={false}
            label={t('howLong')}
            data={HOURS.map((value) => ({
              value: String(value),
              label: value < 24 ? `${value} ${t('hours')}` : `${value / 24} ${t('days')}`,
            }))}
            value={String(hours)}
            onChange={(value) => setHours(Number(value))}
          />
          <TextInput
            size="xs"
            w={280}
            label={t('silenceComment')}
            value={comment}
            onChange={(event) => setComment(event.currentTarget.value)}
          />
          <Button size="xs" type="submit" variant="default" disabled={!isReady} loading={make.isPending}>
            {t('createSilence')}
          </Button>
        </Group>
        {make.error !== null && <Problem error={make.error} />}
      </Stack>
    </form>
  );
}
