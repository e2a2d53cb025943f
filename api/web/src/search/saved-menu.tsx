// Saves searches under a name in this browser. Takes the address of the current search; returns the chosen one. The
// search shows the menu beside its range.
import { Button, Menu, TextInput } from '@mantine/core';
import { useState } from 'react';
import { isObject } from '../../../../core/json.ts';
import { useTexts } from '../texts/text.tsx';

const KEY = 'jobtrace.searches';

interface SavedSearch {
  readonly name: string;
  /** Parameters of the address. */
  readonly search: string;
}

export function SavedMenu({
  address,
  go,
}: {
  readonly address: URLSearchParams;
  readonly go: (address: URLSearchParams) => void;
}) {
  const { t } = useTexts();
  const [saved, setSaved] = useState(loadSaved);
  const [name, setName] = useState('');
  const change = (next: readonly SavedSearch[]): void => {
    localStorage.setItem(KEY, JSON.stringify(next));
    setSaved(next);
  };
  const save = (): void => {
    const title = name.trim();
    if (title === '') return;
    change([...saved.filter((one) => one.name !== title), { name: title, search: toText(address) }]);
    setName('');
  };
  return (
    <Menu closeOnItemClick={false}>
      <Menu.Target>
        <Button variant="default" type="button" aria-label={t('savedSearches')} title={t('savedSearches')} px={12}>
          ★
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {saved.map((one) => (
          <Menu.Item
            key={one.name}
            closeMenuOnClick
            onClick={() => go(new URLSearchParams(one.search))}
            rightSection={
              <span
                role="button"
                aria-label={`${t('clear')} ${one.name}`}
                onClick={(event) => {
                  event.stopPropagation();
                  change(saved.filter((other) => other !== one));
                }}
              >
                ×
              </span>
            }
          >
            {one.name}
          </Menu.Item>
        ))}
        <TextInput
          size="xs"
          p={6}
          value={name}
          aria-label={t('saveAs')}
          placeholder={t('saveAs')}
          onChange={(event) => setName(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            save();
          }}
        />
      </Menu.Dropdown>
    </Menu>
  );
}

/** Removes the selected line, which is not part of a search. */
function toText(address: URLSearchParams): string {
  const kept = new URLSearchParams(address);
  for (const name of ['record', 'at']) kept.delete(name);
  return kept.toString();
}

/** Reads the saved searches and ignores invalid data. */
function loadSaved(): readonly SavedSearch[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(list) ? list.filter(isSaved) : [];
  } catch {
    return []; // The text is not JSON.
  }
}

function isSaved(value: unknown): value is SavedSearch {
  return isObject(value) && typeof value['name'] === 'string' && typeof value['search'] === 'string';
}
