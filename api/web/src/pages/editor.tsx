// Edits a rule. Lines of a failure become a draft. At each pause in typing the draft is tested with the log that it
// must match and with the near miss that it must not match, until it can be saved among the team's own rules; an
// existing rule of the team can be changed too. Takes lines from another view or pasted lines, or the id of a rule. The
// list (rules.tsx), the view of a rule and the cards of unknown failures link here.
import { Alert, Anchor, Button, Group, SimpleGrid, Stack, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { LogTrial, PastHits, RuleTrial, WrittenRule } from '../../../../core/documents/rule.ts';
import { api } from '../server/client.ts';
import { useTexts } from '../texts/text.tsx';
import { usePause } from '../view/pause.ts';
import { Problem, Time, Waiting } from '../view/state.tsx';
import { takeLines } from '../view/handover.ts';

/** Pause in typing, in milliseconds, before the rule is tested. */
const PAUSE_MS = 250;
/** Interval, in milliseconds, of checks whether a saved rule is loaded. */
const POLL_EVERY_MS = 500;
const LOG_FONT = { input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12.5 } } as const;

/** Renders the editor. `id`: the team's own rule that is changed; '': a new rule is written. */
export function EditorPage({ id }: { readonly id: string }) {
  const { t } = useTexts();
  const [written, setWritten] = useState<WrittenRule>();
  const [back, name] = id === '' ? ['/rules', t('allRules')] : [`/rules/${id}`, id];
  return (
    <Stack gap="md">
      <div>
        <Anchor component={Link} href={back} size="sm">
          ← {name}
        </Anchor>
        <Title order={3} mt={4}>
          {t(id === '' ? 'writeRule' : 'editRule')}
        </Title>
        {id === '' && (
          <Text size="sm" className="quiet">
            {t('writeRuleHint')}
          </Text>
        )}
      </div>
      {written !== undefined && <Editor written={written} onChange={setWritten} />}
      {written === undefined && id === '' && <Beginning onDraft={setWritten} />}
      {written === undefined && id !== '' && <Opening id={id} onOpen={setWritten} />}
    </Stack>
  );
}

/** Loads the current texts of a rule once and opens them. Later loads do not replace the reader's changes. */
function Opening({ id, onOpen }: { readonly id: string; readonly onOpen: (written: WrittenRule) => void }) {
  const query = useQuery({ queryKey: ['own-rule', id], queryFn: () => api.ownRule(id), gcTime: 0 });
  const texts = query.data;
  useEffect(() => {
    if (texts !== undefined) onOpen(texts);
  }, [texts, onOpen]);
  return query.isError ? <Problem error={query.error} /> : <Waiting />;
}

function Beginning({ onDraft }: { readonly onDraft: (written: WrittenRule) => void }) {
  const { t } = useTexts();
  const [lines, setLines] = useState(takeLines);
  const draft = useMutation({
    mutationFn: () => api.draftRule(lines),
    onSuccess: ({ id = '', rule, match, nearMiss }) => onDraft({ id, rule, match, nearMiss }),
  });
  return (
    <Stack gap="sm" maw={1080}>
      <Textarea
        label={t('failedLines')}
        description={t('failedLinesHint')}
        autosize
        minRows={8}
        maxRows={24}
        value={lines}
        onChange={(event) => setLines(event.currentTarget.value)}
        styles={LOG_FONT}
      />
      <Button w={160} disabled={lines.trim() === ''} loading={draft.isPending} onClick={() => draft.mutate()}>
        {t('draft')}
      </Button>
      {draft.isError && <Problem error={draft.error} />}
    </Stack>
  );
}

interface EditorProps {
  readonly written: WrittenRule;
  readonly onChange: (written: WrittenRule) => void;
}

