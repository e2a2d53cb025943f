// Lists the pages in one table: the address, the module that shows it, and its entry in the navigation. A page is
// loaded when it is opened, so that the first one appears soon; the others are loaded when the browser is idle. The
// frame (app.tsx) shows the page in a boundary, which reports one that cannot be loaded.
import { lazy, Suspense, useEffect, type ComponentType } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import type { TextKey } from '../texts/text.tsx';
import { Waiting } from '../view/state.tsx';

type Page = ComponentType<{ readonly id: string }>;

interface PageRow {
  /** Address. What stands for `:id` or `*` is the `id` of the page; an address without either has the id ''. */
  readonly path: string;
  readonly load: () => Promise<Page>;
  /** Path of the entry of the navigation that is current on this page. */
  readonly nav?: string;
  /** Name of the page's own entry in the navigation. */
  readonly text?: TextKey;
}

/** Pages in the order of the navigation. The first path that fits an address wins. */
export const PAGES: readonly PageRow[] = [
  {
    path: '/incidents',
    load: async () => (await import('../incidents/incidents.tsx')).IncidentsPage,
    nav: '/incidents',
    text: 'incidents',
  },
  {
    path: '/incidents/:id',
    load: async () => (await import('../incidents/incident.tsx')).IncidentPage,
    nav: '/incidents',
  },
  { path: '/jobs', load: async () => (await import('../pages/jobs.tsx')).JobsPage, nav: '/jobs', text: 'jobsPage' },
  { path: '/job', load: async () => (await import('../pages/job.tsx')).JobPage, nav: '/jobs' },
  { path: '/cluster', load: async () => (await import('../pages/cluster.tsx')).ClusterPage, nav: '/jobs' },
  {
    path: '/search',
    load: async () => (await import('../search/search.tsx')).SearchPage,
    nav: '/search',
    text: 'search',
  },
  { path: '/paste', load: async () => (await import('../pages/paste.tsx')).PastePage, nav: '/paste', text: 'paste' },
  {
    path: '/alerts',
    load: async () => (await import('../pages/alerts.tsx')).AlertsPage,
    nav: '/alerts',
    text: 'alertsPage',
  },
  { path: '/rules', load: async () => (await import('../pages/rules.tsx')).RulesPage, nav: '/rules', text: 'rules' },
  { path: '/rules/new', load: async () => (await import('../pages/editor.tsx')).EditorPage, nav: '/rules' },
  { path: '/rules/edit/*', load: async () => (await import('../pages/editor.tsx')).EditorPage, nav: '/rules' },
  { path: '/rules/*', load: async () => (await import('../pages/rule.tsx')).RulePage, nav: '/rules' },
  {
    path: '/agents',
    load: async () => (await import('../pages/agents.tsx')).AgentsPage,
    nav: '/agents',
    text: 'agents',
  },
  { path: '/sessions', load: async () => (await import('../pages/sessions.tsx')).SessionsPage },
];

const LAZY_PAGES = PAGES.map(({ path, load }) => ({ path, Page: lazy(async () => ({ default: await load() })) }));

/** Delay, in milliseconds, before the other pages are loaded, because the requested page comes first. */
const AHEAD_AFTER_MS = 1500;

/** Returns the path of the navigation entry that is current at an address. */
export function findNavigation(address: string): string | undefined {
  return PAGES.find(({ path }) => address.startsWith(path.split(/[:*]/)[0] ?? path))?.nav;
}

export function Pages() {
  useFetching();
  return (
    <Suspense fallback={<Waiting />}>
      <Switch>
        {LAZY_PAGES.map(({ path, Page }) => (
          <Route key={path} path={path}>
            {(params: Readonly<Record<string, string | undefined>>) => <Page id={params['id'] ?? params['*'] ?? ''} />}
          </Route>
        ))}
        <Route>
          <Redirect to="/incidents" replace />
        </Route>
      </Switch>
    </Suspense>
  );
}

/** Loads the other pages ahead. Errors are ignored here, because they are reported when the page is opened. */
function useFetching(): void {
  useEffect(() => {
    const timer = setTimeout(() => void Promise.allSettled(PAGES.map(({ load }) => load())), AHEAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
}
