// Tests the routing table: settings, a card and a time → the receivers, each with the last reason of the pipeline.
import { describe, expect, it } from 'vitest';
import { loadText } from '../../core/config/testing/sample.js';
import type { MatcherSettings, RouteLabel } from '../../core/documents/silence.js';
import type { CardLabels } from '../../core/config/route.js';
import { withTeams } from './labels.js';
import { parseMatchers } from './matchers.js';
import { routeCard, type ActiveSilence, type Path } from './pipeline.js';
import { createRoutingContext } from './context.js';

const RECEIVERS = ['chat', 'pager', 'payments', 'lead', 'archive'];
const COMMON = `
  teams:
    - {name: payments, scope: ["pay-*", "session-pay"]}
    - {name: search, scope: ["index-*", "pay-search"]}
  timeIntervals:
    - {name: night, location: Asia/Shanghai, times: [{startTime: "22:00", endTime: "08:00"}]}
    - {name: workhours, location: UTC, weekdays: ["monday:friday"], times: [{startTime: "09:00", endTime: "17:00"}]}
    - {name: weekend, location: Europe/Berlin, weekdays: [saturday, sunday]}
    - {name: month-end, location: UTC, daysOfMonth: ["-2:-1"]}
    - {name: holidays, location: UTC, months: [december], daysOfMonth: ["24:26"]}
    - {name: holidays, location: UTC, months: ["1"], daysOfMonth: ["1"]}
`;

/** Trees of the table, each named by a letter. */
const TREES: Readonly<Record<string, string>> = {
  // No route: every receiver is notified.
  N: '',
  // Root alone.
  R: '{receiver: chat}',
  // Routes by severity, with one that continues.
  S: `{receiver: chat, routes: [
    {matchers: {severity: critical}, receiver: pager, continue: true},
    {matchers: {severity: [critical, error]}, receiver: lead},
    {matchers: {severity: warning, owner: [platform, external]}, receiver: []}]}`,
  // Routes by team and job, nested, with inheritance.
  T: `{receiver: chat, routes: [
    {matchers: {team: payments}, receiver: payments, routes: [
      {matchers: {job: "*-test"}, receiver: []},
      {matchers: {cause: "memory.*"}, receiver: [payments, pager]},
      {matchers: {owner: platform}}]},
    {matchers: {cluster: "prod-*", job: ["!*-test", "!canary"]}, receiver: pager},
    {matchers: {cause: "unknown:*"}, receiver: archive}]}`,
  // Routes by the clock.
  C: `{receiver: chat, routes: [
    {matchers: {severity: warning}, receiver: chat, activeTimeIntervals: [workhours]},
    {matchers: {severity: error}, receiver: payments, muteTimeIntervals: [night, weekend]},
    {matchers: {severity: info}, receiver: archive, muteTimeIntervals: [holidays, month-end]},
    {matchers: {severity: critical}, receiver: pager}]}`,
  // Escalation if nobody acknowledges the card.
  E: `{receiver: chat, escalation: [{after: 1h, receiver: lead}, {after: 15m, receiver: [pager, chat]}], routes: [
    {matchers: {severity: critical}, receiver: pager, continue: true},
    {matchers: {job: "pay-*"}, receiver: payments, escalation: [{after: 5m, receiver: lead}]},
    {matchers: {severity: info}, receiver: archive, escalation: []},
    {matchers: {severity: warning}, receiver: []}]}`,
  // Receiver that two routes name.
  D: `{receiver: chat, routes: [
    {matchers: {job: "pay-*"}, receiver: [pager, payments], continue: true},
    {matchers: {severity: critical}, receiver: [lead, pager], continue: true},
    {receiver: archive}]}`,
};

/** Silences from Wednesday 2026-11-25 10:00 UTC to noon. */
const SILENCES: Readonly<Record<string, MatcherSettings>> = {
  'silence-1': { job: 'pay-ledger', severity: ['!critical'] },
  'silence-2': { cluster: 'prod-7' },
};

