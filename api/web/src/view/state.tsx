// Shows the common states of views: loading, errors, no data, and an unavailable server. Also formats durations. Takes
// an error or a number of milliseconds; returns elements and texts in the reader's language.
import { toIso } from '../../../../core/time/iso.ts';
import { Alert, Button, Center, Group, Loader, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Language } from '../../../../core/types.ts';
import { RequestError } from '../server/client.ts';
import { useTexts } from '../texts/text.tsx';
import { Time } from './time.tsx';

export { Time };

export function Problem({ error }: { readonly error: Error }) {
  const { t } = useTexts();
  const known = error instanceof RequestError;
  if (known && error.status === 404) return <Alert color="yellow">{t('notFound')}</Alert>;
  return (
    <Alert color="red" title={known ? error.message : t('unreachable')}>
      {known ? error.fix : t('unreachableHint')}
    </Alert>
  );
}

/** Shows that the server is unavailable, and when (in Unix milliseconds) the data below were loaded. */
export function Stale({ since, retry }: { readonly since: number; readonly retry: () => void }) {
  const { t, label } = useTexts();
  return (
    <Alert color="yellow" mb="sm" role="status" title={t('unreachable')}>
      <Group gap="xs">
        <Text size="sm">
          {label('staleSince')}
          <Time value={toIso(since)} /> · {t('staleHint')}
        </Text>
        <Button size="compact-sm" variant="default" onClick={retry}>
          {t('tryNow')}
        </Button>
      </Group>
    </Alert>
  );
}

export function Waiting() {
  return (
    <Center p="xl">
      <Loader size="sm" />
    </Center>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <Center p="xl">
      <Stack align="center" gap={4}>
        <Text fw={600}>{title}</Text>
        <Text className="quiet">{children}</Text>
      </Stack>
    </Center>
  );
}

const UNITS = { en: ['s', 'min', 'h'], zh: ['秒', '分钟', '小时'] } as const;

export function formatDuration(ms: number, lang: Language): string {
  const [s, min, h] = UNITS[lang];
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} ${s}`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} ${min}` : `${(minutes / 60).toFixed(1)} ${h}`;
}
