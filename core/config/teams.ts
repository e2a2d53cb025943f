// Spreads the definitions of teams over the settings that the stages read, so that a team's patterns are written once.
// docs/teams.md explains each consequence. Pure functions.
import { findNearest } from '../text/nearest.js';
import type { TeamDefinition } from './team.js';
import type { RouteLabel } from '../documents/silence.js';
import type { RouteSettings } from './route.js';
import type { Settings } from './settings.js';

/**
 * Settings to which a team contributes. They hold the values of the settings file until the teams are spread over them.
 */
export type SharedSettings = Pick<
  Settings,
  | 'notify.teams'
  | 'notify.receivers'
  | 'notify.timeIntervals'
  | 'notify.route'
  | 'api.tokens'
  | 'api.oidc.grants'
  | 'analyzer.rulesDirs'
>;

export interface PlacedTeam {
  readonly team: TeamDefinition;
  /** Path of the file that defines the team, for messages. */
  readonly file: string;
}

/** Patterns of each team, by its name. */
export type Teams = Settings['notify.teams'];

/** Labels that a mute is matched with: a rule or a cause, and a job by name or id. */
const MUTED_LABELS: readonly RouteLabel[] = ['cause', 'job'];

/** Prefix of a team in a scope: `team:payments` stands for the patterns of the team "payments". */
const TEAM_PREFIX = 'team:';

/** Adds the teams' values to the settings. Requires that findTeamProblems found nothing. */
export function spreadTeams(settings: SharedSettings, teams: readonly TeamDefinition[]): SharedSettings {
  const named = [...settings['notify.teams'], ...teams.map(({ name, patterns: scope }) => ({ name, scope }))];
  const inScope = <Item extends { readonly scope: readonly string[] }>(items: readonly Item[]): readonly Item[] =>
    items.map((item) => ({ ...item, scope: expandScope(item.scope, named) }));
  return {
    'notify.teams': named,
    'notify.receivers': [...settings['notify.receivers'], ...teams.flatMap(({ receivers }) => receivers)],
    'notify.timeIntervals': [...settings['notify.timeIntervals'], ...teams.flatMap((team) => team.timeIntervals)],
    'notify.route': addRoutes(settings, teams),
    'api.tokens': [
      ...inScope(settings['api.tokens']),
      ...teams.flatMap(({ tokens, patterns: scope }) => tokens.map((token) => ({ ...token, scope }))),
    ],
    'api.oidc.grants': [
      ...inScope(settings['api.oidc.grants']),
      ...teams.flatMap(({ groups, role, patterns: scope }) => groups.map((group) => ({ group, role, scope }))),
    ],
    // The page saves rules into the last folder, which must not be a team's.
    'analyzer.rulesDirs': [
      ...teams.flatMap(({ rulesDir }) => (rulesDir === undefined ? [] : [rulesDir])),
      ...settings['analyzer.rulesDirs'],
    ],
  };
}

/** Replaces each `team:NAME` by the patterns of that team. An undefined team has no patterns. */
export function expandScope(scope: readonly string[], teams: Teams): readonly string[] {
  return scope.flatMap((pattern) => {
    if (!pattern.startsWith(TEAM_PREFIX)) return [pattern];
    const name = pattern.slice(TEAM_PREFIX.length);
    return teams.filter((team) => team.name === name).flatMap((team) => team.scope);
  });
}

/** Returns what is wrong with a scope that is given at run time; undefined if it is valid. */
export function findScopeProblem(scope: readonly string[], teams: Teams): string | undefined {
  const names = teams.map(({ name }) => name);
  const teamPatterns = scope.filter((pattern) => pattern.startsWith(TEAM_PREFIX));
  return teamPatterns.flatMap((pattern) => explainUnknownName('team', pattern.slice(TEAM_PREFIX.length), names))[0];
}

/**
 * Adds each team's route after those of the settings file. It matches only the team's cards, so that no team can take
 * or see the cards of another. A card of several teams notifies all of them (`continue`).
 */
