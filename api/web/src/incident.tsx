// One incident, in the order a person with two minutes needs it: what broke, what to do, the lines that prove it,
// then why, what follows from it, and how the rule came to its answer.
import {
  Accordion,
  Anchor,
  Badge,
  Button,
  Card,
  Code,
  CopyButton,
  Group,
  SimpleGrid,
  Stack,
  Table,
  Text,
  Title,
} from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { Diagnosis, Evidence, Fix, UnknownFailure } from '../../../core/types.ts';
import { api, type ShownIncident } from './client.ts';
import { OUTCOME_COLORS, SEVERITY_COLORS } from './incidents.tsx';
import { formatDuration, Problem, Time, Waiting } from './state.tsx';
import { OUTCOMES, OWNERS, useSpeech } from './text.tsx';

export function IncidentPage({ id }: { readonly id: string }) {
  const { lang } = useSpeech();
  const query = useQuery({
    queryKey: ['incident', id, lang],
    queryFn: () => api.incident(id, lang),
    refetchInterval: 2000,
  });
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Problem error={query.error} />;
  const incident = query.data;
  const [first, ...others] = incident.diagnoses;
  return (
    <Stack maw={1080} mx="auto" gap="md">
      <Headline incident={incident} first={first} />
      {first !== undefined && <DiagnosisCard diagnosis={first} />}
      {others
        .filter((item) => !item.symptom)
        .map((item) => (
          <DiagnosisCard key={item.rule} diagnosis={item} />
        ))}
      {incident.unknown.map((item) => (
        <UnknownCard key={item.fingerprint} unknown={item} />
      ))}
      <Consequences diagnoses={others.filter((item) => item.symptom)} />
      <Facts incident={incident} />
    </Stack>
  );
}

function Headline({ incident, first }: { readonly incident: ShownIncident; readonly first: Diagnosis | undefined }) {
  const { t, lang } = useSpeech();
  return (
    <Stack gap={4}>
      <Title order={2}>{first?.title ?? t('unknown')}</Title>
      <Group gap="sm">
        <Badge color={OUTCOME_COLORS[incident.outcome]} tt="none">
          {OUTCOMES[incident.outcome][lang]}
        </Badge>
        <Text size="sm">
          {incident.job === undefined
            ? `${t('process')} ${incident.process ?? ''}`
            : `${t('job')} ${incident.job.name ?? ''} `}
          {incident.job !== undefined && <Code>{incident.job.id}</Code>}
        </Text>
        <Text size="sm" className="quiet">
          {t('since')} <Time value={incident.firstSeen} /> · {t('restarts')}: {incident.restarts} · {t('cluster')}{' '}
          {incident.cluster}
        </Text>
        {incident.job !== undefined && (
          <Anchor component={Link} size="sm" href={`/search?job=${encodeURIComponent(incident.job.id)}&range=all`}>
            {t('search')} →
          </Anchor>
        )}
      </Group>
    </Stack>
  );
}

export function DiagnosisCard({ diagnosis }: { readonly diagnosis: Diagnosis }) {
  const { t, lang } = useSpeech();
  return (
    <Card withBorder padding="lg">
      <Stack gap="md">
        <div>
          <Group gap="xs" mb={4}>
            <Badge variant="light" color={SEVERITY_COLORS[diagnosis.severity]} tt="none">
              {diagnosis.rule}
            </Badge>
            <Text size="xs" className="quiet">
              {t('confidence')} {diagnosis.confidence.toFixed(2)} · {t('whose')}: {OWNERS[diagnosis.owner][lang]} ·{' '}
              {diagnosis.count} {t('times')} · {diagnosis.status}
            </Text>
          </Group>
          <Text>{diagnosis.summary}</Text>
        </div>
        {diagnosis.fixes.length > 0 && (
          <div>
            <Title order={5} mb={6}>
              {t('fix')}
            </Title>
            <Stack gap="sm">
              {diagnosis.fixes.map((fix) => (
                <FixBox key={fix.id} fix={fix} />
              ))}
            </Stack>
          </div>
        )}
        <EvidenceList evidence={diagnosis.evidence} />
        <Accordion variant="separated" chevronPosition="left" multiple defaultValue={['why']}>
          {diagnosis.reasons.length > 0 && (
            <Accordion.Item value="why">
              <Accordion.Control>{t('why')}</Accordion.Control>
              <Accordion.Panel>
                {diagnosis.reasons.map((reason) => (
                  <Text key={reason.id} size="sm">
                    <b>{Math.round(reason.weight * 100)} %</b> {reason.text}
                  </Text>
                ))}
              </Accordion.Panel>
            </Accordion.Item>
          )}
          <Accordion.Item value="rule">
            <Accordion.Control>{t('whyThisRule')}</Accordion.Control>
            <Accordion.Panel>
              <WhyRule diagnosis={diagnosis} />
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
      </Stack>
    </Card>
  );
}

