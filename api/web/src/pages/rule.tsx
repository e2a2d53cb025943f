// Shows a rule: texts, matchers, fixes, explained symptoms, sample logs, and its precision here. Takes a rule of the
// API with its sheet. The list (rules.tsx) and the cards of incidents link here.
import { Accordion, Anchor, Badge, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { FixBox, SEVERITY_COLORS } from '../view/diagnosis.tsx';
import { PrecisionText } from '../incidents/feedback.tsx';
import type { ShownRule } from '../../../schemas/rules.ts';
import { api, RequestError } from '../server/client.ts';
import type { RuleSheet } from '../../../../core/documents/rule.ts';
import { Empty, Problem, Waiting } from '../view/state.tsx';
import { OWNERS, SEVERITIES } from '../../../../core/wording/wording.ts';
import { useTexts } from '../texts/text.tsx';
import { Conditions } from './conditions.tsx';
import { StatusBadge } from './rules.tsx';

export function RulePage({ id }: { readonly id: string }) {
  const { t, label, lang } = useTexts();
  const query = useQuery({ queryKey: ['rule', id, lang], queryFn: () => api.rule(id, lang) });
  if (query.isPending) return <Waiting />;
  if (query.error instanceof RequestError && query.error.status === 404)
    return <Empty title={query.error.message}>{query.error.fix}</Empty>;
  if (query.isError) return <Problem error={query.error} />;
  const rule = query.data;
  const { sheet } = rule;
  return (
    <Stack gap="md" maw={1080} mx="auto">
      <div>
        <Anchor component={Link} href="/rules" size="sm">
          ← {t('allRules')}
        </Anchor>
        <Title order={3} mt={4}>
          {rule.title[lang]}
        </Title>
        <Heading rule={rule} />
      </div>
      {sheet !== undefined && <Sheet sheet={sheet} />}
      {rule.references.map((reference) => (
        <Anchor key={reference} href={reference} size="sm" target="_blank" rel="noreferrer">
          {label('references')}
          {reference}
        </Anchor>
      ))}
    </Stack>
  );
}

function Heading({ rule }: { readonly rule: ShownRule }) {
  const { t, label, lang } = useTexts();
  return (
    <>
      <Group gap="xs" mt={4}>
        <Text ff="monospace" size="sm">
          {rule.id}
        </Text>
        <Badge variant="light" color={SEVERITY_COLORS[rule.severity]} tt="none">
          {SEVERITIES[rule.severity][lang]}
        </Badge>
        <StatusBadge status={rule.status} />
        {rule.isOwn && (
          <Anchor component={Link} href={`/rules/edit/${rule.id}`} size="sm">
            {t('editRule')} →
          </Anchor>
        )}
        <Text size="xs" className="quiet">
          {label('owner')}
          {OWNERS[rule.owner][lang]}
          {rule.sheet?.role === 'symptom' ? ` · ${t('isSymptom')}` : ''}
        </Text>
      </Group>
      {rule.precision !== undefined && <PrecisionText precision={rule.precision} />}
      <Fired cause={rule.cause} />
    </>
  );
}

/** Renders the number of stored incidents with the rule's cause. */
function Fired({ cause }: { readonly cause: string }) {
  const { label } = useTexts();
  const query = useQuery({
    queryKey: ['incidents-of', cause],
    queryFn: () => api.incidentRows(new URLSearchParams({ cause, limit: '1' })),
  });
  if (query.data === undefined) return null;
  return (
    <Text size="sm" mt={4}>
      {label('incidentsOfCause')}
      <Anchor component={Link} underline="always" href={`/incidents?cause=${encodeURIComponent(cause)}`}>
        {query.data.total}
      </Anchor>
    </Text>
  );
}

function Sheet({ sheet }: { readonly sheet: RuleSheet }) {
  const { t } = useTexts();
  return (
    <>
      <Part title={t('ruleDiagnosis')}>
        <Text>{sheet.summary}</Text>
      </Part>
      <Part title={t('ruleConditions')}>
        <Conditions sheet={sheet} />
      </Part>
      {sheet.reasons.length > 0 && (
        <Part title={t('possibleReasons')}>
          {sheet.reasons.map(({ text, weight, when }) => (
            <Text key={text} size="sm">
              <b>{Math.round(weight * 100)}%</b> {text} <StatedValue by={t('whenSo')} expression={when} />
            </Text>
          ))}
        </Part>
      )}
      {sheet.fixes.length > 0 && (
        <Part title={t('fix')}>
          {sheet.fixes.map((fix) => (
            <div key={`${fix.text}${fix.when}`}>
              <FixBox fix={fix} isFilled={false} />
              <StatedValue by={t('computedBy')} expression={fix.computedBy} />{' '}
              <StatedValue by={t('whenSo')} expression={fix.when} />
            </div>
          ))}
        </Part>
      )}
      {sheet.explains.length > 0 && (
        <Part title={t('explainsSymptoms')}>
          <Text size="sm" ff="monospace">
            {sheet.explains.join(', ')}
          </Text>
        </Part>
      )}
      <Proofs logs={sheet.logs} moreLogs={sheet.moreLogs} />
    </>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <section aria-label={title}>
      <Title order={5} mb={6}>
        {title}
      </Title>
      <Stack gap="xs">{children}</Stack>
    </section>
  );
}

/** Renders the expression that is the condition of a text or that computes a value. */
function StatedValue({ by, expression }: { readonly by: string; readonly expression?: string | undefined }) {
  if (expression === undefined) return null;
  return (
    <Text span size="xs" className="quiet">
      {by} <Code>{expression}</Code>
    </Text>
  );
}

function Proofs({ logs, moreLogs }: Pick<RuleSheet, 'logs' | 'moreLogs'>) {
  const { t } = useTexts();
  if (logs.length === 0) return null;
  return (
    <Part title={t('proofs')}>
      {[true, false].map((isMatch) => {
        const own = logs.filter((log) => log.isMatch === isMatch);
        return (
          own.length > 0 && (
            <div key={String(isMatch)}>
              <Text size="sm" mb={4}>
                {isMatch ? t('mustMatch') : t('mustNotMatch')}
              </Text>
              <Accordion variant="separated" chevronPosition="left" multiple>
                {own.map(({ name, text, isCut }) => (
                  <Accordion.Item key={name} value={name}>
                    <Accordion.Control>
                      <Text size="sm" ff="monospace">
                        {name}
                      </Text>
                    </Accordion.Control>
                    <Accordion.Panel>
                      <Code block className="log" mah={420} style={{ overflow: 'auto' }} tabIndex={0}>
                        {text}
                        {isCut ? `\n${t('cutHere')}` : ''}
                      </Code>
                    </Accordion.Panel>
                  </Accordion.Item>
                ))}
              </Accordion>
            </div>
          )
        );
      })}
      {moreLogs > 0 && (
        <Text size="xs" className="quiet">
          + {moreLogs} {t('moreLogs')}
        </Text>
      )}
    </Part>
  );
}