function addRoutes(settings: SharedSettings, teams: readonly TeamDefinition[]): RouteSettings {
  const routes = teams.flatMap(nameRoute);
  const root = settings['notify.route'];
  if (routes.length === 0) return root;
  const receiver = settings['notify.receivers'].map(({ name }) => name);
  const base = Object.keys(root).length === 0 ? { receiver } : root;
  return { ...base, routes: [...(base.routes ?? []), ...routes] };
}

function nameRoute({ name, route, receivers, mutes }: TeamDefinition): readonly RouteSettings[] {
  if (route === undefined && receivers.length === 0 && mutes.length === 0) return [];
  const muted = mutes.length === 0 ? [] : MUTED_LABELS.map((label) => ({ matchers: { [label]: mutes }, receiver: [] }));
  return [
    {
      ...(receivers.length === 0 ? {} : { receiver: receivers.map((receiver) => receiver.name) }),
      ...route,
      matchers: { ...route?.matchers, team: name },
      continue: true,
      routes: [...muted, ...(route?.routes ?? [])],
    },
  ];
}

/**
 * Finds problems that one file cannot show: names that are used twice or that nobody defines, each with file and team.
 */
export function findTeamProblems(settings: SharedSettings, placed: readonly PlacedTeam[]): readonly string[] {
  const teams = [...settings['notify.teams'].map(({ name }) => name), ...placed.map(({ team }) => team.name)];
  const own = settings['notify.receivers'].map(({ name }) => name);
  const intervals = settings['notify.timeIntervals'].map(({ name }) => name);
  const scopes = [...settings['api.tokens'], ...settings['api.oidc.grants']].flatMap(({ scope }) => scope);
  return [
    ...findTwice(
      'team',
      placed,
      ({ name }) => [name],
      settings['notify.teams'].map(({ name }) => name),
    ),
    ...findTwice('receiver', placed, ({ receivers }) => receivers.map(({ name }) => name), own),
    ...findTwice(
      'token',
      placed,
      ({ tokens }) => tokens.map(({ name }) => name),
      settings['api.tokens'].map(({ name }) => name),
    ),
    ...placed.flatMap(({ team, file }) =>
      [
        ...(team.route?.matchers?.team === undefined
          ? []
          : ['its route has the matcher team, which is the team itself']),
        ...listNames(team.route, 'receiver').flatMap((name) =>
          explainUnknownName('receiver', name, [...team.receivers.map((receiver) => receiver.name), ...own]),
        ),
        ...listNames(team.route, 'interval').flatMap((name) =>
          explainUnknownName('time interval', name, [
            ...team.timeIntervals.map((interval) => interval.name),
            ...intervals,
          ]),
        ),
      ].map((problem) => `${file}: team "${team.name}": ${problem}`),
    ),
    ...scopes
      .filter((pattern) => pattern.startsWith(TEAM_PREFIX))
      .flatMap((pattern) => explainUnknownName('team', pattern.slice(TEAM_PREFIX.length), teams))
      .map((problem) => `a scope of api.tokens or api.oidc.grants: ${problem}`),
  ];
}

function findTwice(
  what: string,
  placed: readonly PlacedTeam[],
  list: (team: TeamDefinition) => readonly string[],
  taken: readonly string[],
): readonly string[] {
  const first = new Map(taken.map((name) => [name, 'the settings file']));
  const problems: string[] = [];
  for (const { team, file } of placed) {
    for (const name of list(team)) {
      const other = first.get(name);
      if (other === undefined) first.set(name, file);
      else
        problems.push(
          `${file}: team "${team.name}": the ${what} "${name}" is defined in ${other === file ? 'this file' : other} already`,
        );
    }
  }
  return problems;
}

function listNames(route: RouteSettings | undefined, what: 'receiver' | 'interval'): readonly string[] {
  if (route === undefined) return [];
  const here =
    what === 'receiver'
      ? [route.receiver ?? [], ...(route.escalation ?? []).map(({ receiver }) => receiver)].flat()
      : [...(route.muteTimeIntervals ?? []), ...(route.activeTimeIntervals ?? [])];
  return [...here, ...(route.routes ?? []).flatMap((child) => listNames(child, what))];
}

function explainUnknownName(what: string, name: string, known: readonly string[]): readonly string[] {
  if (known.includes(name)) return [];
  const nearest = findNearest(name, known);
  return [`there is no ${what} "${name}"${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`];
}
