// The settings of what reads the store: analyzer, API and notify. settings.ts joins the tables; what the lists of
// receivers and tokens hold stands beside this file.
import { MAX_GLOB_LENGTH } from '../../text/glob.js';
import { RECEIVER_KINDS } from './receiver.js';
import type { SettingRow } from './row.js';
import { TOKEN_ROLES } from './token.js';

export const SERVICE = [
  {
    name: 'analyzer.rulesDirs',
    type: 'paths',
    default: [],
    help: 'Folders with rules of your own; they may override, extend or disable built-in ones.',
  },
  {
    name: 'analyzer.healthyAfterMs',
    type: 'integer',
    default: 600_000,
    minimum: 1000,
    help: 'A job that has run this long without failing ends its incident; the next failure opens a new one.',
  },
  {
    name: 'analyzer.listen',
    type: 'string',
    default: '',
    help: 'Address, HOST:PORT, at which "jobtrace analyzer" serves its own /metrics, /health/live and /health/ready, without a token and without a word of any log; empty = nowhere.',
  },
  {
    name: 'api.listen',
    type: 'string',
    default: '127.0.0.1:8321',
    env: 'JOBTRACE_LISTEN',
    help: 'Address of the API and the page; anything but a loopback address needs a token, a user or a provider (docs/access.md).',
  },
  {
    name: 'api.allowedHosts',
    type: 'strings',
    default: [],
    help: 'Host names beside localhost under which the API answers, and whose pages may use it, while nobody needs to sign in.',
  },
  {
    name: 'api.publicUrl',
    type: 'string',
    default: '',
    help: 'Address under which people reach the page; used for links in alerts, exports and the answers to assistants.',
  },
  {
    name: 'api.tokens',
    type: 'tokens',
    default: [],
    help: `Who may use the API, beside the tokens and users that are made at run time (docs/access.md): a list of {name, token or tokenFile, role: ${TOKEN_ROLES.join('|')}, scope: [patterns]}.`,
  },
  {
    name: 'api.sessionHours',
    type: 'number',
    default: 12,
    minimum: 0.1,
    help: 'How long somebody who signed in on the page stays signed in.',
  },
  {
    name: 'api.oidc.issuer',
    type: 'string',
    default: '',
    help: 'Address of an OpenID Connect provider where people sign in; needs api.publicUrl, at which it is given PUBLICURL/api/v1/oidc/callback.',
  },
  {
    name: 'api.oidc.clientId',
    type: 'string',
    default: '',
    help: 'Who we are to the provider.',
  },
  {
    name: 'api.oidc.clientSecret',
    type: 'secret',
    default: '',
    env: 'JOBTRACE_OIDC_CLIENT_SECRET',
    help: 'What proves it; empty for a public client.',
  },
  {
    name: 'api.oidc.name',
    type: 'string',
    default: '',
    help: 'What stands on the button of the page; the host of the provider when left out.',
  },
  {
    name: 'api.oidc.asks',
    type: 'string',
    default: 'openid profile email',
    help: 'Scopes that the provider is asked for; one of them must bring the groups.',
  },
  {
    name: 'api.oidc.groupsClaim',
    type: 'string',
    default: 'groups',
    help: 'Claim that holds the groups of who signs in, with points for claims in claims (realm_access.roles).',
  },
  {
    name: 'api.oidc.grants',
    type: 'grants',
    default: [],
    help: `What who is of a group may do: a list of {group, role: ${TOKEN_ROLES.join('|')}, scope: [patterns]}; the first that fits counts, the group "*" fits everybody.`,
  },
  {
    name: 'notify.receivers',
    type: 'receivers',
    default: [],
    help: `Where alerts go: a list of {name, kind: ${RECEIVER_KINDS.join('|')}, url or urlFile, language, zone, secret or secretFile, perMinute}, and what its kind knows: docs/channels.md.`,
  },
  {
    name: 'notify.route',
    type: 'route',
    default: {},
    help: 'Which of the receivers hear of a card: a tree of {receiver, matchers, continue, groupBy, groupWait, repeatInterval, muteTimeIntervals, activeTimeIntervals, routes} (docs/routing.md); empty = all of them.',
  },
  {
    name: 'notify.timeIntervals',
    type: 'timeIntervals',
    default: [],
    help: 'Times that routes are muted or active in, such as quiet hours: a list of {name, location, times: [{startTime, endTime}], weekdays, daysOfMonth, months}.',
  },
  {
    name: 'notify.teams',
    type: 'teams',
    default: [],
    help: 'Whose jobs are whose, for routes and silences: a list of {name, scope: [job and cluster patterns]}.',
  },
  {
    name: 'notify.settleMs',
    type: 'integer',
    default: 500,
    minimum: 0,
    help: 'How long an incident whose cause is known waits before it is announced, so that what follows at once (the end of the job) is in the same message.',
  },
  {
    name: 'notify.symptomWaitMs',
    type: 'integer',
    default: 10_000,
    minimum: 0,
    help: 'How long an incident waits before it is announced when it shows only symptoms (for its cause) or nothing has failed yet (for lines that show it to be harmless).',
  },
  {
    name: 'notify.attachWaitMs',
    type: 'integer',
    default: 20_000,
    minimum: 0,
    help: 'How long an alert from Alertmanager waits for its diagnosis before it is forwarded without one.',
  },
  {
    name: 'notify.stillFailingAfterMs',
    type: 'integer',
    default: 3_600_000,
    minimum: 60_000,
    help: 'A job that goes on failing is announced again after this long.',
  },
  {
    name: 'notify.backlogAfterMs',
    type: 'integer',
    default: 3_600_000,
    minimum: 0,
    help: 'Failures older than this when first seen (the backlog of a first start) alert nobody.',
  },
  {
    name: 'notify.precisionFloorPercent',
    type: 'integer',
    default: 50,
    minimum: 0,
    help: 'A rule alerts nobody while people say of fewer of its diagnoses than this that they are right; its incidents stay. 0 = every rule alerts.',
  },
  {
    name: 'notify.precisionVerdicts',
    type: 'integer',
    default: 10,
    minimum: 1,
    help: 'So many verdicts of people a rule must have before notify.precisionFloorPercent counts.',
  },
  {
    name: 'notify.jobLabels',
    type: 'strings',
    default: ['job_id', 'flink_job_id', 'job_name'],
    help: 'Labels of an incoming alert (Alertmanager, Grafana) that name the Flink job, first that answers.',
  },
  {
    name: 'notify.mutes',
    type: 'strings',
    default: [],
    help: 'Rule ids, cause ids, job ids or job names that alert nobody; patterns with *.',
    maxLength: MAX_GLOB_LENGTH,
  },
] as const satisfies readonly SettingRow[];
