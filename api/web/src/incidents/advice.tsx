// Above the list of incidents: what those that it shows have in common and one change mends. Nothing is shown where
// there is nothing of the kind. The list of incidents shows it.
import { Alert, Text } from '@mantine/core';
import { describeAdvice, sumAdvice } from '../../../../core/text/advice.ts';
import type { ListedIncident } from '../server/client.ts';
import { useSpeech } from '../speech/text.tsx';

export function AdviceLines({ incidents }: { readonly incidents: readonly ListedIncident[] }) {
  const { t, lang } = useSpeech();
  const lines = describeAdvice(sumAdvice(incidents.filter(({ platform }) => platform === undefined)), lang);
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
