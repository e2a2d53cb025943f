import { describe, expect, it } from 'vitest';
import { routeCard } from '../../notify/routing/pipeline.js';
import { withTeams } from '../../notify/routing/labels.js';
import { findRoutingProblems, createRoutingContext } from '../../notify/routing/context.js';
import { describeSettings } from './describe.js';
import type { Settings } from './settings.js';
import { loadText, resolveSample } from './testing/sample.js';

const MAIN = `
include: ['teams.d/*.yaml']
notify:
  receivers:
    - { name: platform, kind: webhook, url: 'https://hooks.example/platform' }
api:
  tokens:
    - { name: pay-ci, role: reader, token: pay-ci-0123456789abc, scope: ['team:payments'] }
`;
const PAYMENTS = `
teams:
  - name: payments
    patterns: ['pay-*', 'ledger']
    groups: [flink-payments]
    role: author
    tokens: [{ name: pay-page, role: reader, tokenFile: pay.token }]
    receivers:
      - { name: pay-chat, kind: webhook, urlFile: pay.url }
      - { name: pay-pager, kind: webhook, url: 'https://hooks.example/pager' }
    timeIntervals: [{ name: pay-night, location: Asia/Shanghai, times: [{ startTime: '22:00', endTime: '08:00' }] }]
    route:
      receiver: pay-chat
      routes:
        - { matchers: { severity: critical }, receiver: [pay-pager, platform] }
        - { matchers: { severity: info }, muteTimeIntervals: [pay-night] }
    mutes: ['checkpoint.declined', 'pay-test-*']
    rulesDir: rules
`;
const RISK = `
teams:
  - { name: risk, patterns: ['risk-*', ledger], receivers: [{ name: risk-chat, kind: webhook, url: 'https://hooks.example/risk' }] }
`;

function load(files: Readonly<Record<string, string>>, main = MAIN): Settings {
  return loadText(main, {
    readIncluded: () =>
      Object.entries(files).map(([path, text]) => ({
        path,
        text,
        resolvePath: (given) => resolveSample(`teams.d/${given}`),
      })),
  }).settings;
}

/** Returns the names of the notified receivers, by the same pipeline as the service. */
function notified(settings: Settings, card: { job: string; severity?: string; cause?: string }): readonly string[] {
  const routing = {
    route: settings['notify.route'],
    timeIntervals: settings['notify.timeIntervals'],
    receivers: settings['notify.receivers'].map(({ name }) => name),
  };
  expect(findRoutingProblems(routing)).toEqual([]);
  const labels = withTeams(
    {
      cluster: ['session-1'],
      job: [card.job],
      severity: [card.severity ?? 'error'],
      cause: [card.cause ?? 'memory.heap'],
      owner: [],
    },
    [],
    settings['notify.teams'],
  );
  return routeCard(labels, { ...createRoutingContext(routing), silences: [], triage: new Map() }, 0)
    .filter(({ state }) => state === 'goes')
    .map(({ receiver }) => receiver);
}

