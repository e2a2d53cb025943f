// The field of a search: a combobox whose list completes what is typed at the caret. Arrows choose, Enter and Tab take
// what is chosen, Escape closes the list; with nothing chosen Enter searches. In: the text. Out: the text once it has
// changed. The bar (bar.tsx) puts it up.
import { CloseButton, TextInput } from '@mantine/core';
import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useSpeech } from '../../speech/text.tsx';
import { useKey } from '../../view/keys.tsx';
import { useSuggestions, type Suggestion } from './suggestions.ts';

interface FieldProps {
  readonly text: string;
  readonly address: URLSearchParams;
  readonly isWrong: boolean;
  readonly change: (text: string) => void;
  readonly clear: () => void;
}

/** `asked`: somebody wants to see all that there is, though nothing is typed. */
type ListState = 'closed' | 'open' | 'asked';
const NOTHING = -1;

export function SearchField({ text, address, isWrong, change, clear }: FieldProps) {
  const { t } = useSpeech();
  const input = useRef<HTMLInputElement>(null);
  const [caret, setCaret] = useState(text.length);
  const [state, setState] = useState<ListState>('closed');
  const [active, setActive] = useState(NOTHING);
  /** Where the caret goes once the text that was completed stands there. */
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

interface KeyPlace {
  readonly shown: readonly Suggestion[];
  readonly active: number;
  readonly chosen: Suggestion | undefined;
  readonly open: (state: ListState) => void;
  readonly setActive: (index: number) => void;
  readonly take: (suggestion: Suggestion) => void;
}

/** Only those that mean something now: the others stay the browser's. */
function fieldKeys({
  shown,
  active,
  chosen,
  open,
  setActive,
  take,
}: KeyPlace): Readonly<Record<string, (() => void) | undefined>> {
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
  const { t } = useSpeech();
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
      // The field keeps the focus.
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
