// The lines around a record in the same process, across its files, with the record marked. In: the id of the record.
// The search shows it above its rows.
import { Button, Card, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { api } from '../server/client.ts';
import { RecordRow } from './record.tsx';
import { Problem, Waiting } from '../view/state.tsx';
import { useSpeech } from '../speech/text.tsx';

const LINES = 20;

export function ContextPanel({ id, close }: { readonly id: string; readonly close: () => void }) {
  const { t } = useSpeech();
  const hit = useRef<HTMLDivElement>(null);
  const query = useQuery({ queryKey: ['context', id], queryFn: () => api.context(id, LINES) });
  // In braces: what it gives, a promise in newer browsers, is no clean-up.
  useEffect(() => {
    hit.current?.scrollIntoView({ block: 'center' });
  }, [query.data]);
  return (
    <Card withBorder padding="xs">
      <Group justify="space-between" mb={6}>
        <Text fw={600} size="sm">
          {t('context')}
        </Text>
        <Button size="compact-xs" variant="default" onClick={close}>
          {t('close')}
        </Button>
      </Group>
      {query.isPending && <Waiting />}
      {query.isError && <Problem error={query.error} />}
      {query.data !== undefined && (
        <div style={{ maxHeight: 460, overflow: 'auto' }}>
          {query.data.records.map((record, index) => (
            <div key={record.id} ref={index === query.data.index ? hit : undefined}>
              <RecordRow record={record} hit={index === query.data.index} />
            </div>
          ))}
        </div>
      )}
    </Card>
  );
}