describe('teams of included files', () => {
  const settings = load({ 'teams.d/payments.yaml': PAYMENTS, 'teams.d/risk.yaml': RISK });

  it('write a team’s patterns once: for routes, silences, tokens, groups and rules', () => {
    expect(settings['notify.teams']).toEqual([
      { name: 'payments', scope: ['pay-*', 'ledger'] },
      { name: 'risk', scope: ['risk-*', 'ledger'] },
    ]);
    expect(settings['api.tokens'].map(({ name, scope }) => [name, scope])).toEqual([
      ['pay-ci', ['pay-*', 'ledger']],
      ['pay-page', ['pay-*', 'ledger']],
    ]);
    expect(settings['api.oidc.grants']).toEqual([
      { group: 'flink-payments', role: 'author', scope: ['pay-*', 'ledger'] },
    ]);
    expect(settings['analyzer.rulesDirs']).toEqual(['/etc/jobtrace/teams.d/rules']);
  });

  it('read secrets beside their own file', () => {
    expect(settings['api.tokens'][1]?.token).toBe('content-of/etc/jobtrace/teams.d/pay.token');
    expect(settings['notify.receivers'].find(({ name }) => name === 'pay-chat')?.url).toBe(
      'https://content-of/etc/jobtrace/teams.d/pay.url',
    );
  });

  it.each([
    ['a team’s card goes to the team and to nobody else', { job: 'pay-orders' }, ['pay-chat']],
    ['by the team’s own routes', { job: 'pay-orders', severity: 'critical' }, ['pay-pager', 'platform']],
    ['a job of two teams is heard by both', { job: 'ledger' }, ['pay-chat', 'risk-chat']],
    ['without a route all receivers of the team hear', { job: 'risk-7' }, ['risk-chat']],
    ['what is of no team goes to the receivers of the settings file', { job: 'search' }, ['platform']],
    ['a cause that the team muted', { job: 'pay-orders', cause: 'checkpoint.declined' }, []],
    ['a job that the team muted', { job: 'pay-test-1' }, []],
    ['a mute of one team does not mute another', { job: 'ledger', cause: 'checkpoint.declined' }, ['risk-chat']],
  ])('%s', (_, card, expected) => {
    expect(notified(settings, card)).toEqual(expected);
  });

  it('keep the routes of the settings file in front of theirs', () => {
    const main = `${MAIN}\nx: 1`
      .replace('\nx: 1', '\n')
      .replace(
        'notify:\n',
        "notify:\n  route: { receiver: platform, routes: [{ matchers: { cause: 'storage.*' }, receiver: platform, continue: true }] }\n",
      );
    const both = load({ 'teams.d/risk.yaml': RISK }, main.replace("['team:payments']", "['team:risk']"));

    expect(notified(both, { job: 'risk-1', cause: 'storage.full' })).toEqual(['platform', 'risk-chat']);
    expect(notified(both, { job: 'risk-1' })).toEqual(['risk-chat']);
  });

  it('show no secret in "config print"', () => {
    const main = `teams:\n  - { name: a, patterns: [a], tokens: [{ name: t, role: reader, token: sesame-0123456789 }], receivers: [{ name: r, kind: webhook, url: 'https://sesame' }] }\n`;
    const rows = describeSettings(loadText(main));

    expect(JSON.stringify(rows)).not.toContain('sesame');
  });
});

describe('mistakes of teams', () => {
  it.each([
    [
      'a team that is defined twice',
      { 'a.yaml': RISK, 'b.yaml': RISK },
      'b.yaml: team "risk": the team "risk" is defined in a.yaml already',
    ],
    [
      'a receiver of another team',
      { 'a.yaml': RISK, 'b.yaml': 'teams:\n  - { name: pay, patterns: [p], route: { receiver: risk-chat } }\n' },
      'b.yaml: team "pay": there is no receiver "risk-chat"',
    ],
    [
      'a receiver’s name that is misspelt',
      { 'b.yaml': 'teams:\n  - { name: pay, patterns: [p], route: { receiver: platfrom } }\n' },
      'did you mean "platform"?',
    ],
    [
      'a route that names the team',
      { 'b.yaml': 'teams:\n  - { name: pay, patterns: [p], route: { receiver: platform, matchers: { team: x } } }\n' },
      'its route has the matcher team',
    ],
    ['a setting that no team has', { 'b.yaml': 'teams:\n  - { name: pay, patterns: [p], scope: [q] }\n' }, 'b.yaml:2:'],
    ['anything but teams', { 'b.yaml': 'store: { kind: sqlite }\n' }, 'b.yaml:1:'],
    [
      'no pattern at all, which would be everything',
      { 'b.yaml': 'teams:\n  - { name: pay, patterns: [] }\n' },
      'b.yaml:2:',
    ],
  ])('%s is refused, with its file', (_, files, problem) => {
    const main = MAIN.replace(/api:[\s\S]*/, '');

    expect(() => load(files, main)).toThrowError(expect.objectContaining({ code: 'JT_CONFIG_INVALID' }));
    expect(() => load(files, main)).toThrowError(problem);
  });

  it('a scope of a team that nobody defines is refused', () => {
    expect(() => load({ 'a.yaml': RISK })).toThrowError('there is no team "payments"');
  });
});

describe('secrets of a part', () => {
  it.each([
    ['agent', (name: string) => name.startsWith('store.'), []],
    ['analyzer', (name: string) => !name.startsWith('api.') && name !== 'teams.tokens', ['/etc/jobtrace/hook']],
  ])('the %s reads its own and no others', (_, usesSecret, expected) => {
    const read: string[] = [];
    const { settings } = loadText(
      'notify: { receivers: [{ name: a, kind: webhook, urlFile: hook }] }\napi:\n  tokens: [{ name: b, role: reader, tokenFile: token }]\n  oidc: { clientSecretFile: client }\nteams: [{ name: t, patterns: [x], tokens: [{ name: c, role: reader, tokenFile: team }] }]\n',
      {
        usesSecret,
        readSecret: (path) => {
          read.push(path);
          return 'https://hooks.example/0123456789';
        },
      },
    );

    expect(read).toEqual(expected);
    expect(settings['api.tokens']).toEqual([]);
  });
});
