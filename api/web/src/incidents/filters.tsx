// Shows the filters of the incident list: state, cause, severity, owner, cluster and triage. Takes the address and the
// number of incidents for each value; changes the address. The list (incidents.tsx) shows it above its rows.
import { Button, Group, Select } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type Language, TRIAGE_STATES } from '../../../../core/types.ts';
import { OUTCOMES, OWNERS, SEVERITIES } from '../../../../core/wording/wording.ts';
import { CARD_STATES } from '../../../../core/documents/card-state.ts';
import type { IncidentFacet } from '../../../../store/store.ts';
import { api } from '../server/client.ts';
import { useTexts, type TextKey } from '../texts/text.tsx';

const FILTERS: readonly { readonly facet: IncidentFacet; readonly name: TextKey; readonly width: number }[] = [
  { facet: 'outcome', name: 'state', width: 170 },
  { facet: 'cause', name: 'cause', width: 290 },
  { facet: 'severity', name: 'severity', width: 150 },
  { facet: 'owner', name: 'owner', width: 190 },
  { facet: 'cluster', name: 'cluster', width: 220 },
];
/** Further parameters of the address, which links from other views set. */
const OTHERS = ['triage', 'job', 'from', 'to'];

/**
 * Returns the parameters of the request. Without a filter it requests platform incidents in place of their jobs'
 * incidents.
 */
export function readFilters(address: URLSearchParams): URLSearchParams {
  const asked = new URLSearchParams();
  for (const name of [...FILTERS.map(({ facet }) => facet), ...OTHERS]) {
    const value = address.get(name);
    if (value !== null) asked.set(name, value);
  }
  if (asked.size === 0) asked.set('top', 'true');
  return asked;
}

export function Filters(part: {
  readonly address: URLSearchParams;
  readonly setAddress: (next: URLSearchParams) => void;
}) {
  const { address, setAddress } = part;
  const { t, lang } = useTexts();
  // The counts cover all incidents, so that the reader can replace a chosen value by another one.
  const all = useQuery({
    queryKey: ['incident-counts'],
    queryFn: () => api.incidentRows(new URLSearchParams({ limit: '1' })),
    refetchInterval: 10_000,
  });
  const choose = (name: IncidentFacet | 'triage', value: string | null): void => {
    const next = new URLSearchParams(address);
    if (value === null) next.delete(name);
    else next.set(name, value);
    setAddress(next);
  };
  const isFiltered = [...FILTERS.map(({ facet }) => facet), ...OTHERS].some((name) => address.has(name));
  return (
    <Group gap="xs" mb="sm" className="filters" role="search" aria-label={t('filters')}>
      {FILTERS.map(({ facet, name, width }) => {
        const chosen = address.get(facet);
        const counted = all.data?.counts[facet] ?? [];
        const known = counted.map(({ value, count }) => ({
          value,
          label: `${nameValue(facet, value, lang)} (${count})`,
        }));
        const isMissing = chosen !== null && !counted.some(({ value }) => value === chosen);
        const data = isMissing ? [...known, { value: chosen, label: nameValue(facet, chosen, lang) }] : known;
        return (
          <Select
            key={facet}
            size="xs"
            w={width}
            maw="100%"
            aria-label={t(name)}
            placeholder={t(name)}
            data={data}
            value={chosen}
            onChange={(value) => choose(facet, value)}
            clearable
            searchable={data.length > 8}
            comboboxProps={{ width: 'max-content', position: 'bottom-start' }}
          />
        );
      })}
      <Select
        size="xs"
        w={170}
        maw="100%"
        aria-label={t('triage')}
        placeholder={t('triage')}
        data={TRIAGE_STATES.map((value) => ({ value, label: CARD_STATES[value][lang] }))}
        value={address.get('triage')}
        onChange={(value) => choose('triage', value)}
        clearable
      />
      {isFiltered && (
        <Button size="compact-xs" variant="subtle" onClick={() => setAddress(new URLSearchParams())}>
          {t('clearFilters')}
        </Button>
      )}
    </Group>
  );
}

const NAMES: Readonly<Partial<Record<IncidentFacet, Readonly<Record<string, Readonly<Record<Language, string>>>>>>> = {
  outcome: OUTCOMES,
  owner: OWNERS,
  severity: SEVERITIES,
};

function nameValue(facet: IncidentFacet, value: string, lang: Language): string {
  return NAMES[facet]?.[value]?.[lang] ?? value;
}
