// Shows above the incident list what one change (a Flink upgrade) would fix among the last incidents; nothing if there
// is no such change. Polls the advice of the API every 30 seconds.
import { Alert, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { describeAdvice } from '../../../../core/wording/advice.ts';
import { api } from '../server/client.ts';
import { useTexts } from '../texts/text.tsx';

export function AdviceLines() {
  const { t, lang } = useTexts();
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
