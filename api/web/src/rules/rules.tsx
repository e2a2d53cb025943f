// The catalog: what Jobtrace can name, and how far each rule is proven. In: the rules of the API, and what is wrong
// with those that it refused. The frame (shell/app.tsx) shows it.
import { Alert, Badge, Code, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { PrecisionText } from '../incidents/feedback.tsx';
import { api } from '../server/client.ts';
import { Problem, Waiting } from '../view/state.tsx';
import { OWNERS, STATUSES } from '../../../../core/text/wording.ts';
import { useSpeech } from '../speech/text.tsx';

export function RulesPage() {
  const { t, lang } = useSpeech();
  const query = useQuery({ queryKey: ['rules'], queryFn: api.rules });
  if (query.isPending) return <Waiting />;
  if (query.isError) return <Problem error={query.error} />;
  return (
    <>
      <Title order={3} mb="sm">
        {t('rules')}{' '}
        <Badge variant="light" color="gray">
          {query.data.rules.length}
        </Badge>
      </Title>
      {query.data.problems.length > 0 && (
        <Alert color="yellow" title={t('rulesRefused')} mb="sm">
          <Code block>{query.data.problems.join('\n')}</Code>
        </Alert>
      )}
      <Table className="stacks" highlightOnHover>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('rule')}</Table.Th>
            <Table.Th>{t('title')}</Table.Th>
            <Table.Th>{t('whose')}</Table.Th>
            <Table.Th>{t('status')}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {query.data.rules.map((rule) => (
            <Table.Tr key={rule.id}>
              <Table.Td ff="monospace">{rule.id}</Table.Td>
              <Table.Td className="whole">
                {rule.title[lang]}
                {rule.precision !== undefined && <PrecisionText precision={rule.precision} />}
              </Table.Td>
              <Table.Td data-name={t('whose')}>
                <Text size="sm" component="span">
                  {OWNERS[rule.owner][lang]}
                </Text>
              </Table.Td>
              <Table.Td>
                <Badge
                  variant="light"
                  color={rule.status === 'stable' ? 'teal' : 'gray'}
                  tt="none"
                  styles={{ root: { minWidth: 'max-content' }, label: { overflow: 'visible' } }}
                >
                  {STATUSES[rule.status][lang]}
                </Badge>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  );
}
