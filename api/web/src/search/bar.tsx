// Where a search is typed: the text, and below it what is wrong with it while it is typed, at its place and with what
// was probably meant; nothing wrong is sent. In and out: the text. The search (search.tsx) puts the range beside it.
import { Anchor, Button, CloseButton, Text, TextInput } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { JobtraceError } from '../../../../core/errors.ts';
import { wordProblem, type QueryProblem } from '../../../../store/query/problems.ts';
import { parseQuery } from '../../../../store/query/query.ts';
import type { Language } from '../../../../core/types.ts';
import { useSpeech } from '../speech/text.tsx';
import { useKey } from '../view/keys.tsx';

/** Undefined where it can be understood. */
export function findProblem(text: string, lang: Language): QueryProblem | undefined {
  try {
    parseQuery(text);
    return undefined;
  } catch (error) {
    if (error instanceof JobtraceError) return wordProblem(text, error.details, lang);
    throw error;
  }
}

export function SearchBar({
  query,
  search,
  children,
}: {
  readonly query: string;
  readonly search: (query: string) => void;
  readonly children: ReactNode;
}) {
  const { t, lang } = useSpeech();
  const [text, setText] = useState(query);
  /** While somebody types, the end of the text is unfinished; what was sent is judged as it is. */
  const [isSent, setSent] = useState(true);
  const input = useRef<HTMLInputElement>(null);
  useKey('/', () => input.current?.focus());
  // Another filter is not another query: what is typed and not sent yet stays.
  useEffect(() => {
    setText(query);
    setSent(true);
  }, [query]);
  const send = (next: string): void => {
    setText(next);
    setSent(true);
    if (findProblem(next, lang) === undefined) search(next.trim());
  };
  const problem = findProblem(text, lang);
  const isShown = problem !== undefined && (isSent || problem.at < text.trimEnd().length - 1);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send(text);
      }}
    >
      <div className="searchbar">
        <TextInput
          ref={input}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setSent(false);
          }}
          placeholder={t('searchHint')}
          aria-label={t('search')}
          aria-invalid={isShown}
          error={isShown}
          spellCheck={false}
          autoComplete="off"
          rightSection={text === '' ? null : <CloseButton size="sm" aria-label={t('clear')} onClick={() => send('')} />}
        />
        {children}
        <Button type="submit">{t('search')}</Button>
      </div>
      {isShown && <Wrong text={text} problem={problem} repair={send} />}
    </form>
  );
}

function Wrong({
  text,
  problem: { at, problem, advice, repaired },
  repair,
}: {
  readonly text: string;
  readonly problem: QueryProblem;
  readonly repair: (text: string) => void;
}) {
  const { t } = useSpeech();
  const length = /^[^\s:]+/.exec(text.slice(at))?.[0].length ?? 1;
  return (
    <div role="alert" className="wrong">
      <code className="log">
        {text.slice(0, at)}
        <mark className="wrong-place">{text.slice(at, at + length) || ' '}</mark>
        {text.slice(at + length)}
      </code>
      <Text size="sm">
        {t('wrongQuery')
          .replace('{n}', String(at + 1))
          .replace('{problem}', problem)}{' '}
        {advice}
      </Text>
      {repaired !== undefined && (
        <Text size="sm">
          {t('repairQuery')}{' '}
          <Anchor component="button" type="button" className="log" onClick={() => repair(repaired)}>
            {repaired}
          </Anchor>
        </Text>
      )}
    </div>
  );
}
