// The list of incidents: one row per episode of failing, newest first, in one sentence each. In: the incidents of the
// API, asked for again every two seconds. Out: a link to one of them. The frame (shell/app.tsx) shows it.
import { Badge, Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'wouter';
import { SEVERITY_COLORS } from '../diagnosis/diagnosis.tsx';
import { findLead, nameUnknown } from '../diagnosis/lead.ts';
import { api, type ListedIncident } from '../server/client.ts';
import { AdviceLines } from './advice.tsx';
import { Children, OUTCOME_COLORS } from './children.tsx';
import { DeliveryProblems } from './delivery.tsx';
import { Empty, Problem, Time, Waiting } from '../view/state.tsx';
import { nameSubject } from '../../../../core/text/subject.ts';
import { OUTCOMES, OWNERS } from '../../../../core/text/wording.ts';
import { useSpeech } from '../speech/text.tsx';

export function IncidentsPage() {
  return (
    <Stack gap="md">
      <DeliveryProblems />
      <IncidentList />
    </Stack>
  );
}

const COLUMNS = 6;

function IncidentList() {
  const { t, lang } = useSpeech();
  const query = useQuery({ queryKey: ['incidents', lang], queryFn: () => api.incidents(lang), refetchInterval: 2000 });
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Problem error={query.error} />;
  const incidents = selectTop(query.data.incidents);
  if (incidents.length === 0) return <Empty title={t('noIncidents')}>{t('noIncidentsHint')}</Empty>;
  return (
    <div>
      <AdviceLines incidents={query.data.incidents} />
      <Group mb="sm" gap="xs">
        <Title order={3}>{t('incidents')}</Title>
        <Badge variant="light" color="gray">
          {incidents.length}
        </Badge>
      </Group>
      <Table className="stacks" highlightOnHover verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('cause')}</Table.Th>
            <Table.Th>{t('job')}</Table.Th>
            <Table.Th>{t('state')}</Table.Th>
            <Table.Th>{t('restarts')}</Table.Th>
            <Table.Th>{t('whose')}</Table.Th>
            <Table.Th>{t('since')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {incidents.map((incident) => (
            <IncidentRow key={incident.id} incident={incident} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** What a platform incident stands for is shown below it. */
function selectTop(incidents: readonly ListedIncident[]): readonly ListedIncident[] {
  const ids = new Set(incidents.map(({ id }) => id));
  return incidents.filter(({ parent }) => parent === undefined || !ids.has(parent));
}

function IncidentRow({ incident }: { readonly incident: ListedIncident }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <OneRow
        incident={incident}
        isOpen={isOpen}
        onToggle={() => {
          setOpen(!isOpen);
        }}
      />
      {isOpen && (
        <Table.Tr>
          <Table.Td colSpan={COLUMNS} pl="xl">
            <Children id={incident.id} />
          </Table.Td>
        </Table.Tr>
      )}
    </>
  );
}

interface RowProps {
  readonly incident: ListedIncident;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

function OneRow({ incident, isOpen, onToggle }: RowProps) {
  const { t, lang } = useSpeech();
  const lead = findLead(incident);
  const owner = lead.kind === 'cause' ? lead.diagnosis.owner : lead.unknown?.owner;
  return (
    <Table.Tr>
      <Table.Td className="whole" maw={620} miw={240}>
        <Link
          href={`/incidents/${encodeURIComponent(incident.id)}`}
          style={{ textDecoration: 'none', color: 'inherit' }}
        >
          <Text fw={600} lineClamp={2} style={{ overflowWrap: 'anywhere' }}>
            {lead.kind === 'cause' ? lead.diagnosis.title : nameUnknown(lead.unknown)}
          </Text>
          <Group gap={6}>
            <Badge
              size="xs"
              variant="light"
              color={lead.kind === 'cause' ? SEVERITY_COLORS[lead.diagnosis.severity] : 'yellow'}
              tt="none"
            >
              {lead.kind === 'cause' ? lead.diagnosis.rule : t('unknown')}
            </Badge>
          </Group>
        </Link>
      </Table.Td>
      <Table.Td className="whole" maw={360} miw={140}>
        <Whose incident={incident} isOpen={isOpen} onToggle={onToggle} />
      </Table.Td>
      <Table.Td>
        <Badge
          variant="light"
          color={OUTCOME_COLORS[incident.outcome]}
          tt="none"
          styles={{ root: { minWidth: 'max-content' }, label: { overflow: 'visible' } }}
        >
          {OUTCOMES[incident.outcome][lang]}
        </Badge>
      </Table.Td>
      <Table.Td data-name={t('restarts')}>{incident.platform === undefined ? incident.restarts : ''}</Table.Td>
      <Table.Td data-name={t('whose')}>
        <Text size="sm" component="span" style={{ whiteSpace: 'nowrap' }}>
          {owner === undefined ? '' : OWNERS[owner][lang]}
        </Text>
      </Table.Td>
      <Table.Td data-name={t('since')}>
        <Text size="sm" component="span">
          <Time value={incident.firstSeen} />
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

/** A job and its cluster; of a platform incident their numbers, with its jobs on demand. */
function Whose({ incident, isOpen, onToggle }: RowProps) {
  const { t, lang } = useSpeech();
  const { platform, cluster } = incident;
  if (platform === undefined)
    return (
      <>
        <Text size="sm" lineClamp={2} title={nameSubject(incident, lang)} style={{ overflowWrap: 'anywhere' }}>
          {nameSubject(incident, lang)}
        </Text>
        <Text size="xs" className="quiet" style={{ overflowWrap: 'anywhere' }}>
          {cluster}
        </Text>
      </>
    );
  return (
    <>
      <Button
        size="compact-sm"
        variant="light"
        aria-expanded={isOpen}
        aria-label={`${platform.jobs} ${t('jobs')}. ${t('showJobs')}`}
        onClick={onToggle}
        rightSection={<span aria-hidden>{isOpen ? '▴' : '▾'}</span>}
      >
        {platform.jobs} {t('jobs')}
      </Button>
      <Text size="xs" className="quiet">
        {platform.clusters} {t(platform.clusters === 1 ? 'oneCluster' : 'clusters')}
      </Text>
    </>
  );
}