function FixBox({ fix }: { readonly fix: Fix }) {
  const { t } = useSpeech();
  const patch = Object.entries(fix.patch)
    .map(([key, value]) => `${key}: ${value}`)
    .join('\n');
  return (
    <Card withBorder padding="sm" bg="var(--mantine-color-teal-light)">
      <Text size="sm">
        {fix.text}{' '}
        <Text span size="xs" className="quiet">
          ({t('risk')}: {fix.risk})
        </Text>
      </Text>
      {patch !== '' && (
        <Group align="flex-start" justify="space-between" mt="xs" wrap="nowrap">
          <Code block style={{ flex: 1 }}>
            {patch}
          </Code>
          <CopyButton value={patch}>
            {({ copied, copy }) => (
              <Button size="xs" variant="default" onClick={copy}>
                {copied ? t('copied') : t('copy')}
              </Button>
            )}
          </CopyButton>
        </Group>
      )}
      {fix.cost !== undefined && (
        <Text size="sm" mt={4}>
          <b>{t('cost')}:</b> {fix.cost}
        </Text>
      )}
      {fix.verify !== undefined && (
        <Text size="sm" mt={4}>
          <b>{t('verify')}:</b> {fix.verify}
        </Text>
      )}
    </Card>
  );
}

function EvidenceList({ evidence }: { readonly evidence: readonly Evidence[] }) {
  const { t } = useSpeech();
  if (evidence.length === 0) return null;
  return (
    <div>
      <Title order={5} mb={6}>
        {t('evidence')}
      </Title>
      <Stack gap="sm">
        {evidence.slice(0, 5).map((item, index) => (
          <div key={`${item.recordId ?? item.file}:${item.line}:${index}`}>
            <Group gap="xs">
              <Text size="xs" className="quiet" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
                {item.host === undefined ? '' : `${item.host} · `}
                {item.file}
                {item.line > 0 ? `:${item.line}` : ''}
              </Text>
              {item.recordId !== undefined && (
                <Anchor
                  size="xs"
                  component={Link}
                  href={`/search?range=all&record=${encodeURIComponent(item.recordId)}`}
                >
                  {t('inContext')}
                </Anchor>
              )}
            </Group>
            <Code block className="log" mah={index === 0 ? 240 : 96} style={{ overflow: 'auto' }}>
              <Highlighted text={item.text} ranges={item.highlights ?? []} />
            </Code>
          </div>
        ))}
      </Stack>
    </div>
  );
}

function Highlighted({
  text,
  ranges,
}: {
  readonly text: string;
  readonly ranges: readonly (readonly [number, number])[];
}) {
  const ordered = [...ranges].sort((a, b) => a[0] - b[0]);
  const pieces = [];
  let at = 0;
  for (const [start, end] of ordered) {
    if (start < at) continue;
    pieces.push(text.slice(at, start), <mark key={start}>{text.slice(start, end)}</mark>);
    at = end;
  }
  return (
    <>
      {pieces}
      {text.slice(at)}
    </>
  );
}

function WhyRule({ diagnosis }: { readonly diagnosis: Diagnosis }) {
  const { t } = useSpeech();
  return (
    <Stack gap="xs">
      <SimpleGrid cols={2}>
        <Table withRowBorders={false} verticalSpacing={2}>
          <Table.Tbody>
            {Object.entries(diagnosis.values).map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td ff="monospace" style={{ overflowWrap: 'anywhere' }}>
                  {value}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Table withRowBorders={false} verticalSpacing={2}>
          <Table.Tbody>
            {Object.entries(diagnosis.score).map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Td>
                  {t('score')}: {name}
                </Table.Td>
                <Table.Td ff="monospace">{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </SimpleGrid>
      {diagnosis.references.map((reference) => (
        <Anchor key={reference} href={reference} size="xs" target="_blank" rel="noreferrer">
          {t('references')}: {reference}
        </Anchor>
      ))}
    </Stack>
  );
}

export function UnknownCard({ unknown }: { readonly unknown: UnknownFailure }) {
  const { t, lang } = useSpeech();
  return (
    <Card withBorder padding="lg">
      <Group gap="xs" mb={4}>
        <Badge variant="light" color="yellow" tt="none">
          {t('unknown')}
        </Badge>
        <Text size="xs" className="quiet">
          {unknown.fingerprint} · {OWNERS[unknown.owner][lang]} · {unknown.count} {t('times')}
        </Text>
      </Group>
      <Text mb="sm" style={{ overflowWrap: 'anywhere' }}>
        {unknown.chain.at(-1)}
        {unknown.message === '' ? '' : `: ${unknown.message}`}
      </Text>
      <EvidenceList evidence={unknown.evidence} />
    </Card>
  );
}

function Consequences({ diagnoses }: { readonly diagnoses: readonly Diagnosis[] }) {
  const { t } = useSpeech();
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
            {item.rule} · {item.count} {t('times')}
          </Text>
        </Text>
      ))}
    </Card>
  );
}

function Facts({ incident }: { readonly incident: ShownIncident }) {
  const { t } = useSpeech();
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
    [t('reprocess'), facts.reprocessMs === undefined ? undefined : formatDuration(facts.reprocessMs)],
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
      <Table withRowBorders={false} verticalSpacing={3}>
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