const TABLE = `
tree | card                                                   | at               | goes to
N    | job=pay-ledger severity=error                          | 2026-11-25T12:00 | chat:no-routes pager:no-routes payments:no-routes lead:no-routes archive:no-routes
N    |                                                        | 2026-11-25T12:00 | chat:no-routes pager:no-routes payments:no-routes lead:no-routes archive:no-routes
N    | job=pay-ledger severity=error                          | 2026-11-25T11:00 | chat:silenced(silence-1) pager:silenced(silence-1) payments:silenced(silence-1) lead:silenced(silence-1) archive:silenced(silence-1)
R    | job=orders severity=critical                           | 2026-11-25T12:00 | chat:no-routes
R    | cluster=prod-7                                         | 2026-11-25T11:00 | chat:silenced(silence-2)
S    | severity=critical                                      | 2026-11-25T12:00 | pager:matched(0) lead:matched(1)
S    | severity=error                                         | 2026-11-25T12:00 | lead:matched(1)
S    | severity=warning owner=platform                        | 2026-11-25T12:00 | nobody:no-receiver(2)
S    | severity=warning owner=external                        | 2026-11-25T12:00 | nobody:no-receiver(2)
S    | severity=warning owner=user-code                       | 2026-11-25T12:00 | chat:no-child-matched
S    | severity=warning                                       | 2026-11-25T12:00 | chat:no-child-matched
S    | severity=info owner=platform                           | 2026-11-25T12:00 | chat:no-child-matched
T    | job=pay-ledger                                         | 2026-11-25T12:00 | payments:matched(0)
T    | job=4f1c,pay-ledger                                    | 2026-11-25T12:00 | payments:matched(0)
T    | job=orders cluster=session-pay                         | 2026-11-25T12:00 | payments:matched(0)
T    | job=pay-search                                         | 2026-11-25T12:00 | payments:matched(0)
T    | job=pay-ledger-test                                    | 2026-11-25T12:00 | nobody:no-receiver(0.0)
T    | job=pay-ledger-test cause=memory.heap                  | 2026-11-25T12:00 | nobody:no-receiver(0.0)
T    | job=pay-ledger cause=memory.heap,memory.heap/exhausted | 2026-11-25T12:00 | payments:matched(0.1) pager:matched(0.1)
T    | job=pay-ledger cause=memory owner=platform             | 2026-11-25T12:00 | payments:matched(0.2)
T    | job=orders cluster=prod-1                              | 2026-11-25T12:00 | pager:matched(1)
T    | job=orders cluster=prod-1 cause=unknown:1f2e           | 2026-11-25T12:00 | pager:matched(1)
T    | job=orders-test cluster=prod-1                         | 2026-11-25T12:00 | chat:no-child-matched
T    | job=4f1c,orders-test cluster=prod-1                    | 2026-11-25T12:00 | chat:no-child-matched
T    | job=canary cluster=prod-1 cause=unknown:1f2e           | 2026-11-25T12:00 | archive:matched(2)
T    | cluster=prod-1                                         | 2026-11-25T12:00 | pager:matched(1)
T    | job=orders cluster=PROD-1                              | 2026-11-25T12:00 | chat:no-child-matched
T    | team=payments                                          | 2026-11-25T12:00 | payments:matched(0)
T    | job=index-1                                            | 2026-11-25T12:00 | chat:no-child-matched
T    | job=pay-ledger severity=error                          | 2026-11-25T09:59 | payments:matched(0)
T    | job=pay-ledger severity=error                          | 2026-11-25T10:00 | payments:silenced(silence-1)
T    | job=pay-ledger severity=critical                       | 2026-11-25T10:00 | payments:matched(0)
T    | job=pay-ledger severity=error                          | 2026-11-25T12:00 | payments:matched(0)
C    | severity=warning                                       | 2026-11-25T09:00 | chat:matched(0)
C    | severity=warning                                       | 2026-11-25T17:00 | chat:outside-active-time(workhours)
C    | severity=warning                                       | 2026-11-28T12:00 | chat:outside-active-time(workhours)
C    | severity=error                                         | 2026-11-25T13:59 | payments:matched(1)
C    | severity=error                                         | 2026-11-25T14:00 | payments:within-mute-time(night)
C    | severity=error                                         | 2026-11-25T23:59 | payments:within-mute-time(night)
C    | severity=error                                         | 2026-11-26T00:00 | payments:matched(1)
C    | severity=error                                         | 2026-11-27T22:59 | payments:within-mute-time(night)
C    | severity=error                                         | 2026-11-28T12:00 | payments:within-mute-time(weekend)
C    | severity=error                                         | 2026-11-29T22:59 | payments:within-mute-time(night)
C    | severity=error                                         | 2026-11-30T00:30 | payments:matched(1)
C    | severity=error cluster=prod-7                          | 2026-11-25T11:00 | payments:silenced(silence-2)
C    | severity=critical                                      | 2026-11-28T18:00 | pager:matched(3)
C    | severity=info                                          | 2026-11-28T23:59 | archive:matched(2)
C    | severity=info                                          | 2026-11-29T00:00 | archive:within-mute-time(month-end)
C    | severity=info                                          | 2026-12-01T00:00 | archive:matched(2)
C    | severity=info                                          | 2026-12-24T00:00 | archive:within-mute-time(holidays)
C    | severity=info                                          | 2027-01-01T23:59 | archive:within-mute-time(holidays)
C    | severity=info                                          | 2027-01-02T00:00 | archive:matched(2)
D    | job=pay-ledger severity=critical                       | 2026-11-25T12:00 | pager:matched(0) payments:matched(0) lead:matched(1) pager:said-by-another-route(0) archive:matched(2)
D    | job=orders severity=critical                           | 2026-11-25T12:00 | lead:matched(1) pager:matched(1) archive:matched(2)
D    | job=orders severity=error                              | 2026-11-25T12:00 | archive:matched(2)
E    | severity=error                                         | 2026-11-25T12:00 | chat:no-child-matched pager:unacknowledged-after(15m, route) chat:said-by-another-route lead:unacknowledged-after(1h, route)
E    | severity=critical                                      | 2026-11-25T12:00 | pager:matched(0) pager:said-by-another-route(0) chat:unacknowledged-after(15m, route.0) lead:unacknowledged-after(1h, route.0)
E    | job=pay-ledger severity=error                          | 2026-11-25T12:00 | payments:matched(1) lead:unacknowledged-after(5m, route.1)
E    | job=pay-ledger severity=error                          | 2026-11-25T10:00 | payments:silenced(silence-1) lead:silenced(silence-1)
E    | severity=info                                          | 2026-11-25T12:00 | archive:matched(2)
E    | severity=warning                                       | 2026-11-25T12:00 | nobody:no-receiver(3)
`;

