// Shows the search field: a combobox whose list completes the text at the caret. Arrows select, Enter and Tab accept
// the selection, Escape closes the list; Enter without a selection searches. Takes the text; returns it after each
// change. The bar (query-bar.tsx) shows it.
import { CloseButton, TextInput } from '@mantine/core';
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useTexts } from '../texts/text.tsx';
import { useKey } from '../view/keys.tsx';
import type { Suggestion } from './choices.ts';
import { useSuggestions } from './suggestions.ts';

interface FieldProps {
  readonly text: string;
  readonly address: URLSearchParams;
  readonly isWrong: boolean;
  readonly change: (text: string) => void;
  readonly clear: () => void;
}

/** State of the list. `asked`: the reader requested all suggestions, although nothing is typed. */
type ListState = 'closed' | 'open' | 'asked';
const NOTHING = -1;

export function SearchField({ text, address, isWrong, change, clear }: FieldProps) {
  const { t } = useTexts();
  const input = useRef<HTMLInputElement>(null);
  const [caret, setCaret] = useState(text.length);
  const [state, setState] = useState<ListState>('closed');
  const [active, setActive] = useState(NOTHING);
  /** Position of the caret after the completed text is rendered. */
  const wanted = useRef<number | undefined>(undefined);
  const listId = useId();
  useKey('/', () => input.current?.focus());
  const found = useSuggestions(text, caret, address, state === 'asked');
  const shown = state === 'closed' ? [] : found;
  const chosen = shown[active];
  useLayoutEffect(() => {
    if (wanted.current === undefined) return;
    input.current?.setSelectionRange(wanted.current, wanted.current);
    wanted.current = undefined;
  }, [text]);
  const open = (next: ListState): void => {
    setState(next);
    setActive(NOTHING);
  };
  const take = ({ done }: Suggestion): void => {
    wanted.current = done.caret;
    change(done.text);
    setCaret(done.caret);
    open('open');
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = fieldKeys({ shown, active, chosen, open, setActive, take })[event.key];
    if (act === undefined) {
      if (event.key === 'Enter') open('closed');
      return;
    }
    event.preventDefault();
    act();
  };
  return (
    <div className="typing">
      <TextInput
        ref={input}
        value={text}
        onChange={(event) => {
          change(event.currentTarget.value);
          setCaret(event.currentTarget.selectionStart ?? event.currentTarget.value.length);
          open('open');
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? text.length)}
        onKeyDown={onKeyDown}
        onBlur={() => open('closed')}
        placeholder={t('searchHint')}
        role="combobox"
        aria-label={t('search')}
        aria-autocomplete="list"
        aria-expanded={shown.length > 0}
        aria-controls={listId}
        aria-activedescendant={chosen === undefined ? undefined : `${listId}-${active}`}
        aria-invalid={isWrong}
        error={isWrong}
        spellCheck={false}
        autoComplete="off"
        rightSection={text === '' ? null : <CloseButton size="sm" aria-label={t('clear')} onClick={clear} />}
      />
      <ul id={listId} role="listbox" aria-label={t('suggestions')} hidden={shown.length === 0}>
        {shown.map((suggestion, index) => (
          <Row
            key={suggestion.label}
            suggestion={suggestion}
            id={`${listId}-${index}`}
            isActive={index === active}
            take={() => take(suggestion)}
          />
        ))}
      </ul>
    </div>
  );
}

interface KeyPosition {
  readonly shown: readonly Suggestion[];
  readonly active: number;
  readonly chosen: Suggestion | undefined;
  readonly open: (state: ListState) => void;
  readonly setActive: (index: number) => void;
  readonly take: (suggestion: Suggestion) => void;
}

/** Returns the actions of keys that have a meaning now; the browser handles the other keys. */
function fieldKeys({
  shown,
  active,
  chosen,
  open,
  setActive,
  take,
}: KeyPosition): Readonly<Record<string, (() => void) | undefined>> {
  const count = shown.length;
  if (count === 0) return { ArrowDown: () => open('asked') };
  return {
    ArrowDown: () => setActive((active + 1) % count),
    ArrowUp: () => setActive((active <= 0 ? count : active) - 1),
    Escape: () => open('closed'),
    Enter: chosen && (() => take(chosen)),
    Tab: chosen && (() => take(chosen)),
  };
}

function Row({
  suggestion: { label, about, example, count },
  id,
  isActive,
  take,
}: {
  readonly suggestion: Suggestion;
  readonly id: string;
  readonly isActive: boolean;
  readonly take: () => void;
}) {
  const { t } = useTexts();
  const row = useRef<HTMLLIElement>(null);
  useLayoutEffect(() => {
    if (isActive) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isActive]);
  return (
    <li
      ref={row}
      id={id}
      role="option"
      aria-selected={isActive}
      // Prevents the field from losing the focus.
      onMouseDown={(event) => event.preventDefault()}
      onClick={take}
    >
      <span className="log">{label}</span>
      <span className="quiet">
        {about !== undefined && t(about)}
        {example !== undefined && <span className="log"> {example}</span>}
        {count !== undefined && count > 0 && `${count.toLocaleString()} ${t('lines')}`}
      </span>
    </li>
  );
}
