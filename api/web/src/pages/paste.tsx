// Diagnoses a pasted log with the same engine; the server stores nothing of it. Takes the text that the reader pastes;
// shows a card for each failure in it. The frame (shell/app.tsx) shows it.
import { Button, Stack, Text, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../server/client.ts';
import { DiagnosisCard, UnknownCard } from '../view/diagnosis.tsx';
import { findPrimary } from '../../../../core/wording/primary.ts';
import { Problem } from '../view/state.tsx';
import { useTexts } from '../texts/text.tsx';

export function PastePage() {
  const { t, lang } = useTexts();
  const [text, setText] = useState('');
  const run = useMutation({ mutationFn: () => api.diagnose(text, lang) });
  const cards = run.data?.diagnoses.map((diagnosis) => (
    <DiagnosisCard key={`${diagnosis.rule}${diagnosis.job?.id ?? ''}`} diagnosis={diagnosis} hasTitle />
  ));
  const unknown = run.data?.unknown.map((item) => <UnknownCard key={item.fingerprint} unknown={item} />);
  return (
    <Stack maw={1080} mx="auto">
      <Textarea
        aria-label={t('paste')}
        placeholder={t('pasteHint')}
        autosize
        minRows={10}
        maxRows={24}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12.5 } }}
      />
      <Button w={160} disabled={text.trim() === ''} loading={run.isPending} onClick={() => run.mutate()}>
        {t('diagnose')}
      </Button>
      {run.isError && <Problem error={run.error} />}
      {run.data?.diagnoses.length === 0 && run.data.unknown.length === 0 && <Text>{t('nothingFound')}</Text>}
      {run.data !== undefined && (findPrimary(run.data).kind === 'cause' ? [cards, unknown] : [unknown, cards])}
    </Stack>
  );
}