const [, ...ROWS] = TABLE.trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('routeCard', () => {
  it.each(ROWS)('tree %s, card %s, at %s → %s', (tree = '', card = '', at = '', expected = '') => {
    const { settings } = loadText(
      `notify:${COMMON}  receivers:\n${RECEIVERS.map((name) => `    - {name: ${name}, kind: webhook, url: "http://${name}"}\n`).join('')}${TREES[tree] === '' ? '' : `  route: ${TREES[tree]}\n`}`,
    );
    const scene = createRoutingContext({
      route: settings['notify.route'],
      timeIntervals: settings['notify.timeIntervals'],
      receivers: RECEIVERS,
    });
    const nowMs = Date.parse(`${at}:00Z`);

    const paths = routeCard(
      readCard(card, settings['notify.teams']),
      { ...scene, silences: listSilences(), triage: new Map() },
      nowMs,
    );

    expect(paths.map(print).join(' ')).toBe(expected);
  });

  it('is read from at least forty rows', () => expect(ROWS.length).toBeGreaterThanOrEqual(40));
});

function readCard(text: string, teams: Parameters<typeof withTeams>[2]): CardLabels {
  const given = Object.fromEntries(
    text
      .split(' ')
      .filter((pair) => pair !== '')
      .map((pair) => pair.split('='))
      .map(([label, value = '']) => [label, value.split(',')]),
  );
  const values = (label: RouteLabel): readonly string[] => given[label] ?? [];
  return withTeams(
    {
      cluster: values('cluster'),
      job: values('job'),
      severity: values('severity'),
      cause: values('cause'),
      owner: values('owner'),
    },
    values('team'),
    teams,
  );
}

function listSilences(): readonly ActiveSilence[] {
  return Object.entries(SILENCES).map(([id, matchers]) => ({
    id,
    matchers: parseMatchers(matchers),
    startsAtMs: Date.parse('2026-11-25T10:00:00Z'),
    endsAtMs: Date.parse('2026-11-25T12:00:00Z'),
  }));
}

function print({ receiver, reasons }: Path): string {
  const { reason, about } = reasons.at(-1) ?? { reason: '', about: '' };
  const place = about
    .replace(/^route/, '')
    .replaceAll(/\.?routes\[(\d+)\]/g, '.$1')
    .replace(/^\./, '');
  return `${receiver === '' ? 'nobody' : receiver}:${reason}${place === '' ? '' : `(${place})`}`;
}
