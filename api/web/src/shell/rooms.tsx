// The room of each address. Each is a file of its own that is loaded when somebody opens it, so that the first one
// stands soon; while nothing else is to be done the others are fetched as well, for the next click. The frame (app.tsx)
// puts it between its bars, in a boundary: a room that cannot be loaded is told there.
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
/** The room that is asked for comes first. */
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

/** What cannot be fetched ahead is told where somebody wants to see it. */
function useFetching(): void {
  useEffect(() => {
    const timer = setTimeout(() => void Promise.allSettled(AHEAD.map((load) => load())), AHEAD_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
}
