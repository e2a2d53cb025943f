// Shows one incident, in the order that a reader with two minutes needs: the failure, the fixes and the evidence, then
// the reasons, the consequences and how the rule came to its answer. Takes the id from the address. The frame
// (shell/app.tsx) shows it.
import { Anchor, Badge, Button, Card, Code, CopyButton, Group, Stack, Table, Text, Title } from '@mantine/core';
import { Link, Redirect } from 'wouter';
import type { Language } from '../../../../core/types.ts';
import { DiagnosisCard, Times, UnknownCard } from '../view/diagnosis.tsx';
import { listSecondCauses } from '../../../../core/wording/second-causes.ts';
import { findPrimary, nameUnknown, type PrimaryDiagnosis } from '../../../../core/wording/primary.ts';
import { addressOfCluster, addressOfJob } from '../view/address.ts';
import type { Diagnosis, PlatformShare, ShownIncident } from '../../../../core/documents/incident.ts';
import { renderIncidentMarkdown } from '../../../../core/wording/markdown.ts';
import { nameSubject } from '../../../../core/wording/subject.ts';
import { OUTCOMES } from '../../../../core/wording/wording.ts';
import { useTexts } from '../texts/text.tsx';
import { formatDuration, Problem, Time, Waiting } from '../view/state.tsx';
import { ChildTable, OUTCOME_COLORS, useIncident } from './children.tsx';
import { FeedbackNote } from './feedback.tsx';
import { GroupNote } from './group.tsx';
import { TriageNote } from './triage.tsx';
import { showHidden } from '../../../../core/text/hidden.ts';

export function IncidentPage({ id }: { readonly id: string }) {
  const query = useIncident(id);
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Problem error={query.error} />;
  const incident = query.data;
  // The requested card was joined to this incident, so the address changes to it.
  if (incident.id !== id) return <Redirect to={`/incidents/${encodeURIComponent(incident.id)}`} replace />;
  const primary = findPrimary(incident);
  const named = incident.diagnoses.filter((item, index) => index === 0 || !item.symptom);
  const cards = named.map((item) => (
    <DiagnosisCard key={item.rule} diagnosis={item}>
      <FeedbackNote incident={incident.id} rule={item.rule} />
    </DiagnosisCard>
  ));
  const unknown = incident.unknown.map((item, index) => (
    <UnknownCard key={item.fingerprint} unknown={item}>
      {index === 0 && item.group !== undefined && <GroupNote group={item.group} />}
    </UnknownCard>
  ));
  return (
    <Stack maw={1080} mx="auto" gap="md">
      <Headline incident={incident} primary={primary} />
      <TriageNote incident={incident.id} />
      {primary.kind === 'cause' ? [cards, unknown] : [unknown, cards]}
      {incident.platform !== undefined && <Jobs share={incident.platform} />}
      <Consequences diagnoses={incident.diagnoses.filter((item) => !named.includes(item))} />
      {incident.platform === undefined && <Facts incident={incident} />}
    </Stack>
  );
}

function Headline({ incident, primary }: { readonly incident: ShownIncident; readonly primary: PrimaryDiagnosis }) {
  const { t, label, lang } = useTexts();
  return (
    <Stack gap={4}>
      <Title order={2} style={{ overflowWrap: 'anywhere' }}>
        {showHidden(primary.kind === 'cause' ? primary.diagnosis.title : nameUnknown(primary.unknown) || t('unknown'))}
      </Title>
      {listSecondCauses(incident).map(({ cause, title }) => (
        <Title key={cause} order={4} style={{ overflowWrap: 'anywhere' }}>
          {label('alsoFailsBy')}
          {showHidden(title)}
        </Title>
      ))}
      <Group gap="sm">
        <Badge color={OUTCOME_COLORS[incident.outcome]} tt="none">
          {OUTCOMES[incident.outcome][lang]}
        </Badge>
        {incident.platform === undefined ? <Place incident={incident} /> : <BlastRadius {...incident.platform} />}
        {incident.platform !== undefined && (
          <Text size="sm" className="quiet">
            {label('firstSeen')}
            <Time value={incident.firstSeen} />
          </Text>
        )}
        {incident.revised !== undefined && (
          <Text size="sm" className="quiet">
            {t('revised')} · <Time value={incident.revised.time} /> ·{' '}
            {incident.revised.before === undefined ? t('revisedUnnamed') : label('revisedFrom')}
            {incident.revised.before !== undefined && <Code>{incident.revised.before}</Code>}
          </Text>
        )}
        {incident.namedOnce === true && (
          <Text size="sm" className="quiet">
            {t('namedOnce')}
          </Text>
        )}
        {incident.joined !== undefined && (
          <Text size="sm" className="quiet">
            {label('joined')}
            {incident.joined.length}
          </Text>
        )}
      </Group>
      <Group gap="sm">
        {incident.parent !== undefined && (
          <Anchor component={Link} size="sm" href={`/incidents/${encodeURIComponent(incident.parent)}`}>
            {t('partOf')} →
          </Anchor>
        )}
        {incident.job !== undefined && (
          <Anchor component={Link} size="sm" href={`/search?job=${encodeURIComponent(incident.job.id)}&range=all`}>
            {t('search')} →
          </Anchor>
        )}
        <Anchor component={Link} size="sm" href={`/alerts?${addressOfSilence(incident).toString()}`}>
          {t('silenceThis')} →
        </Anchor>
        <CopyButton value={renderCard(incident, lang)}>
          {({ copied, copy }) => (
            <Button size="compact-xs" variant="default" onClick={copy}>
              {copied ? t('copied') : t('copyCard')}
            </Button>
          )}
        </CopyButton>
      </Group>
    </Stack>
  );
}

