// One record as a row: time, level, logger, message; a stack trace is a phrase until it is opened, its root first. In:
// a record of the API. Out: a filter or the wish to see its context. The search and the context show it.
import { Anchor, Badge, Code, CopyButton, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import type { LogRecord } from '../../../../core/types.ts';
import { Time } from '../view/state.tsx';
import { useSpeech } from '../speech/text.tsx';

interface RowProps {
  readonly record: LogRecord;
  readonly hit?: boolean;
  readonly openContext?: () => void;
  readonly filter?: (changes: Readonly<Record<string, string>>) => void;
}

export function RecordRow({ record, hit = false, openContext, filter }: RowProps) {
  const [open, setOpen] = useState(hit);
  const toggle = (): void => {
    if ((getSelection()?.toString() ?? '') === '') setOpen(!open);
  };
  const level = record['log.level'];
  return (
    <div>
      <div
        className={`row log${hit ? ' hit' : ''}`}
        role="button"
        tabIndex={0}
        aria-expanded={open}
        onClick={toggle}
        onKeyDown={(event) => event.key === 'Enter' && toggle()}
      >
        <span className="quiet">
          <Time value={record['@timestamp']} />
        </span>
        <span className={`level-${level ?? ''}`}>{level ?? ''}</span>
        <span className="quiet cut" title={record['log.logger']}>
          {record['log.logger']?.split('.').at(-1) ?? record['jobtrace.kind']}
        </span>
        <span className="cut">
          <Folded record={record} />
        </span>
      </div>
      {open && <Opened record={record} openContext={openContext} filter={filter} />}
    </div>
  );
}

function Folded({ record }: { readonly record: LogRecord }) {
  const { t } = useSpeech();
  const frames = record['error.stack_trace']?.split('\n').filter((line) => /^\s*at /.test(line)).length ?? 0;
  const root = record['flink.chain']?.at(-1);
  return (
    <>
      {record.message.split('\n')[0]}
      {root !== undefined && (
        <Badge ml={8} size="xs" variant="light" color="red" tt="none">
          {root.split('.').at(-1)}
          {frames > 0 ? ` +${frames} ${t('frames')}` : ''}
        </Badge>
      )}
    </>
  );
}

function Opened({
  record,
  openContext,
  filter,
}: Required<Pick<RowProps, 'record'>> & {
  readonly openContext: RowProps['openContext'];
  readonly filter: RowProps['filter'];
}) {
  const { t } = useSpeech();
  const job = record['flink.job.id'];
  return (
    <Stack gap={6} px={14} py={6}>
      <Group gap="md">
        {openContext !== undefined && (
          <Anchor component="button" size="xs" onClick={openContext}>
            {t('context')}
          </Anchor>
        )}
        <CopyButton value={`${location.origin}/search?range=all&record=${encodeURIComponent(record.id)}`}>
          {({ copied, copy }) => (
            <Anchor component="button" size="xs" onClick={copy}>
              {copied ? t('copied') : t('copyLink')}
            </Anchor>
          )}
        </CopyButton>
        {job !== undefined && filter !== undefined && (
          <Anchor component="button" size="xs" onClick={() => filter({ job })}>
            {t('job')}: {record['flink.job.name'] ?? job}
          </Anchor>
        )}
        {filter !== undefined && (
          <Anchor component="button" size="xs" onClick={() => filter({ process: record['jobtrace.process'] })}>
            {t('process')}
          </Anchor>
        )}
        <Text size="xs" className="quiet" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
          {record['host.name']} · {record['log.file.path']} @{record['log.offset']}
        </Text>
      </Group>
      <Code block className="log" mah={420} style={{ overflow: 'auto' }}>
        {record['event.original']}
      </Code>
    </Stack>
  );
}
