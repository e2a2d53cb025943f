// Shows the facets of a search: the values of each field with their counts over the whole range. A click keeps only
// lines with the value; Alt and a click, or the minus, excludes them. Active filters are shown as chips. Takes the
// counts of the first page; returns the clicked filter.
import { Badge, CloseButton, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { FacetValue } from '../../../../store/store.ts';
import type { ListedRecords } from '../../../schemas/records.ts';
import { api } from '../server/client.ts';
import { useTexts } from '../texts/text.tsx';
import { FILTERS, listFilters, toRequest, type Filter, type FilterKey } from './address.ts';

interface FacetPart {
  readonly address: URLSearchParams;
  /** Time of the search, so that both counts have the same range. */
  readonly now: number;
  readonly toggle: (filter: Filter) => void;
}

/** Number of values that are shown before the reader requests more. */
const FEW_VALUES = 6;

export function Facets({ address, now, toggle, page }: FacetPart & { readonly page: ListedRecords }) {
  const { t } = useTexts();
  return (
    <aside className="facets" aria-label={t('filters')}>
      {FILTERS.map(({ key, facet, name }) => {
        const own = listFilters(address).filter((filter) => filter.key === key);
        const shared = { title: t(name), filterKey: key, own, toggle };
        return own.some(({ isExcluded }) => !isExcluded) ? (
          <OpenFacet key={key} {...shared} address={address} now={now} />
        ) : (
          <Facet key={key} {...shared} values={page.facets?.[facet] ?? []} />
        );
      })}
    </aside>
  );
}

interface FacetProps {
  readonly title: string;
  readonly filterKey: FilterKey;
  readonly own: readonly Filter[];
  readonly toggle: (filter: Filter) => void;
}

/** Counts the values of a facet as if its own filter were not set, so that the reader can choose other values. */
function OpenFacet({ address, now, ...props }: FacetProps & Pick<FacetPart, 'address' | 'now'>) {
  const parameters = toRequest(address, now, props.filterKey);
  parameters.set('limit', '1');
  parameters.set('facets', 'true');
  const { data } = useQuery({
    queryKey: ['facet', parameters.toString()],
    queryFn: () => api.records(parameters),
    placeholderData: (before) => before,
  });
  const facet = FILTERS.find(({ key }) => key === props.filterKey)?.facet;
  return <Facet {...props} values={(facet === undefined ? undefined : data?.facets?.[facet]) ?? []} />;
}

function Facet({ title, filterKey, own, toggle, values }: FacetProps & { readonly values: readonly FacetValue[] }) {
  const { t } = useTexts();
  const [isOpen, setOpen] = useState(false);
  // Chosen values are always listed, even if they are not among the most frequent ones or have no lines.
  const chosen = own.filter(({ value }) => !values.some((one) => one.value === value));
  const all = [...chosen.map(({ value }): FacetValue => ({ value, count: 0 })), ...values];
  if (all.length === 0) return null;
  const max = all.reduce((found, { count }) => Math.max(found, count), 1);
  return (
    <section>
      <Text size="xs" fw={600} className="quiet" component="h3">
        {title}
      </Text>
      {all.slice(0, isOpen ? all.length : FEW_VALUES).map(({ value, count }) => {
        const filter = own.find((one) => one.value === value);
        return (
          <div key={value} className={`facet${filter === undefined ? '' : filter.isExcluded ? ' out' : ' in'}`}>
            <span className="bar" style={{ width: `${(count / max) * 100}%` }} />
            <button
              type="button"
              aria-pressed={filter !== undefined}
              title={`${value}\n${t('facetHint')}`}
              onClick={(event) => toggle({ key: filterKey, value, isExcluded: event.altKey })}
            >
              <span className="cut">{shorten(filterKey, value)}</span>
              <span className="quiet">{count === 0 ? '' : count.toLocaleString()}</span>
            </button>
            <button
              type="button"
              className="minus"
              aria-label={`${t('exclude')} ${value}`}
              title={t('exclude')}
              onClick={() => toggle({ key: filterKey, value, isExcluded: true })}
            >
              −
            </button>
          </div>
        );
      })}
      {all.length > FEW_VALUES && (
        <button type="button" className="fold" onClick={() => setOpen(!isOpen)}>
          {isOpen ? t('fewer') : `${t('more')} (${all.length - FEW_VALUES})`}
        </button>
      )}
    </section>
  );
}

/** Shortens a class to its simple name and a process to the end of its path; the tooltip shows the whole value. */
function shorten(key: FilterKey, value: string): string {
  const separator = key === 'process' ? '/' : key === 'logger' || key === 'error' ? '.' : undefined;
  return (separator === undefined ? undefined : value.split(separator).at(-1)) ?? value;
}

export function Chips({ address, toggle }: Omit<FacetPart, 'now'>) {
  const { t, label } = useTexts();
  return (
    <Group gap="xs">
      {listFilters(address).map((filter) => {
        const name = FILTERS.find(({ key }) => key === filter.key)?.name ?? 'job';
        return (
          <Badge
            key={`${filter.isExcluded ? '-' : ''}${filter.key}:${filter.value}`}
            variant="light"
            color={filter.isExcluded ? 'red' : 'teal'}
            tt="none"
            title={filter.value}
            rightSection={
              <CloseButton size={14} aria-label={`${t('clear')} ${t(name)}`} onClick={() => toggle(filter)} />
            }
          >
            {filter.isExcluded ? `${t('not')} ` : ''}
            {label(name)}
            {shorten(filter.key, filter.value)}
          </Badge>
        );
      })}
    </Group>
  );
}
