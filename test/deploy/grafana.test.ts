// Tests the dashboard of docker/grafana: its Prometheus queries use metrics that Jobtrace exposes, its Elasticsearch
// queries use fields of Jobtrace's indices, and its panels are placed correctly.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildTemplates } from '../../store/elasticsearch/mapping.js';
import { listMetrics, renderOwnMetrics } from '../metrics.js';

interface Target {
  readonly expr?: string;
  readonly query?: string;
  readonly timeField?: string;
  readonly bucketAggs?: readonly { readonly field: string }[];
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

const read = (name: string): string => readFileSync(new URL(`../../docker/grafana/${name}`, import.meta.url), 'utf8');
const dashboard: {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly regex: string }[] };
} = JSON.parse(read('dashboard.json'));
const targetsOf = (source: string): readonly Target[] =>
  dashboard.panels
    .filter(({ datasource }) => datasource?.uid === `\${${source}}`)
    .flatMap(({ targets }) => targets ?? []);

describe('the dashboard', () => {
  it('names only metrics that Jobtrace shows', async () => {
    const { sample } = await renderOwnMetrics();
    const named = [...new Set(targetsOf('prometheus').flatMap(({ expr = '' }) => listMetrics(expr)))];

    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !sample.has(name))).toEqual([]);
  });

  it.each([
    ['incidents', 'jobtrace-small', 'lastSeen'],
    ['logs', 'jobtrace-logs', '@timestamp'],
  ])('names only fields of the %s', (source, template, timeField) => {
    const fields = JSON.stringify(buildTemplates('jobtrace', { shards: 1 }, 'analyzer')[template]);
    const targets = targetsOf(source);
    const named = targets.flatMap(({ bucketAggs = [], query = '' }) => [
      ...bucketAggs.map(({ field }) => field),
      ...[...query.replace(/_exists_:([\w.]+)/g, '$1:').matchAll(/[\w.]+(?=:)/g)].map(([field]) => field),
    ]);

    expect(targets.length).toBeGreaterThan(2);
    expect([...new Set(named)].filter((name) => !fields.includes(`"${name}":`))).toEqual([]);
    expect(new Set(targets.map((target) => target.timeField))).toEqual(new Set([timeField]));
  });

  it('gives each panel an id, a title and a place of its own', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );

    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(new Set(cells).size).toBe(cells.length);
    expect(cells.every((cell) => Number(cell.split(',')[0]) < 24)).toBe(true);
    for (const { type, targets, datasource } of dashboard.panels.filter(({ type }) => type !== 'row'))
      expect({ type, targets: targets?.length !== 0, source: datasource?.uid }).toMatchObject({ targets: true });
  });

  it('finds its data sources among those that are provisioned', () => {
    const { datasources }: { readonly datasources: readonly { readonly name: string }[] } = parse(
      read('datasources.yaml'),
    );

    for (const { name, regex } of dashboard.templating.list) {
      const pattern = regex === '' ? /^Prometheus$/ : new RegExp(regex.slice(1, -2), 'i');
      expect([name, datasources.filter((source) => pattern.test(source.name)).length]).toEqual([name, 1]);
    }
  });
});