/** Returns the parameters that fill in the form of a silence for this incident. */
function addressOfSilence({ job, cluster, diagnoses }: ShownIncident): URLSearchParams {
  const known = { job: job?.name ?? job?.id, cluster, cause: diagnoses[0]?.cause };
  return new URLSearchParams(
    Object.entries(known).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** Renders the card for an issue or a chat, in the language of the page. */
function renderCard({ diagnoses, ...incident }: ShownIncident, language: Language): string {
  return renderIncidentMarkdown(
    { ...incident, diagnoses: { en: diagnoses, zh: diagnoses } },
    { language, link: `${location.origin}/incidents/${encodeURIComponent(incident.id)}` },
  );
}

function Place({ incident }: { readonly incident: ShownIncident }) {
  const { label, lang } = useTexts();
  return (
    <>
      <Text size="sm">
        {incident.job === undefined ? (
          nameSubject(incident, lang)
        ) : (
          <>
            {label('job')}
            <Anchor component={Link} href={addressOfJob(incident.job.name ?? incident.job.id, 'all')}>
              {showHidden(incident.job.name ?? '')} <Code>{showHidden(incident.job.id)}</Code>
            </Anchor>
          </>
        )}
      </Text>
      <Text size="sm" className="quiet">
        {label('firstSeen')}
        <Time value={incident.firstSeen} /> · {label('restarts')}
        {incident.restarts} · {label('cluster')}
        <Anchor component={Link} underline="always" href={addressOfCluster(incident.cluster, 'all')}>
          {incident.cluster}
        </Anchor>
      </Text>
    </>
  );
}

function BlastRadius({ jobs, clusters, thing }: PlatformShare) {
  const { t } = useTexts();
  return (
    <Text size="sm">
      {jobs} {t('jobs')} · {clusters} {t(clusters === 1 ? 'oneCluster' : 'clusters')}{' '}
      {thing !== undefined && <Code>{thing}</Code>}
    </Text>
  );
}

function Jobs({ share }: { readonly share: PlatformShare }) {
  const { t } = useTexts();
  return (
    <Card withBorder padding="lg">
      <Title order={5} mb={6}>
        {t('affectedJobs')}
      </Title>
      <ChildTable items={share.children} />
    </Card>
  );
}

function Consequences({ diagnoses }: { readonly diagnoses: readonly Diagnosis[] }) {
  const { t } = useTexts();
  if (diagnoses.length === 0) return null;
  return (
    <Card withBorder padding="lg">
      <Title order={5} mb={6}>
        {t('consequences')}
      </Title>
      {diagnoses.map((item) => (
        <Text key={item.rule} size="sm">
          {item.title}{' '}
          <Text span size="xs" className="quiet">
            {item.rule} · <Times count={item.count} />
          </Text>
        </Text>
      ))}
    </Card>
  );
}

function Facts({ incident }: { readonly incident: ShownIncident }) {
  const { t, lang } = useTexts();
  const { facts } = incident;
  const rows: [string, React.ReactNode][] = [
    [t('flinkVersion'), facts.flinkVersion],
    [t('strategy'), facts.restartStrategy],
    [
      t('lastCheckpoint'),
      facts.lastCheckpoint === undefined ? undefined : (
        <>
          #{facts.lastCheckpoint.id} · <Time value={facts.lastCheckpoint.time} />
        </>
      ),
    ],
    [t('reprocess'), facts.reprocessMs === undefined ? undefined : formatDuration(facts.reprocessMs, lang)],
    [
      t('attempts'),
      incident.attempts.length === 0 ? undefined : (
        <>
          {incident.attempts.map((attempt) => (
            <div key={attempt.number}>
              #{attempt.number} <Time value={attempt.failedAt} /> {attempt.rules.join(', ')}
            </div>
          ))}
        </>
      ),
    ],
    [
      t('process'),
      incident.processes.length === 0 ? undefined : (
        <>
          {incident.processes.map((process) => (
            <div key={process} style={{ overflowWrap: 'anywhere' }}>
              {process}
            </div>
          ))}
        </>
      ),
    ],
  ];
  return (
    <Card withBorder padding="lg">
      <Title order={5} mb={6}>
        {t('facts')}
      </Title>
      <Table className="stacks" withRowBorders={false} verticalSpacing={3}>
        <Table.Tbody>
          {rows
            .filter(([, value]) => value !== undefined)
            .map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Td w={220} className="quiet" style={{ verticalAlign: 'top' }}>
                  {name}
                </Table.Td>
                <Table.Td>{value}</Table.Td>
              </Table.Tr>
            ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}
