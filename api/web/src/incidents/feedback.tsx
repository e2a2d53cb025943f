// Shows the feedback on a diagnosis: the question, the given verdicts, and the precision of the rule. Takes an incident
// and one of its rules. A viewer with read access only sees no buttons. The view of an incident shows it on the card;
// the rule views show the precision.
import { Button, Group, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { VERDICTS } from '../../../../core/types.ts';
import type { FeedbackVerdict } from '../../../../core/documents/feedback.ts';
import type { RulePrecision } from '../../../schemas/rules.ts';
import { api } from '../server/client.ts';
import { useViewer } from '../server/viewer.ts';
import { useTexts } from '../texts/text.tsx';
import { Problem, Time } from '../view/state.tsx';

const WORDS = { right: 'verdictRight', wrong: 'verdictWrong', helped: 'verdictHelped' } as const satisfies Readonly<
  Record<FeedbackVerdict, string>
>;

export function FeedbackNote({ incident, rule }: { readonly incident: string; readonly rule: string }) {
  const { t } = useTexts();
  const queries = useQueryClient();
  const queryKey = ['feedback', incident];
  const { data } = useQuery({ queryKey, queryFn: () => api.feedback(incident) });
  const viewer = useViewer();
  const submit = useMutation({
    mutationFn: (verdict: FeedbackVerdict) => api.sayFeedback(incident, rule, verdict),
    onSuccess: (answer) => queries.setQueryData(queryKey, answer),
  });
  const verdicts = data?.feedback.filter((item) => item.rule === rule) ?? [];
  const precision = data?.rules.find(({ id }) => id === rule)?.precision;
  const maySubmit = viewer !== undefined && viewer.role !== 'reader';
  const own = verdicts.find(({ by }) => by === viewer?.name)?.verdict;
  return (
    <Stack gap={4}>
      {maySubmit && (
        <Group gap="xs">
          <Text size="sm">{t('isItRight')}</Text>
          {VERDICTS.map((verdict) => (
            <Button
              key={verdict}
              size="compact-xs"
              variant={verdict === own ? 'filled' : 'default'}
              aria-pressed={verdict === own}
              loading={submit.isPending && submit.variables === verdict}
              onClick={() => submit.mutate(verdict)}
            >
              {t(WORDS[verdict])}
            </Button>
          ))}
        </Group>
      )}
      {submit.isError && <Problem error={submit.error} />}
      {verdicts.map(({ by, verdict, at }) => (
        <Text key={by} size="xs" className="quiet">
          {by}: {t(WORDS[verdict])} · <Time value={at} />
        </Text>
      ))}
      {precision !== undefined && <PrecisionText precision={precision} />}
    </Stack>
  );
}

/** Renders the share with its interval, and a note if the rule sends no alerts. */
export function PrecisionText({ precision }: { readonly precision: RulePrecision }) {
  const { t } = useTexts();
  const { right, wrong, share, low, high, alerts } = precision;
  return (
    <Text size="xs" className={alerts ? 'quiet' : undefined} c={alerts ? undefined : 'red'}>
      {t('ruleRight')} {percent(share)} ({percent(low)}–{percent(high)}) · {right}/{right + wrong}
      {alerts ? '' : ` · ${t('alertsPaused')}`}
    </Text>
  );
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
