// Shows the catalog: all rules with their status, and the problems of rejected rules. Takes the rules of the API; links
// to the view of each rule (rule.tsx). The frame (shell/app.tsx) shows it.
import { Alert, Anchor, Badge, Button, Code, Group, Select, Table, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { PrecisionText } from '../incidents/feedback.tsx';
import type { RuleRow } from '../../../schemas/rules.ts';
import { api } from '../server/client.ts';
import { holdsWords, useChoices } from '../view/address.ts';
import { Empty, Problem, Waiting } from '../view/state.tsx';
import { OWNERS, STATUSES } from '../../../../core/wording/wording.ts';
import { useTexts } from '../texts/text.tsx';

export function RulesPage() {
  const { t } = useTexts();
  const { address, choose } = useChoices();
  const query = useQuery({ queryKey: ['rules'], queryFn: api.rules });
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Problem error={query.error} />;
  const { rules, problems } = query.data;
  const [words, area] = [address.get('q') ?? '', address.get('area')];
  const found = findRules(rules, words, area);
  return (
    <>
      <Group gap="xs" mb="sm">
        <Title order={3}>{t('rules')}</Title>
        <Badge variant="light" color="gray" tt="none">
          {found.length < rules.length ? `${found.length} ${t('of')} ${rules.length}` : rules.length}
        </Badge>
        <Button component={Link} href="/rules/new" size="compact-sm" variant="default">
          {t('writeRule')}
        </Button>
      </Group>
      {problems.length > 0 && (
        <Alert color="yellow" title={t('rulesRefused')} mb="sm">
          <Code block>{problems.join('\n')}</Code>
        </Alert>
      )}
      <Group gap="xs" mb="sm" className="filters" role="search" aria-label={t('rules')}>
        <TextInput
          size="xs"
          w={320}
          type="search"
          aria-label={t('ruleSearch')}
          placeholder={t('ruleSearch')}
          value={words}
          onChange={(event) => choose('q', event.currentTarget.value)}
        />
        <Select
          size="xs"
          w={220}
          clearable
          searchable
          aria-label={t('area')}
          placeholder={t('area')}
          data={countAreas(rules)}
          value={area}
          onChange={(value) => choose('area', value)}
        />
      </Group>
      {found.length === 0 ? (
        <Empty title={t('noMatchingRules')}>{t('noMatchingRulesHint')}</Empty>
      ) : (
        <RuleTable rules={found} />
      )}
    </>
  );
}

/** Returns the rules of the area whose id or title contain each of the words. */
function findRules(rules: readonly RuleRow[], words: string, area: string | null): readonly RuleRow[] {
  return rules.filter(
    ({ id, title }) => (area === null || areaOf(id) === area) && holdsWords(`${id} ${title.en} ${title.zh}`, words),
  );
}

/** Returns the area of a rule: `network.insufficient-buffers/total` → `network`. */
function areaOf(id: string): string {
  return id.split('.')[0] ?? id;
}

function countAreas(rules: readonly RuleRow[]): { value: string; label: string }[] {
  const counts = new Map<string, number>();
  for (const { id } of rules) counts.set(areaOf(id), (counts.get(areaOf(id)) ?? 0) + 1);
  return [...counts].sort().map(([value, count]) => ({ value, label: `${value} (${count})` }));
}

function RuleTable({ rules }: { readonly rules: readonly RuleRow[] }) {
  const { t, lang } = useTexts();
  return (
    <Table className="stacks" highlightOnHover>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t('rule')}</Table.Th>
          <Table.Th>{t('title')}</Table.Th>
          <Table.Th>{t('owner')}</Table.Th>
          <Table.Th>{t('status')}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rules.map((rule) => (
          <Table.Tr key={rule.id}>
            <Table.Td ff="monospace">
              <Anchor component={Link} href={`/rules/${rule.id}`} size="sm" ff="monospace">
                {rule.id}
              </Anchor>
            </Table.Td>
            <Table.Td className="whole">
              {rule.title[lang]}
              {rule.precision !== undefined && <PrecisionText precision={rule.precision} />}
            </Table.Td>
            <Table.Td data-name={t('owner')}>
              <Text size="sm" component="span">
                {OWNERS[rule.owner][lang]}
              </Text>
            </Table.Td>
            <Table.Td>
              <StatusBadge status={rule.status} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** Renders the status of a rule, which tells how far it is proven. */
export function StatusBadge({ status }: { readonly status: RuleRow['status'] }) {
  const { lang } = useTexts();
  return (
    <Badge
      variant="light"
      color={status === 'stable' ? 'teal' : 'gray'}
      tt="none"
      styles={{ root: { minWidth: 'max-content' }, label: { overflow: 'visible' } }}
    >
      {STATUSES[status][lang]}
    </Badge>
  );
}
