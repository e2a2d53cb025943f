// Shows the triage of a card: its state and who set it, the buttons to change it, and all earlier annotations. Takes an
// incident. A viewer with read access only sees no buttons. The view of an incident shows it below the headline; the
// list shows a badge beside the outcome.
import { toIso } from '../../../../core/time/iso.ts';
import { Anchor, Badge, Button, Group, Menu, Select, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Triage, CardState, CardTriage } from '../../../../core/documents/triage.ts';
import { CARD_STATES } from '../../../../core/documents/card-state.ts';
import { useState } from 'react';
import { Link } from 'wouter';
import type { ShownTriage } from '../../../schemas/triage.ts';
import { api } from '../server/client.ts';
import { useViewer } from '../server/viewer.ts';
import { useTexts, type TextKey } from '../texts/text.tsx';
import { Problem, Time } from '../view/state.tsx';

const HOUR_MS = 3_600_000;
const IGNORE_HOURS = [1, 8, 24, 168];
const COLORS: Readonly<Record<CardState, string>> = {
  open: 'gray',
  acknowledged: 'blue',
  resolved: 'teal',
  ignored: 'gray',
  merged: 'gray',
  regressed: 'red',
};
const BUTTONS = [
  ['acknowledged', 'acknowledge'],
  ['resolved', 'resolve'],
  ['open', 'reopen'],
] as const satisfies readonly (readonly [Triage['state'], TextKey])[];

type Word = Pick<Triage, 'state' | 'until' | 'into'>;

export function TriageNote({ incident }: { readonly incident: string }) {
  const { t } = useTexts();
  const queries = useQueryClient();
  const queryKey = ['triage', incident];
  const { data } = useQuery({ queryKey, queryFn: () => api.triage(incident), refetchInterval: 10_000 });
  const viewer = useViewer();
  const submit = useMutation({
    mutationFn: (word: Word) => api.sayTriage(incident, word),
    onSuccess: (answer) => queries.setQueryData(queryKey, answer),
  });
  if (data === undefined) return null;
  const { state, words, merged } = data;
  const [word] = words;
  const maySubmit = viewer !== undefined && viewer.role !== 'reader';
  if (!maySubmit && words.length === 0 && merged.length === 0) return null;
  return (
    <Stack gap={4} role="group" aria-label={t('triage')}>
      <Group gap="xs">
        <TriageBadge triage={{ state }} />
        {maySubmit &&
          BUTTONS.filter(([word]) => isNews(word, state)).map(([word, text]) => (
            <Button
              key={word}
              size="compact-xs"
              variant={word === 'acknowledged' ? 'filled' : 'default'}
              loading={submit.isPending && submit.variables.state === word}
              onClick={() => submit.mutate({ state: word })}
            >
              {t(word === 'open' && state === 'merged' ? 'split' : text)}
            </Button>
          ))}
        {maySubmit && state !== 'ignored' && state !== 'merged' && (
          <>
            <IgnoreMenu submit={submit.mutate} isPending={submit.isPending} />
            <MergeMenu incident={incident} submit={submit.mutate} isPending={submit.isPending} />
          </>
        )}
        {state === 'merged' && word?.into !== undefined && (
          <Anchor component={Link} size="sm" href={`/incidents/${encodeURIComponent(word.into)}`}>
            {t('mergedInto')} →
          </Anchor>
        )}
      </Group>
      {merged.length > 0 && <Merged items={merged} />}
      {submit.isError && <Problem error={submit.error} />}
      {words.map((item) => (
        <TriageText key={`${item.at} ${item.by}`} word={item} />
      ))}
    </Stack>
  );
}

/**
 * Returns true if the annotation would change the state. An open card cannot be reopened, a resolved card needs no
 * acknowledgement, and a merged card can only be reopened.
 */
function isNews(word: Triage['state'], state: CardState): boolean {
  if (word === 'open') return state !== 'open' && state !== 'regressed';
  if (state === 'merged') return false;
  return word !== state && !(word === 'acknowledged' && state === 'resolved');
}

function IgnoreMenu({ submit, isPending }: { readonly submit: (word: Word) => void; readonly isPending: boolean }) {
  const { t } = useTexts();
  return (
    <Menu>
      <Menu.Target>
        <Button size="compact-xs" variant="default" disabled={isPending} rightSection={<span aria-hidden>▾</span>}>
          {t('ignore')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {IGNORE_HOURS.map((hours) => (
          <Menu.Item
            key={hours}
            onClick={() => submit({ state: 'ignored', until: toIso(Date.now() + hours * HOUR_MS) })}
          >
            {hours < 24 ? `${hours} ${t('hours')}` : `${hours / 24} ${t('days')}`}
          </Menu.Item>
        ))}
        <Menu.Item onClick={() => submit({ state: 'ignored' })}>{t('forever')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

const MAX_TARGETS = 50;

/** Renders the menu for merging. It loads the newest cards of the list when it is opened. */
function MergeMenu(part: {
  readonly incident: string;
  readonly submit: (word: Word) => void;
  readonly isPending: boolean;
}) {
  const { incident, submit, isPending } = part;
  const { t, lang } = useTexts();
  const [isOpen, setOpen] = useState(false);
  const parameters = new URLSearchParams({ top: 'true', lang, limit: String(MAX_TARGETS) });
  const { data } = useQuery({
    queryKey: ['merge', lang],
    queryFn: () => api.incidentRows(parameters),
    enabled: isOpen,
  });
  const targets = (data?.rows ?? []).filter(({ id }) => id !== incident);
  if (!isOpen)
    return (
      <Button size="compact-xs" variant="default" disabled={isPending} onClick={() => setOpen(true)}>
        {t('mergeInto')}
      </Button>
    );
  return (
    <Select
      size="xs"
      w={420}
      maw="100%"
      aria-label={t('mergeHint')}
      placeholder={t('mergeHint')}
      data={targets.map(({ id, subject, title }) => ({ value: id, label: `${subject} – ${title}` }))}
      searchable
      defaultDropdownOpened
      onChange={(into) => into !== null && submit({ state: 'merged', into })}
      onBlur={() => setOpen(false)}
    />
  );
}

function Merged({ items }: { readonly items: ShownTriage['merged'] }) {
  const { label } = useTexts();
  return (
    <Group gap="xs">
      <Text size="xs" className="quiet">
        {label('mergedHere')}
      </Text>
      {items.map(({ id, subject, firstSeen }) => (
        <Anchor key={id} component={Link} size="xs" href={`/incidents/${encodeURIComponent(id)}`}>
          {subject} (<Time value={firstSeen} />)
        </Anchor>
      ))}
    </Group>
  );
}

function TriageText({ word }: { readonly word: Triage }) {
  const { t, lang } = useTexts();
  const { state, until, comment, by, at } = word;
  return (
    <Text size="xs" className="quiet" style={{ overflowWrap: 'anywhere' }}>
      {CARD_STATES[state][lang]} · {t('doneBy').replace('{n}', by)} · <Time value={at} />
      {until !== undefined && (
        <>
          {' · '}
          {t('until')} <Time value={until} />
        </>
      )}
      {comment !== undefined && ` · ${comment}`}
    </Text>
  );
}

export function TriageBadge({ triage }: { readonly triage: CardTriage }) {
  const { lang } = useTexts();
  const { state, by } = triage;
  return (
    <Badge size="sm" variant="light" color={COLORS[state]} tt="none">
      {CARD_STATES[state][lang]}
      {by === undefined ? '' : ` · ${by}`}
    </Badge>
  );
}
