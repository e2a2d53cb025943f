// Sends messages that need no store. They say that Jobtrace itself cannot report failures, because its store is
// unreachable or no analyzer runs. They are sent at once to the receivers of `notify.emergency`, retried until each
// receiver has accepted them, and followed by a message when the outage is over. A receiver that forgets gets them
// again while the outage lasts.
import { toIso } from '../../core/time/iso.js';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { Proxies } from '../../core/proxy.js';
import type { Log } from '../../core/log.js';
import { pause } from '../../core/time/wait.js';
import type { Diagnosis, Incident } from '../../core/documents/incident.js';
import { ALL_CLUSTERS, type Language, type Text } from '../../core/types.js';
import type { AlertReason } from '../decide/decide.js';
import type { Card } from '../card/render.js';
import { sendParts } from './send.js';
import { CHANNELS } from '../channels/table.js';

/** Check of something without which failures cannot be reported. */
export interface EmergencyCheck {
  /** Id of the check, the same in each process, so that a receiver that joins messages shows one. */
  readonly id: string;
  readonly title: Text;
  readonly summary: (problem: string) => Text;
  readonly fix: Text;
  /** Returns the problem; undefined if there is none. Must end within a few seconds. */
  readonly findProblem: () => Promise<string | undefined>;
}

export interface EmergencyOptions {
  readonly checks: readonly EmergencyCheck[];
  /** Returns the current receivers, because settings may change. */
  readonly receivers: () => readonly ReceiverSettings[];
  readonly publicUrl: string;
  /** Proxies of the settings; absent: none. */
  readonly proxies?: Proxies | undefined;
  readonly log: Log;
  readonly now?: () => number;
  readonly everyMs?: number;
  /** Milliseconds that a problem must last before anybody is notified. */
  readonly afterMs: number;
}

interface Watched {
  readonly check: EmergencyCheck;
  /** Time at which the problem began; undefined if there is none. */
  since: number | undefined;
  problem: string;
  /** Time at which each receiver last accepted the message. */
  readonly notified: Map<string, number>;
  /** Receivers that still have to be notified of the end. */
  readonly unresolved: Set<string>;
}

const EVERY_MS = 5000;
/** Interval in milliseconds, well below the time after which an Alertmanager ends an alert by itself. */
const REFRESH_MS = 60_000;

export async function runEmergency(options: EmergencyOptions, signal: AbortSignal): Promise<void> {
  const { checks, everyMs = EVERY_MS } = options;
  const watched = checks.map((check): Watched => ({
    check,
    since: undefined,
    problem: '',
    notified: new Map(),
    unresolved: new Set(),
  }));
  while (!signal.aborted) {
    for (const one of watched) await step(one, options);
    await pause(everyMs, signal);
  }
}

async function step(watched: Watched, options: EmergencyOptions): Promise<void> {
  const { now = Date.now, afterMs, log } = options;
  const receivers = options.receivers();
  const problem = await watched.check.findProblem();
  if (problem === undefined) {
    for (const name of watched.notified.keys()) watched.unresolved.add(name);
    watched.notified.clear();
    for (const receiver of receivers.filter(({ name }) => watched.unresolved.has(name)))
      if (await send(watched, receiver, 'resolved', options)) watched.unresolved.delete(receiver.name);
    if (watched.since !== undefined && watched.unresolved.size === 0) watched.since = undefined;
    return;
  }
  watched.since ??= now();
  watched.problem = problem;
  if (now() - watched.since < afterMs) return;
  for (const receiver of receivers) {
    const notifiedAt = watched.notified.get(receiver.name);
    const forgets = CHANNELS[receiver.kind].refresh !== undefined;
    if (notifiedAt !== undefined && (!forgets || now() - notifiedAt < REFRESH_MS)) continue;
    if (notifiedAt === undefined) log.error({ receiver: receiver.name, problem }, watched.check.title.en);
    if (await send(watched, receiver, 'new-incident', options)) watched.notified.set(receiver.name, now());
  }
}

async function send(
  watched: Watched,
  receiver: ReceiverSettings,
  reason: AlertReason,
  { publicUrl, proxies, log, now = Date.now }: EmergencyOptions,
): Promise<boolean> {
  const { language, zone, template } = receiver;
  const incident = makeIncident(watched, reason, now());
  const subject = { cause: `${watched.check.id}/seen`, symptom: false, severity: 'critical', diagnosis: 0 } as const;
  const card: Card = { incident, subject, reason, language, publicUrl, nowMs: now(), zone, template };
  const message = CHANNELS[receiver.kind].renderIncident(card, undefined);
  const id = `msg_${watched.check.id}-${watched.since ?? 0}-${reason}`;
  const result = await sendParts([{ message, brief: {} }], { receiver, proxies, id, nowMs: now() }, 0);
  if (!result.ok) log.warn({ receiver: receiver.name, problem: result.error }, 'An emergency message was not taken.');
  return result.ok;
}

function makeIncident({ check, since = 0, problem }: Watched, reason: AlertReason, nowMs: number): Incident {
  const [first, last] = [since, nowMs].map((time) => toIso(time));
  const describe = (language: Language): Diagnosis => ({
    cause: check.id,
    rule: `${check.id}/seen`,
    title: check.title[language],
    summary: check.summary(problem)[language],
    severity: 'critical',
    confidence: 1,
    symptom: false,
    owner: 'platform',
    status: 'stable',
    firstSeen: first,
    lastSeen: last,
    count: 1,
    reasons: [],
    fixes: [{ id: 'what-to-do', text: check.fix[language], patch: {}, risk: 'low' }],
    evidence: [],
    explains: [],
    references: [],
    values: {},
    score: {},
  });
  return {
    id: check.id,
    cluster: ALL_CLUSTERS,
    processes: [],
    firstSeen: first,
    lastSeen: last,
    outcome: reason === 'resolved' ? 'recovered' : 'failing',
    restarts: 0,
    attempts: [],
    diagnoses: { en: [describe('en')], zh: [describe('zh')] },
    unknown: [],
    facts: {},
    platform: { kind: 'jobtrace', thing: 'Jobtrace', jobs: 0, clusters: 0, children: [] },
  };
}
