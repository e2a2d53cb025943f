// Shows the jobs of a platform incident: one row each, with the state of its own incident and a link to it. Takes the
// children of one incident. The list shows them below its row on demand; the incident's own view shows them in a card.
import { Anchor, Badge, Group, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Incident, PlatformChild } from '../../../../core/documents/incident.ts';
import { nameSubject } from '../../../../core/wording/subject.ts';
import { OUTCOMES } from '../../../../core/wording/wording.ts';
import { api } from '../server/client.ts';
import { useTexts } from '../texts/text.tsx';
import { Problem, Time, Waiting } from '../view/state.tsx';
import { showHidden } from '../../../../core/text/hidden.ts';

export const OUTCOME_COLORS: Readonly<Record<Incident['outcome'], string>> = {
  failing: 'red',
  failed: 'gray',
  canceled: 'gray',
  silent: 'yellow',
  recovered: 'teal',
  unknown: 'gray',
};

export function useIncident(id: string) {
  const { lang } = useTexts();
  return useQuery({
    queryKey: ['incident', id, lang],
    queryFn: () => api.incident(id, lang),
    refetchInterval: 2000,
  });
}

/** Loads the jobs of a platform incident when they are shown. */
export function Children({ id }: { readonly id: string }) {
  const query = useIncident(id);
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Problem error={query.error} />;
  return <ChildTable items={query.data.platform?.children ?? []} />;
}

export function ChildTable({ items }: { readonly items: readonly PlatformChild[] }) {
  const { lang } = useTexts();
  return (
    <Stack gap="xs">
      <Counts items={items} />
      <Table className="stacks" verticalSpacing={4} withRowBorders={false}>
        <Table.Tbody>
          {items.map(({ id, job, cluster, outcome, firstSeen }) => (
            <Table.Tr key={id}>
              <Table.Td>
                <Anchor component={Link} size="sm" href={`/incidents/${encodeURIComponent(id)}`}>
                  {showHidden(nameSubject({ job, cluster }, lang))}
                </Anchor>
              </Table.Td>
              <Table.Td>
                <Text size="sm" className="quiet">
                  {cluster}
                </Text>
              </Table.Td>
              <Table.Td>
                <Badge size="sm" variant="light" color={OUTCOME_COLORS[outcome]} tt="none">
                  {OUTCOMES[outcome][lang]}
                </Badge>
              </Table.Td>
              <Table.Td>
                <Text size="sm" component="span">
                  <Time value={firstSeen} />
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Stack>
  );
}

/** Renders the number of jobs in each state. */
function Counts({ items }: { readonly items: readonly PlatformChild[] }) {
  const { lang } = useTexts();
  const outcomes = [...new Set(items.map(({ outcome }) => outcome))];
  return (
    <Group gap="xs">
      {outcomes.map((outcome) => (
        <Badge key={outcome} color={OUTCOME_COLORS[outcome]} tt="none">
          {items.filter((item) => item.outcome === outcome).length} {OUTCOMES[outcome][lang]}
        </Badge>
      ))}
    </Group>
  );
}
