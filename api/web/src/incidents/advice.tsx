// Above the list of incidents: what the last ones have in common and one change mends. Nothing is shown where there is
// nothing of the kind. In: the advice of the API, asked for again every half a minute. The list of incidents shows it.
import { Alert, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { describeAdvice } from '../../../../core/text/advice.ts';
import { api } from '../server/client.ts';
import { useSpeech } from '../speech/text.tsx';

export function AdviceLines() {
  const { t, lang } = useSpeech();
  const query = useQuery({ queryKey: ['advice'], queryFn: api.advice, refetchInterval: 30_000 });
  const lines = query.data === undefined ? [] : describeAdvice(query.data, lang);
  if (lines.length === 0) return null;
  return (
    <Alert mb="sm" color="blue" title={t('advice')}>
      {lines.map((line) => (
        <Text key={line} size="sm">
          {line}
        </Text>
      ))}
    </Alert>
  );
}
