// Shows a failure as a card: cause, fixes, evidence, reasons and how the rule came to its answer; if no rule matches,
// the root exception and the lines. Takes a diagnosis or an unknown failure of the API. The views of incidents and of
// pasted logs show it.
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
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Diagnosis, Evidence, Severity, UnknownFailure } from '../../../../core/documents/incident.ts';
import type { FixSheet } from '../../../../core/documents/rule.ts';
import { OWNERS, RISKS, STATUSES } from '../../../../core/wording/wording.ts';
import { useTexts } from '../texts/text.tsx';
import { handOver } from './handover.ts';
import { splitSegments } from './segments.ts';
import { showHidden } from '../../../../core/text/hidden.ts';

export const SEVERITY_COLORS: Readonly<Record<Severity, string>> = {
  critical: 'red',
  error: 'red',
  warning: 'yellow',
  info: 'gray',
};

/**
 * Renders a diagnosis. `hasTitle`: the card shows the title, because no headline above it does. `children`: further
 * content of the view.
 */
export function DiagnosisCard({
  diagnosis,
  hasTitle = false,
  children,
}: {
  readonly diagnosis: Diagnosis;
  readonly hasTitle?: boolean;
  readonly children?: ReactNode;
}) {
  const { t, label, lang } = useTexts();
  return (
    <Card withBorder padding="lg">
      <Stack gap="md">
        <div>
          {hasTitle && (
            <Title order={4} mb={4} style={{ overflowWrap: 'anywhere' }}>
              {showHidden(diagnosis.title)}
            </Title>
          )}
          <Group gap="xs" mb={4}>
            <Badge variant="light" color={SEVERITY_COLORS[diagnosis.severity]} tt="none">
              {diagnosis.rule}
            </Badge>
            <Text size="xs" className="quiet">
              {t('confidence')} {diagnosis.confidence.toFixed(2)} · {label('owner')}
              {OWNERS[diagnosis.owner][lang]} · <Times count={diagnosis.count} /> · {STATUSES[diagnosis.status][lang]}
            </Text>
          </Group>
          <Text>{showHidden(diagnosis.summary)}</Text>
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
        {(diagnosis.score['specific'] ?? 0) < 0 && <WriteRule evidence={diagnosis.evidence} />}
        <Accordion variant="separated" chevronPosition="left" multiple defaultValue={['why']}>
          {diagnosis.reasons.length > 0 && (
            <Accordion.Item value="why">
              <Accordion.Control>{t('why')}</Accordion.Control>
              <Accordion.Panel>
                {diagnosis.reasons.map((reason) => (
                  <Text key={reason.id} size="sm">
                    <b>{Math.round(reason.weight * 100)}%</b> {showHidden(reason.text)}
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
        {children}
      </Stack>
    </Card>
  );
}

/** Renders an unknown failure. `children`: further content of the view. */
export function UnknownCard({
  unknown,
  children,
}: {
  readonly unknown: UnknownFailure;
  readonly children?: ReactNode;
}) {
  const { t, lang } = useTexts();
  return (
    <Card withBorder padding="lg">
      <Group gap="xs" mb={4}>
        <Badge variant="light" color="yellow" tt="none">
          {t('unknown')}
        </Badge>
        <Text size="xs" className="quiet">
          {unknown.group?.id ?? unknown.fingerprint} · {OWNERS[unknown.owner][lang]} · <Times count={unknown.count} />
        </Text>
      </Group>
      <Text mb="sm" style={{ overflowWrap: 'anywhere' }}>
        {showHidden(`${unknown.chain.at(-1) ?? ''}${unknown.message === '' ? '' : `: ${unknown.message}`}`)}
      </Text>
      <EvidenceList evidence={unknown.evidence} />
      <WriteRule evidence={unknown.evidence} />
      {children}
    </Card>
  );
}

/** Links to the rule editor with the lines of a failure that no rule or only a general one matches. */
function WriteRule({ evidence }: { readonly evidence: readonly Evidence[] }) {
  const { t } = useTexts();
  return (
    <Anchor
      component={Link}
      href="/rules/new"
      size="sm"
      onClick={() => handOver(evidence.map(({ text }) => text).join('\n'))}
    >
      {t('writeRule')}
    </Anchor>
  );
}

export function Times({ count }: { readonly count: number }) {
  const { t } = useTexts();
  return <>{count === 1 ? t('once') : `${count.toLocaleString()} ${t('times')}`}</>;
}

/** Renders a fix. `isFilled` is true if the texts contain no placeholders for values from a log. */
export function FixBox({ fix, isFilled = true }: { readonly fix: FixSheet; readonly isFilled?: boolean }) {
  const { t, label, lang } = useTexts();
  const patch = Object.entries(fix.patch)
    .map(([key, value]) => `${key}: ${value}`)
    .join('\n');
  return (
    <Card withBorder padding="sm" bg="light-dark(var(--mantine-color-teal-0), rgb(32 201 151 / 12%))">
      <Text size="sm">
        {showHidden(fix.text)}{' '}
        <Text span size="xs" className="quiet">
          · {RISKS[fix.risk][lang]}
        </Text>
      </Text>
      {patch !== '' && (
        <Group align="flex-start" justify="space-between" gap="xs" mt="xs">
          <Code block className="log" style={{ flex: '1 1 260px', minWidth: 0 }}>
            {patch}
          </Code>
          {isFilled && (
            <CopyButton value={patch}>
              {({ copied, copy }) => (
                <Button size="xs" variant="default" onClick={copy}>
                  {copied ? t('copied') : t('copy')}
                </Button>
              )}
            </CopyButton>
          )}
        </Group>
      )}
      {fix.cost !== undefined && (
        <Text size="sm" mt={4}>
          <b>{label('cost')}</b>
          {fix.cost}
        </Text>
      )}
      {fix.verify !== undefined && (
        <Text size="sm" mt={4}>
          <b>{label('verify')}</b>
          {fix.verify}
        </Text>
      )}
    </Card>
  );
}

function EvidenceList({ evidence }: { readonly evidence: readonly Evidence[] }) {
  const { t } = useTexts();
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
            <Code block className="log" mah={index === 0 ? 240 : 96} style={{ overflow: 'auto' }} tabIndex={0}>
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
  return splitSegments(text, ranges).map((segment, index) =>
    segment.isHighlighted ? <mark key={index}>{showHidden(segment.text)}</mark> : showHidden(segment.text),
  );
}

function WhyRule({ diagnosis }: { readonly diagnosis: Diagnosis }) {
  const { t, label } = useTexts();
  return (
    <Stack gap="xs">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Table withRowBorders={false} verticalSpacing={2}>
          <Table.Tbody>
            {Object.entries(diagnosis.values).map(([name, value]) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td ff="monospace" style={{ overflowWrap: 'anywhere' }}>
                  {showHidden(value)}
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
                  {label('score')}
                  {name}
                </Table.Td>
                <Table.Td ff="monospace">{value}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </SimpleGrid>
      <Anchor href={`/rules/${diagnosis.rule}`} size="xs" target="_blank">
        {t('theRule')}
      </Anchor>
      {diagnosis.references.map((reference) => (
        <Anchor key={reference} href={reference} size="xs" target="_blank" rel="noreferrer">
          {label('references')}
          {reference}
        </Anchor>
      ))}
    </Stack>
  );
}
