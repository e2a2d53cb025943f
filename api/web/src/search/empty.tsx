// Shows help for a search without results: variants that would find lines, with their counts and a link; the time of
// the newest line; and silent agents. Takes the address. The search shows it in place of rows.
import { Anchor, Card, Stack, Text } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api } from '../server/client.ts';
import { useTexts } from '../texts/text.tsx';
import { Time } from '../view/time.tsx';
import { listVariants, toRequest } from './address.ts';

/** Time without a report, in milliseconds, after which an agent is silent. An agent reports every few seconds. */
const SILENT_MS = 120_000;

export function EmptyResult({
  address,
  go,
}: {
  readonly address: URLSearchParams;
  readonly go: (address: URLSearchParams) => void;
}) {
  const { t, lang } = useTexts();
  const text = address.toString();
  const variants = useMemo(() => listVariants(new URLSearchParams(text)), [text]);
  const now = useMemo(() => Date.now(), [text]);
  const pages = useQueries({
    queries: variants.map((variant) => ({
      queryKey: ['variant', variant.address.toString(), now],
      queryFn: () => {
        const parameters = toRequest(variant.address, now);
        parameters.set('limit', '1');
        return api.records(parameters);
      },
    })),
  });
  const agents = useQuery({ queryKey: ['agents', lang], queryFn: () => api.agents(lang) });
  const silent = agents.data?.agents.filter(({ time }) => now - Date.parse(time) > SILENT_MS) ?? [];
  const found = variants.flatMap((variant, index) => {
    const page = pages[index]?.data;
    return page === undefined || page.total === 0 ? [] : [{ ...variant, total: page.total, newest: page.records[0] }];
  });
  return (
    <Card withBorder padding="lg">
      <Stack gap={6}>
        <Text fw={600}>{t('noLines')}</Text>
        {found.length === 0 && pages.every(({ isPending }) => !isPending) && (
          <Text className="quiet">{t('noLinesHint')}</Text>
        )}
        {found.map((variant) => (
          <Text key={variant.address.toString()} size="sm">
            {t(variant.name)}{' '}
            <Anchor component="button" className="log" onClick={() => go(variant.address)}>
              {variant.what === '' ? '' : `${variant.what} · `}
              {variant.total.toLocaleString()} {t('lines')}
            </Anchor>
            {variant.newest !== undefined && (
              <Text span size="sm" className="quiet">
                {' '}
                · {t('newestAt')} <Time value={variant.newest['@timestamp']} />
              </Text>
            )}
          </Text>
        ))}
        {silent.map(({ id, host, time }) => (
          <Text key={id} size="sm">
            {t('silentAgent')} {host} · {t('lastSeen')} <Time value={time} />
          </Text>
        ))}
      </Stack>
    </Card>
  );
}
