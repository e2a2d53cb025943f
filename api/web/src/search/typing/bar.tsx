// Where a search is typed: the text with what completes it (field.tsx), and below it what is wrong with it while it is
// typed, at its place and with what was probably meant; nothing wrong is sent. In and out: the text. The search
// (search.tsx) puts the range beside it.
import { Anchor, Button, Text } from '@mantine/core';
import { useEffect, useState, type ReactNode } from 'react';
import type { QueryProblem } from '../../../../../store/query/problems.ts';
import { useSpeech } from '../../speech/text.tsx';
import { SearchField } from './field.tsx';
import { findProblem } from './problem.ts';

export function SearchBar({
  query,
  address,
  search,
  children,
}: {
  readonly query: string;
  /** Of the search that stands: what is offered is counted within its range and filters. */
  readonly address: URLSearchParams;
  readonly search: (query: string) => void;
  readonly children: ReactNode;
}) {
  const { t, lang } = useSpeech();
  const [text, setText] = useState(query);
  /** While somebody types, the end of the text is unfinished; what was sent is judged as it is. */
  const [isSent, setSent] = useState(true);
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
        <SearchField
          text={text}
          address={address}
          isWrong={isShown}
          change={(next) => {
            setText(next);
            setSent(false);
          }}
          clear={() => send('')}
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