function Editor({ written, onChange }: EditorProps) {
  const { t, lang } = useTexts();
  const area = useRef<HTMLTextAreaElement>(null);
  const settled = usePause(written, PAUSE_MS);
  const query = useQuery({
    queryKey: ['trial', settled, lang],
    queryFn: () => api.tryRule(settled, lang),
    placeholderData: (before) => before,
    gcTime: 0,
  });
  const trial = query.data;
  const change = (part: Partial<WrittenRule>): void => onChange({ ...written, ...part });
  return (
    <>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Stack gap="sm">
          <TextInput
            label={t('ruleId')}
            description={t('ruleIdHint')}
            value={written.id}
            onChange={(event) => change({ id: event.currentTarget.value.trim() })}
            styles={LOG_FONT}
          />
          {trial?.newCause !== undefined && (
            <Text size="sm" role="status">
              {t('newCause')}
              {trial.newCause.suggestion}
            </Text>
          )}
          <Textarea
            ref={area}
            label={t('ruleText')}
            autosize
            minRows={16}
            maxRows={40}
            spellCheck={false}
            value={written.rule}
            onChange={(event) => change({ rule: event.currentTarget.value })}
            styles={LOG_FONT}
          />
          <Problems trial={trial} text={written.rule} area={area} />
          <FailedCases cases={trial?.failedCases ?? []} />
        </Stack>
        <Stack gap="sm">
          <LogBox
            name="match.log"
            hint={t('mustMatch')}
            text={written.match}
            onChange={(match) => change({ match })}
            verdict={trial?.match && <MatchVerdict log={trial.match} />}
          />
          <LogBox
            name="nearmiss.log"
            hint={t('mustNotMatch')}
            text={written.nearMiss}
            onChange={(nearMiss) => change({ nearMiss })}
            verdict={trial?.nearMiss && <NearMissVerdict log={trial.nearMiss} />}
          />
        </Stack>
      </SimpleGrid>
      {query.isError && <Problem error={query.error} />}
      <Past written={written} isValid={trial?.match !== undefined} />
      <Saving written={written} trial={settled === written && !query.isPlaceholderData ? trial : undefined} />
    </>
  );
}

interface ProblemsProps {
  readonly trial: RuleTrial | undefined;
  readonly text: string;
  readonly area: React.RefObject<HTMLTextAreaElement | null>;
}

/** Lists the problems of a text with their lines; a click moves the caret there. */
function Problems({ trial, text, area }: ProblemsProps) {
  const { t } = useTexts();
  if (trial === undefined || trial.problems.length === 0) return null;
  const go = (line: number, column: number): void => {
    const start =
      text
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length +
      (line > 1 ? 1 : 0) +
      column -
      1;
    area.current?.focus();
    area.current?.setSelectionRange(start, start);
  };
  return (
    <Alert color="red" title={t('ruleProblems')}>
      {trial.problems.map(({ line, column, message }) => (
        <Text key={`${line}:${column}${message}`} size="sm">
          <Anchor component="button" size="sm" ff="monospace" onClick={() => go(line, column)}>
            {line}:{column}
          </Anchor>{' '}
          {message}
        </Text>
      ))}
    </Alert>
  );
}

/** Lists the cases in the text of the rule that fail. */
function FailedCases({ cases }: { readonly cases: readonly string[] }) {
  const { t } = useTexts();
  if (cases.length === 0) return null;
  return (
    <Alert color="red" title={t('failedCases')}>
      {cases.map((failed) => (
        <Text key={failed} size="sm">
          {failed.replace(/^rule\.yaml:/, '')}
        </Text>
      ))}
    </Alert>
  );
}

interface LogBoxProps {
  readonly name: string;
  readonly hint: string;
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly verdict: React.ReactNode;
}

function LogBox({ name, hint, text, onChange, verdict }: LogBoxProps) {
  return (
    <div>
      <Textarea
        label={name}
        description={hint}
        autosize
        minRows={5}
        maxRows={16}
        spellCheck={false}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
        styles={LOG_FONT}
      />
      <div role="status" aria-label={name}>
        {verdict}
      </div>
    </div>
  );
}

function MatchVerdict({ log }: { readonly log: LogTrial }) {
  const { t } = useTexts();
  return (
    <>
      <Highlight isGood={log.stands === 'first'}>
        {log.stands === 'first'
          ? `${t('topDiagnosis')} ${log.title ?? ''}`
          : `${t('notTopDiagnosis')} ${log.first ?? '–'}`}
      </Highlight>
      {log.stands === 'first' && log.before !== undefined && (
        <Text size="sm">
          {t('topWithoutRule')} <code>{log.before}</code>
        </Text>
      )}
      {log.lines.map(({ id, anchor, hits }) => (
        <Text key={id} size="sm">
          {hits} × <code>{anchor}</code>
        </Text>
      ))}
      {Object.entries(log.values).map(([name, value]) => (
        <Text key={name} size="sm">
          {name} = <code>{value}</code>
        </Text>
      ))}
      <Faults log={log} />
    </>
  );
}

function NearMissVerdict({ log }: { readonly log: LogTrial }) {
  const { t } = useTexts();
  const isSilent = log.stands === 'nowhere';
  return (
    <>
      <Highlight isGood={isSilent}>{isSilent ? t('noMatchAsExpected') : t('falsePositive')}</Highlight>
      <Faults log={log} />
    </>
  );
}

