// Shows the search box: the text with completion (query-field.tsx) and, below it, its problems while it is typed, each
// with its position and a suggestion. A text with a problem is not sent. Takes and returns the text. The search
// (search.tsx) adds the range beside it.
import { Anchor, Button, Text } from '@mantine/core';
import { useEffect, useState, type ReactNode } from 'react';
import type { QueryProblem } from '../../../../store/query/problems.ts';
import { useTexts } from '../texts/text.tsx';
import { SearchField } from './query-field.tsx';
import { findProblem } from './query-problem.ts';

export function SearchBar({
  query,
  address,
  search,
  children,
}: {
  readonly query: string;
  /** Address of the current search; suggestions are counted in its range and filters. */
  readonly address: URLSearchParams;
  readonly search: (query: string) => void;
  readonly children: ReactNode;
}) {
  const { t, lang } = useTexts();
  const [text, setText] = useState(query);
  /** True if the text was sent. Until then a problem at its unfinished end is not shown. */
  const [isSent, setSent] = useState(true);
  // A change of another filter does not change the query, so typed text that was not sent stays.
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
  const { t } = useTexts();
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
