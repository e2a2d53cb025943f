// Shows the failures of a job or in a cluster with their number. Takes incident rows of the API. job.tsx and
// cluster.tsx use it.
import { Badge, Group, Title } from '@mantine/core';
import { IncidentTable } from '../incidents/incidents.tsx';
import type { RowPage } from '../../../schemas/incidents.ts';
import { useTexts } from '../texts/text.tsx';
import { Empty } from '../view/state.tsx';

export function Failures({ rows, total }: Pick<RowPage, 'rows' | 'total'>) {
  const { t } = useTexts();
  return (
    <section aria-label={t('incidents')}>
      <Counted name={t('incidents')} count={rows.length < total ? `${rows.length} ${t('of')} ${total}` : total} />
      {rows.length === 0 ? <Empty title={t('noIncidentsInRange')} /> : <IncidentTable rows={rows} />}
    </section>
  );
}

/** Renders the heading of a section with a count. */
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
