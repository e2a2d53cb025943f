// What failed of a job or in a cluster, with how many there are: the same in both rooms. In: rows of incidents of the
// API. Used by job.tsx and cluster.tsx.
import { Badge, Group, Title } from '@mantine/core';
import { IncidentTable } from '../incidents/incidents.tsx';
import type { RowPage } from '../server/client.ts';
import { useSpeech } from '../speech/text.tsx';
import { Empty } from '../view/state.tsx';

export function Failures({ rows, total }: Pick<RowPage, 'rows' | 'total'>) {
  const { t } = useSpeech();
  return (
    <section aria-label={t('incidents')}>
      <Counted name={t('incidents')} count={rows.length < total ? `${rows.length} ${t('of')} ${total}` : total} />
      {rows.length === 0 ? <Empty title={t('neverFailed')} /> : <IncidentTable rows={rows} />}
    </section>
  );
}

/** The head of a part of a room. */
export function Counted({ name, count }: { readonly name: string; readonly count: number | string }) {
  return (
    <Group gap="xs" mb="xs">
      <Title order={5}>{name}</Title>
      <Badge variant="light" color="gray" tt="none">
        {count}
      </Badge>
    </Group>
  );
}
