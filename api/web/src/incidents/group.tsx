// Shows the group of a failure that no rule matches: count, affected jobs, common features, and a link to write a rule.
// Takes the group of the failure. The view of an incident shows it below the failure's lines.
import { Anchor, Code, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import type { FailureGroup } from '../../../../core/documents/incident.ts';
import type { ShownGroup } from '../../../schemas/incidents.ts';
import { api } from '../server/client.ts';
import { useTexts } from '../texts/text.tsx';
import { Time } from '../view/state.tsx';

const SHOWN_JOBS = 6;

export function GroupNote({ group }: { readonly group: FailureGroup }) {
  const { t } = useTexts();
  const { data } = useQuery({
    queryKey: ['group', group.id],
    queryFn: () => api.group(group.id),
    refetchInterval: 10_000,
  });
  return (
    <Stack gap={4} mt="md">
      <Title order={5}>{t('seenBefore')}</Title>
      {data !== undefined && <Occurrences sum={data} />}
      <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
        <Text span className="quiet">
          {t('groupedBy')}{' '}
        </Text>
        {[group.type, group.message, group.place]
          .filter((part) => part !== undefined && part !== '')
          .map((part) => (
            <Code key={part} mr={4}>
              {part}
            </Code>
          ))}
      </Text>
      <Text size="sm">
        <Text span className="quiet">
          {t('draftRule')}{' '}
        </Text>
        <Code>{`jobtrace incidents --group ${group.id} --limit 1 --format log | jobtrace rules new -`}</Code>
      </Text>
    </Stack>
  );
}

function Occurrences({ sum }: { readonly sum: ShownGroup }) {
  const { t } = useTexts();
  const more = sum.jobsTotal - Math.min(sum.jobs.length, SHOWN_JOBS);
  return (
    <>
      <Text size="sm">
        <b>{sum.lastDay}</b> {t('inLastDay')} · <b>{sum.lastWeek}</b> {t('inLastWeek')} · <b>{sum.incidents}</b>{' '}
        {t('inTotal')}
        <Text span className="quiet">
          {' '}
          · {t('firstTime')} <Time value={sum.firstSeen} /> · {t('lastTime')} <Time value={sum.lastSeen} />
        </Text>
      </Text>
      {sum.jobs.length > 0 && (
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          <Text span className="quiet">
            {t('onJobs')}{' '}
          </Text>
          {sum.jobs.slice(0, SHOWN_JOBS).map((job, index) => (
            <span key={`${job.cluster ?? ''}/${job.id}`}>
              {index === 0 ? '' : ' · '}
              <Anchor component={Link} href={`/search?job=${encodeURIComponent(job.id)}&range=all`}>
                {job.name ?? job.id}
              </Anchor>
              {job.incidents > 1 ? ` ×${job.incidents}` : ''}
            </span>
          ))}
          {more > 0 ? ` + ${more}` : ''}
        </Text>
      )}
    </>
  );
}
