// Maps addresses to views. Each view is a separate file that is loaded when it is opened, so that the first one appears
// soon; the others are loaded when the page is idle. The frame (app.tsx) shows the view in a boundary, which reports a
// view that cannot be loaded.
import { lazy, Suspense, useEffect, type ComponentType } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { Waiting } from '../view/state.tsx';

const alerts = async () => (await import('../alerts/alerts.tsx')).AlertsPage;
const agents = async () => (await import('../service/agents.tsx')).AgentsPage;
const incident = async () => (await import('../incidents/incident.tsx')).IncidentPage;
const incidents = async () => (await import('../incidents/incidents.tsx')).IncidentsPage;
const sessions = async () => (await import('../service/sessions.tsx')).SessionsPage;
const paste = async () => (await import('../paste/paste.tsx')).PastePage;
const job = async () => (await import('../jobs/job.tsx')).JobPage;
const cluster = async () => (await import('../jobs/cluster.tsx')).ClusterPage;
const jobs = async () => (await import('../jobs/jobs.tsx')).JobsPage;
const rule = async () => (await import('../rules/rule.tsx')).RulePage;
const editor = async () => (await import('../rules/editor.tsx')).EditorPage;
const rules = async () => (await import('../rules/rules.tsx')).RulesPage;
const search = async () => (await import('../search/search.tsx')).SearchPage;

const AlertsPage = open(alerts);
const AgentsPage = open(agents);
const IncidentPage = open(incident);
const IncidentsPage = open(incidents);
const PastePage = open(paste);
const JobPage = open(job);
const ClusterPage = open(cluster);
const JobsPage = open(jobs);
const EditorPage = open(editor);
const RulePage = open(rule);
const RulesPage = open(rules);
const SearchPage = open(search);
const SessionsPage = open(sessions);

const AHEAD = [incidents, incident, search, jobs, job, cluster, rules, rule, editor, alerts, agents, sessions, paste];
/** Delay, in milliseconds, before the other views are loaded, because the requested view comes first. */
const AHEAD_AFTER_MS = 1500;

export function Rooms() {
  useFetching();
  return (
    <Suspense fallback={<Waiting />}>
      <Switch>
        <Route path="/incidents" component={IncidentsPage} />
        <Route path="/incidents/:id">{({ id }) => <IncidentPage id={id} />}</Route>
        <Route path="/jobs" component={JobsPage} />
        <Route path="/job" component={JobPage} />
        <Route path="/cluster" component={ClusterPage} />
        <Route path="/search" component={SearchPage} />
        <Route path="/paste" component={PastePage} />
        <Route path="/alerts" component={AlertsPage} />
        <Route path="/rules" component={RulesPage} />
        <Route path="/rules/new">{() => <EditorPage />}</Route>
        <Route path="/rules/edit/*">{(params) => <EditorPage id={params['*']} />}</Route>
        <Route path="/rules/*">{(params) => <RulePage id={params['*']} />}</Route>
        <Route path="/agents" component={AgentsPage} />
        <Route path="/sessions" component={SessionsPage} />
        <Route>
          <Redirect to="/incidents" replace />
        </Route>
      </Switch>
    </Suspense>
  );
}

function open<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  return lazy(async () => ({ default: await load() }));
}

/** Loads the other views ahead. Errors are ignored here, because they are reported when the view is opened. */
function useFetching(): void {
  useEffect(() => {
    const timer = setTimeout(() => void Promise.allSettled(AHEAD.map((load) => load())), AHEAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
}
