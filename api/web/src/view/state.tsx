// What every room shows while it waits, when the server refuses, and when there is nothing; and how times and durations
// are written. In: an error, a time, a number of milliseconds. Out: elements and texts in the reader's language.
import { Alert, Center, Loader, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { RequestError } from '../server/client.ts';
import { useSpeech } from '../speech/text.tsx';

export function Problem({ error }: { readonly error: Error }) {
  const { t } = useSpeech();
  const known = error instanceof RequestError;
  if (known && error.status === 404) return <Alert color="yellow">{t('notFound')}</Alert>;
  return (
    <Alert color="red" title={known ? error.message : t('unreachable')}>
      {known ? error.fix : error.message}
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

/** Time in the reader's zone; the UTC time on hover. */
export function Time({ value }: { readonly value: string | undefined }) {
  if (value === undefined) return <span>–</span>;
  const time = new Date(value);
  const pad = (part: number, digits = 2): string => String(part).padStart(digits, '0');
  const text = `${time.getFullYear()}-${pad(time.getMonth() + 1)}-${pad(time.getDate())} ${pad(time.getHours())}:${pad(time.getMinutes())}:${pad(time.getSeconds())}.${pad(time.getMilliseconds(), 3)}`;
  return (
    <time dateTime={value} title={`${value} (UTC)`} style={{ whiteSpace: 'nowrap' }}>
      {text}
    </time>
  );
}

export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