function Faults({ log }: { readonly log: LogTrial }) {
  return log.faults.map((fault) => (
    <Text key={fault} size="sm" c="red">
      {fault}
    </Text>
  ));
}

function Highlight({ isGood, children }: { readonly isGood: boolean; readonly children: React.ReactNode }) {
  return (
    <Text size="sm" mt={4} fw={600} c={isGood ? 'teal' : 'red'}>
      {isGood ? '✔' : '✖'} {children}
    </Text>
  );
}

/** Tests the rule with the stored records of the last days. */
function Past({ written, isValid }: { readonly written: WrittenRule; readonly isValid: boolean }) {
  const { t, label } = useTexts();
  const ask = useMutation({ mutationFn: api.askPast });
  // The result is valid only for the text that was tested.
  const past = ask.variables === written ? ask.data : undefined;
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <Button variant="default" disabled={!isValid} loading={ask.isPending} onClick={() => ask.mutate(written)}>
          {t('backtest')}
        </Button>
        {past !== undefined && (
          <Text size="sm" role="status">
            {label('linesFound')}
            {past.found}
            {past.isCut ? ` · ${t('pastIsCut')}` : ''}
          </Text>
        )}
      </Group>
      {ask.isError && <Problem error={ask.error} />}
      {past !== undefined && (
        <>
          <Hits title={t('wouldDiagnose')} hits={past.claims} />
          <Hits title={t('alreadyDiagnosed')} hits={past.beside} />
          <Hits title={t('matchesWithoutFailure')} hits={past.healthy} />
        </>
      )}
    </Stack>
  );
}

function Hits({ title, hits }: { readonly title: string; readonly hits: PastHits }) {
  if (hits.count === 0) return null;
  return (
    <div>
      <Text size="sm" fw={600}>
        {title}: {hits.count}
      </Text>
      {hits.shown.map(({ record, time, cluster, job, incident, first }) => (
        <Text key={record} size="sm">
          <Anchor
            component={Link}
            size="sm"
            href={
              incident === undefined
                ? `/search?range=all&record=${encodeURIComponent(record)}`
                : `/incidents/${encodeURIComponent(incident)}`
            }
          >
            <Time value={time} /> {job ?? cluster}
          </Anchor>{' '}
          {first !== undefined && <code>{first}</code>}
        </Text>
      ))}
    </div>
  );
}

interface SavingProps {
  readonly written: WrittenRule;
  /** Trial of the current text; undefined while it runs. */
  readonly trial: RuleTrial | undefined;
}

function Saving({ written, trial }: SavingProps) {
  const { t, label } = useTexts();
  const save = useMutation({ mutationFn: () => api.saveRule({ ...written, replace: trial?.replaces === true }) });
  const isProven =
    trial?.match?.stands === 'first' && trial.nearMiss?.stands === 'nowhere' && (trial.failedCases ?? []).length === 0;
  return (
    <Stack gap="xs">
      {(trial?.todos?.length ?? 0) > 0 && (
        <Text size="sm" className="quiet">
          {label('missingTexts')}
          {trial?.todos?.join('; ')}
        </Text>
      )}
      <Group gap="sm">
        <Button disabled={!isProven} loading={save.isPending} onClick={() => save.mutate()}>
          {t(trial?.replaces === true ? 'replaceRule' : 'saveRule')}
        </Button>
        {!isProven && (
          <Text size="sm" className="quiet">
            {t('saveWhenProven')}
          </Text>
        )}
      </Group>
      {save.isError && <Problem error={save.error} />}
      {save.data !== undefined && <Saved id={save.data.id} place={save.data.place} />}
    </Stack>
  );
}

/** Shows that the rule was saved, and links to its view as soon as the server has loaded it. */
function Saved({ id, place }: { readonly id: string; readonly place: string }) {
  const { t } = useTexts();
  const { data: isUsed = false } = useQuery({
    queryKey: ['is-used', id],
    queryFn: async () => (await api.rules()).rules.some((rule) => rule.id === id),
    refetchInterval: ({ state }) => (state.data === true ? false : POLL_EVERY_MS),
  });
  return (
    <Alert color="teal" role="status" title={t(isUsed ? 'ruleIsUsed' : 'ruleSaved')}>
      <code>{place}</code>{' '}
      {isUsed && (
        <Anchor component={Link} href={`/rules/${id}`}>
          {id}
        </Anchor>
      )}
    </Alert>
  );
}
