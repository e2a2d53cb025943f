import { describe, expect, it } from 'vitest';
import type { Incident } from '../../core/documents/incident.js';
import { parseGlob } from '../../core/text/glob.js';
import {
  decideAlert,
  type AlertDecision,
  type DecidePolicy,
  type NotificationHistory,
  type Notification,
} from './decide.js';
import { findSubject } from './subject.js';
import { BUFFERS, LOST, makeDiagnosis, makeIncident } from '../../core/testing/incidents.js';

const SEEN = Date.parse('2026-11-20T10:00:00.000Z');
const MINUTE = 60_000;
const POLICY: DecidePolicy = {
  settleMs: 1000,
  symptomWaitMs: 30_000,
  backlogAfterMs: 60 * MINUTE,
  stillFailingAfterMs: 60 * MINUTE,
  mutes: [],
  isSymptom: (rule) => rule === LOST,
  isNews: () => false,
  doubtMs: () => 0,
};
const CAUSE = makeIncident([makeDiagnosis(BUFFERS), makeDiagnosis('restart.exhausted/any', { symptom: true })]);
const SYMPTOM = makeIncident([makeDiagnosis(LOST)]);
/** Incident in which a process warned and nothing has failed. */
const WARNING = makeIncident([makeDiagnosis(BUFFERS)], {
  outcome: 'unknown',
  attempts: [{ number: 1, rules: [BUFFERS] }],
});
const UNKNOWN = makeIncident([], {
  unknown: [{ fingerprint: 'f1', chain: ['a.B'], message: 'm', owner: 'user-code', count: 1, evidence: [] }],
});

function decide(
  incident: Incident,
  notifications: readonly Notification[] = [],
  nowMs = SEEN + 1000,
  { canEdit = false, ...policy }: Partial<DecidePolicy & Pick<NotificationHistory, 'canEdit'>> = {},
): AlertDecision {
  return decideAlert(incident, { notifications, canEdit }, nowMs, { ...POLICY, ...policy });
}

function toldOf(cause: string, more: Partial<Notification> = {}): Notification {
  return {
    reason: 'new-incident',
    cause,
    symptom: false,
    severity: 'error',
    outcome: 'failing',
    isPending: false,
    timeMs: SEEN + 1000,
    seenMs: SEEN,
    ...more,
  };
}

describe('decideAlert, at first sight', () => {
  it('sends a cause when what follows it at once can be in the message, and the end of a job at once', () => {
    expect(decide(CAUSE)).toMatchObject({
      send: true,
      reason: 'new-incident',
      notBeforeMs: SEEN + 2000,
      replacesPending: false,
      subject: { cause: BUFFERS, symptom: false },
    });
    expect(decide({ ...CAUSE, outcome: 'failed' })).toMatchObject({ reason: 'new-incident', notBeforeMs: SEEN + 1000 });
  });

  it('tells as a notice what only a client tells of, and once more where a log of the cluster tells it, too', () => {
    const client = { ...CAUSE, job: undefined, client: true, outcome: 'failed' } as const;
    expect(decide(client)).toMatchObject({
      reason: 'notice',
      notBeforeMs: SEEN + 31_000,
      subject: { cause: BUFFERS, severity: 'info' },
    });
    expect(decide(client, [], SEEN + 1000, { clientAlerts: true })).toMatchObject({
      reason: 'new-incident',
      subject: { severity: 'error' },
    });
    const notifications = [toldOf(BUFFERS, { reason: 'notice', severity: 'info', outcome: 'failed' })];
    expect(decide(client, notifications, SEEN + 120 * MINUTE)).toEqual({ send: false, reason: 'nothing-new' });
    expect(decide({ ...client, client: undefined }, notifications)).toMatchObject({ reason: 'new-incident' });
  });

  it('lets whoever hears of what nobody has acknowledged wait for that, and not hear of what is over by then', () => {
    const escalatesAfterMs = 15 * MINUTE;
    const notBeforeMs = SEEN + 1000 + escalatesAfterMs;
    expect(decide(CAUSE, [], SEEN + 1000, { escalatesAfterMs })).toMatchObject({
      send: true,
      reason: 'unacknowledged',
      notBeforeMs,
    });
    const waiting = toldOf(BUFFERS, { reason: 'unacknowledged', isPending: true, timeMs: notBeforeMs });
    expect(decide(CAUSE, [waiting], SEEN + 2000, { escalatesAfterMs })).toEqual({
      send: false,
      reason: 'said-already',
    });
    expect(decide({ ...CAUSE, outcome: 'recovered' }, [waiting], SEEN + 2000, { escalatesAfterMs })).toEqual({
      send: false,
      reason: 'over-unheard',
      withdrawsPending: true,
    });
  });

  it.each([
    ['a symptom rule that stands first', SYMPTOM],
    ['a failure that no rule names', UNKNOWN],
    ['a diagnosis marked as symptom', makeIncident([makeDiagnosis('a.b/c', { symptom: true })])],
  ])('lets %s wait for its cause', (_name, incident) => {
    expect(decide(incident)).toMatchObject({
      send: true,
      reason: 'new-incident',
      notBeforeMs: SEEN + 31_000,
      subject: { symptom: true },
    });
  });

  it('lets a warning wait for the lines that show it to be harmless', () => {
    expect(decide(WARNING)).toMatchObject({
      send: true,
      reason: 'new-incident',
      notBeforeMs: SEEN + 31_000,
      subject: { symptom: false },
    });
  });

  it.each([
    ['a warning', WARNING],
    ['a symptom', SYMPTOM],
  ])('sends %s as soon as a cause when it is news by itself', (_name, incident) => {
    const sent = decide(incident, [], SEEN + 1000, { isNews: () => true });

    expect(sent).toMatchObject({
      reason: 'new-incident',
      notBeforeMs: incident === WARNING ? SEEN + 1000 : SEEN + 2000,
    });
  });

  it('lets what a line to come may take back wait for as long as it may come, unless that is too long', () => {
    const failed: Incident = { ...CAUSE, outcome: 'failed' };

    expect(decide(failed, [], SEEN + 1000, { doubtMs: () => 4000 })).toMatchObject({ notBeforeMs: SEEN + 5000 });
    expect(decide(failed, [], SEEN + 1000, { doubtMs: () => 60 * MINUTE })).toMatchObject({ notBeforeMs: SEEN + 1000 });
    expect(decide(failed, [toldOf('a.b/c', { isPending: true })], SEEN + 1000, { doubtMs: () => 4000 })).toMatchObject({
      subject: { cause: BUFFERS },
      notBeforeMs: SEEN + 5000,
      replacesPending: true,
    });
    const sure = { doubtMs: (rule: string): number => (rule === BUFFERS ? 0 : 4000) };
    expect(
      decide(failed, [toldOf('a.b/c', { isPending: true, timeMs: SEEN + 5000 })], SEEN + 2000, sure),
    ).toMatchObject({ subject: { cause: BUFFERS }, notBeforeMs: SEEN + 2000, replacesPending: true });
  });

  it('alerts nobody of a backlog, and of a failure without a time', () => {
    expect(decide(CAUSE, [], SEEN + 60 * MINUTE)).toMatchObject({ send: true });
    expect(decide(CAUSE, [], SEEN + 60 * MINUTE + 1)).toEqual({ send: false, reason: 'backlog' });
    const { lastSeen, ...undated } = CAUSE;
    expect(lastSeen).toBeDefined();
    expect(decide(undated)).toEqual({ send: false, reason: 'undated' });
  });

  it('never sends for a draft rule', () => {
    expect(decide(makeIncident([makeDiagnosis(BUFFERS, { status: 'draft' })]))).toEqual({
      send: false,
      reason: 'draft-rule',
    });
    expect(
      decide(makeIncident([makeDiagnosis('x.draft/a', { status: 'draft' }), makeDiagnosis(BUFFERS)])),
    ).toMatchObject({ subject: { cause: BUFFERS, diagnosis: 1 } });
  });

  it('never sends for a rule that people distrust, and tells what else was found in its place', () => {
    const isRuleMuted = (rule: string): boolean => rule === BUFFERS;
    const other = makeIncident([makeDiagnosis(BUFFERS), makeDiagnosis('memory.heap-oom/task')]);

    expect(decide(CAUSE, [], SEEN, { isRuleMuted })).toMatchObject({ subject: { cause: 'restart.exhausted/any' } });
    expect(decide(makeIncident([makeDiagnosis(BUFFERS)]), [], SEEN, { isRuleMuted })).toEqual({
      send: false,
      reason: 'distrusted-rule',
    });
    expect(decide(other, [], SEEN, { isRuleMuted })).toMatchObject({
      subject: { cause: 'memory.heap-oom/task', diagnosis: 1 },
    });
  });

  it('says nothing of what is no failure', () => {
    expect(decide(makeIncident([]))).toEqual({ send: false, reason: 'nothing-found' });
    expect(decide(makeIncident([makeDiagnosis(BUFFERS, { severity: 'info' })]))).toEqual({
      send: false,
      reason: 'below-warning',
    });
  });

  it.each([BUFFERS, 'network.*', 'network.insufficient-buffers', 'orders', 'ord*', 'a'.repeat(32)])(
    'is muted by %s',
    (pattern) => {
      expect(decide(CAUSE, [], undefined, { mutes: ['other', pattern].map(parseGlob) })).toEqual({
        send: false,
        reason: 'muted',
      });
    },
  );

  it.each(['order', 'network.insufficient-buffer', 'NETWORK.*', ''])('is not muted by %j', (pattern) => {
    expect(decide(CAUSE, [], undefined, { mutes: [parseGlob(pattern)] })).toMatchObject({ send: true });
  });
});

describe('decideAlert, while a message waits', () => {
  it('puts the end of the job into the message that has not gone out', () => {
    const settling = toldOf(BUFFERS, { isPending: true, timeMs: SEEN + 2000 });
    expect(decide(CAUSE, [settling], SEEN + 1500)).toEqual({ send: false, reason: 'said-already' });
    expect(decide({ ...CAUSE, outcome: 'failed' }, [settling], SEEN + 1500)).toMatchObject({
      reason: 'new-incident',
      notBeforeMs: SEEN + 1500,
      replacesPending: true,
    });
  });

  const pending = toldOf(LOST, { symptom: true, isPending: true, timeMs: SEEN + 31_000 });

  it('replaces the symptom by its cause, which waits no longer than any cause', () => {
    expect(decide(CAUSE, [pending], SEEN + 5000)).toMatchObject({
      send: true,
      reason: 'new-incident',
      notBeforeMs: SEEN + 6000,
      replacesPending: true,
      subject: { cause: BUFFERS },
    });
  });

  it('sends at once what was a warning and has failed now', () => {
    const warned = toldOf(BUFFERS, { isPending: true, outcome: 'unknown', timeMs: SEEN + 31_000 });
    expect(decide(WARNING, [warned], SEEN + 5000)).toEqual({ send: false, reason: 'said-already' });
    expect(decide({ ...CAUSE, outcome: 'unknown' }, [warned], SEEN + 5000)).toMatchObject({
      send: true,
      reason: 'new-incident',
      notBeforeMs: SEEN + 5000,
      replacesPending: true,
    });
  });

  it('does not make a symptom wait longer because another one appears', () => {
    expect(decide(UNKNOWN, [pending], SEEN + 20_000)).toMatchObject({
      send: true,
      notBeforeMs: SEEN + 31_000,
      replacesPending: true,
      subject: { cause: 'unknown:f1' },
    });
  });

  it('leaves the message alone when nothing in it changed, and a cause when only a symptom is left', () => {
    expect(decide(SYMPTOM, [pending])).toEqual({ send: false, reason: 'said-already' });
    expect(decide(SYMPTOM, [toldOf(BUFFERS, { isPending: true })])).toEqual({ send: false, reason: 'cause-known' });
  });

  it('brings a message up to date that a receiver could not take yet', () => {
    const waiting = toldOf(BUFFERS, { isPending: true });
    expect(decide({ ...CAUSE, outcome: 'failed' }, [waiting])).toMatchObject({
      send: true,
      reason: 'new-incident',
      replacesPending: true,
    });
    expect(
      decide(
        { ...CAUSE, outcome: 'recovered' },
        [{ ...waiting, reason: 'still-failing' }, toldOf(BUFFERS)],
        SEEN + 2 * 60 * MINUTE,
      ),
    ).toMatchObject({ send: true, reason: 'resolved', replacesPending: true });
  });

  it('keeps the message when it has become a backlog meanwhile', () => {
    expect(decide(CAUSE, [toldOf(BUFFERS, { isPending: true, severity: 'warning' })], SEEN + 3 * 60 * MINUTE)).toEqual({
      send: false,
      reason: 'backlog',
    });
  });
});

describe('decideAlert, after a message', () => {
  it('says nothing of a restart', () => {
    expect(
      decide({ ...CAUSE, restarts: 7, lastSeen: '2026-11-20T10:09:00.000Z' }, [toldOf(BUFFERS)], SEEN + 10 * MINUTE),
    ).toEqual({ send: false, reason: 'nothing-new' });
  });

  it('corrects a symptom, an unknown failure or another cause, once each', () => {
    expect(decide(CAUSE, [toldOf(LOST, { symptom: true })])).toMatchObject({
      send: true,
      reason: 'cause-corrected',
      subject: { cause: BUFFERS },
    });
    expect(decide(CAUSE, [toldOf('unknown:f1', { symptom: true })])).toMatchObject({
      send: true,
      reason: 'cause-corrected',
    });
    expect(decide(CAUSE, [toldOf('memory.heap-oom/any')])).toMatchObject({ send: true, reason: 'cause-corrected' });
    const swinging = [
      toldOf('memory.heap-oom/any', { reason: 'cause-corrected' }),
      toldOf(BUFFERS, { reason: 'cause-corrected' }),
      toldOf('memory.heap-oom/any'),
    ];
    expect(decide(CAUSE, swinging)).toEqual({ send: false, reason: 'said-already' });
  });

  it('lets another cause wait in place of one that was told, and takes it back when that one is right again', () => {
    const notifications = toldOf('memory.heap-oom/any');
    const correction = toldOf(BUFFERS, { reason: 'cause-corrected', isPending: true, timeMs: SEEN + 31_000 });
    const known = makeIncident([makeDiagnosis('memory.heap-oom/any')]);

    expect(decide(CAUSE, [notifications])).toMatchObject({ reason: 'cause-corrected', notBeforeMs: SEEN + 31_000 });
    expect(decide(CAUSE, [toldOf(LOST, { symptom: true })])).toMatchObject({ notBeforeMs: SEEN + 1000 });
    expect(decide(known, [correction, notifications])).toMatchObject({ send: false, withdrawsPending: true });
  });

  it('does not say of the same cause again what another rule knows of it, unless the message can be changed', () => {
    const notifications = [toldOf(BUFFERS.replace('/total', '/any'))];

    expect(decide(CAUSE, notifications)).toEqual({ send: false, reason: 'nothing-new' });
    expect(decide(CAUSE, notifications, SEEN + 1000, { canEdit: true })).toMatchObject({ reason: 'cause-corrected' });
  });

  it('still tells the end when the cause swings', () => {
    const swinging = [
      toldOf('memory.heap-oom/any', { reason: 'cause-corrected' }),
      toldOf(BUFFERS, { reason: 'cause-corrected' }),
      toldOf('memory.heap-oom/any'),
    ];
    expect(decide({ ...CAUSE, outcome: 'recovered' }, swinging)).toMatchObject({ send: true, reason: 'resolved' });
  });

  it('says of a canceled job that it was canceled, not that it got worse, once', () => {
    const canceled = { ...CAUSE, outcome: 'canceled' } as const;

    expect(decide(canceled, [toldOf(BUFFERS)])).toMatchObject({ send: true, reason: 'canceled' });
    expect(decide(canceled, [toldOf(BUFFERS, { reason: 'canceled', outcome: 'canceled' }), toldOf(BUFFERS)])).toEqual({
      send: false,
      reason: 'nothing-new',
    });
  });

  it('says once of a job that nothing more is written of it, and that it fails again after that', () => {
    const silent = { ...CAUSE, outcome: 'silent' } as const;
    const notifications = [toldOf(BUFFERS, { reason: 'silent', outcome: 'silent' }), toldOf(BUFFERS)];
    const again = { ...CAUSE, lastSeen: new Date(SEEN + 60_000).toISOString() };

    expect(decide(silent, [toldOf(BUFFERS)])).toMatchObject({ send: true, reason: 'silent' });
    expect(decide(silent, notifications)).toEqual({ send: false, reason: 'nothing-new' });
    expect(decide(again, notifications)).toMatchObject({ send: true, reason: 'still-failing' });
  });

  it('says once that an incident is over because of its cluster, and nothing after it', () => {
    const ended = { time: '2026-11-20T10:00:00.000Z', reason: 'cluster-gone' } as const;
    const over = { ...CAUSE, outcome: 'failed', ended } as const;

    expect(decide(over, [toldOf(BUFFERS)])).toMatchObject({ send: true, reason: 'ended' });
    expect(decide(over, [toldOf(BUFFERS, { reason: 'ended', outcome: 'failed' }), toldOf(BUFFERS)])).toEqual({
      send: false,
      reason: 'nothing-new',
    });
  });

  it('does not take back a cause for a symptom, nor change one symptom for another', () => {
    expect(decide(SYMPTOM, [toldOf(BUFFERS)])).toEqual({ send: false, reason: 'cause-known' });
    expect(decide(UNKNOWN, [toldOf(LOST, { symptom: true })])).toEqual({ send: false, reason: 'cause-known' });
  });

  it('escalates when the job ends or the severity rises, once', () => {
    const ended = { ...CAUSE, outcome: 'failed', lastSeen: '2026-11-20T10:01:00.000Z' } as const;
    expect(decide(ended, [toldOf(BUFFERS)])).toMatchObject({ send: true, reason: 'escalated' });
    expect(decide(ended, [toldOf(BUFFERS, { reason: 'escalated', outcome: 'failed' }), toldOf(BUFFERS)])).toEqual({
      send: false,
      reason: 'nothing-new',
    });
    expect(decide(ended, [toldOf(BUFFERS, { outcome: 'failed' })])).toEqual({ send: false, reason: 'nothing-new' });
    const critical = {
      ...makeIncident([makeDiagnosis(BUFFERS, { severity: 'critical' })]),
      lastSeen: '2026-11-20T10:01:00.000Z',
    };
    expect(decide(critical, [toldOf(BUFFERS)])).toMatchObject({ send: true, reason: 'escalated' });
    expect(decide(critical, [toldOf(BUFFERS, { reason: 'escalated', severity: 'critical' }), toldOf(BUFFERS)])).toEqual(
      { send: false, reason: 'nothing-new' },
    );
  });

  it('is told at once that the job has ended for good, and once what else gets worse within a minute', () => {
    const ended = { ...CAUSE, outcome: 'failed', lastSeen: '2026-11-20T10:00:02.000Z' } as const;
    expect(decide(ended, [toldOf(BUFFERS)], SEEN + 2500)).toMatchObject({
      reason: 'escalated',
      notBeforeMs: SEEN + 2500,
    });
    // A client had nothing that could have continued.
    const client = { ...ended, job: undefined };
    expect(decide(client, [toldOf(BUFFERS, { outcome: 'unknown' })], SEEN + 2500)).toMatchObject({ send: false });

    const notifications = [toldOf(BUFFERS, { reason: 'escalated', outcome: 'failed' }), toldOf(BUFFERS)];
    expect(decide(ended, notifications)).toEqual({ send: false, reason: 'nothing-new' });

    const critical = makeIncident([makeDiagnosis(BUFFERS, { severity: 'critical' })]);
    const soon = { ...critical, lastSeen: '2026-11-20T10:00:59.999Z' };
    expect(decide(soon, [toldOf(BUFFERS)])).toEqual({ send: false, reason: 'nothing-new' });
    expect(decide(soon, [toldOf(BUFFERS)], SEEN + 5000, { canEdit: true })).toMatchObject({ reason: 'escalated' });
    // The time counts from the first message, but not if its failure had no time, as in rows of older releases.
    const corrected = [toldOf(BUFFERS, { reason: 'cause-corrected', seenMs: SEEN + 50_000 }), toldOf(LOST)];
    expect(decide({ ...soon, lastSeen: '2026-11-20T10:01:00.000Z' }, corrected)).toMatchObject({
      reason: 'escalated',
    });
    expect(decide(soon, [toldOf(BUFFERS, { seenMs: undefined })])).toMatchObject({ reason: 'escalated' });
  });

  it('tells a second cause beside the first, corrects neither by the other, and each only once', () => {
    const heap = makeDiagnosis('memory.heap-oom/taskmanager', { beside: true });
    const both = makeIncident([makeDiagnosis(BUFFERS), heap]);
    expect(decide(both, [toldOf(BUFFERS)])).toMatchObject({
      reason: 'second-cause',
      subject: { cause: heap.rule, diagnosis: 1 },
    });
    const notifications = [toldOf(heap.rule, { reason: 'second-cause' }), toldOf(BUFFERS)];
    expect(decide(both, notifications)).toEqual({ send: false, reason: 'nothing-new' });
    // The order of the two causes may change.
    const turned = makeIncident([makeDiagnosis(heap.rule), makeDiagnosis(BUFFERS, { beside: true })]);
    expect(decide(turned, notifications)).toEqual({ send: false, reason: 'nothing-new' });
    expect(decide(turned, [toldOf(BUFFERS)])).toMatchObject({ reason: 'second-cause' });
  });

  it('corrects what was told of a second cause where its own attempt is explained better, once', () => {
    const lost = makeDiagnosis(LOST, { symptom: true });
    const heap = makeDiagnosis('memory.heap-oom/taskmanager', { beside: true });
    const better = makeIncident([makeDiagnosis(BUFFERS), heap, lost]);
    const notifications = [toldOf(LOST, { reason: 'second-cause', symptom: true }), toldOf(BUFFERS)];
    expect(decide(better, notifications)).toMatchObject({ reason: 'cause-corrected', subject: { cause: heap.rule } });
    expect(decide(better, [toldOf(heap.rule, { reason: 'cause-corrected' }), ...notifications])).toEqual({
      send: false,
      reason: 'nothing-new',
    });
  });

  it('says what goes on by the cause that failed last, and after a recovery not before the new failure is judged', () => {
    const recovered = [toldOf(BUFFERS, { reason: 'resolved', outcome: 'recovered' }), toldOf(BUFFERS)];
    const before = makeDiagnosis(BUFFERS, { lastSeen: '2026-11-20T10:00:00.000Z' });
    const again = { ...makeIncident([before]), lastSeen: '2026-11-20T10:00:05.000Z' };
    expect(decide(again, recovered, SEEN + 5500)).toEqual({ send: false, reason: 'nothing-new' });
    const judged = makeIncident([
      makeDiagnosis(BUFFERS),
      makeDiagnosis('memory.heap-oom/taskmanager', { beside: true, lastSeen: '2026-11-20T10:00:05.000Z' }),
    ]);
    expect(decide({ ...judged, lastSeen: again.lastSeen }, recovered, SEEN + 5500)).toMatchObject({
      reason: 'second-cause',
      subject: { cause: 'memory.heap-oom/taskmanager' },
    });
    const both = [toldOf('memory.heap-oom/taskmanager', { reason: 'second-cause' }), toldOf(BUFFERS)];
    expect(decide({ ...judged, lastSeen: '2026-11-20T11:00:30.000Z' }, both, SEEN + 61 * MINUTE)).toMatchObject({
      reason: 'still-failing',
      subject: { cause: 'memory.heap-oom/taskmanager' },
    });
  });

  it('does not escalate what is over', () => {
    const over = { ...makeIncident([makeDiagnosis(BUFFERS, { severity: 'critical' })]), outcome: 'recovered' } as const;
    expect(decide(over, [toldOf(BUFFERS, { reason: 'resolved', outcome: 'recovered' }), toldOf(BUFFERS)])).toEqual({
      send: false,
      reason: 'nothing-new',
    });
  });

  it('says once that a job still fails, after the time set and only if it failed since', () => {
    const later = { ...CAUSE, lastSeen: '2026-11-20T11:00:30.000Z' };
    expect(decide(later, [toldOf(BUFFERS)], SEEN + 60 * MINUTE)).toEqual({ send: false, reason: 'nothing-new' });
    expect(decide(later, [toldOf(BUFFERS)], SEEN + 1000 + 60 * MINUTE)).toMatchObject({
      send: true,
      reason: 'still-failing',
    });
    expect(decide(CAUSE, [toldOf(BUFFERS)], SEEN + 1000 + 60 * MINUTE)).toEqual({ send: false, reason: 'nothing-new' });
    const notifications = [toldOf(BUFFERS, { reason: 'still-failing' }), toldOf(BUFFERS)];
    expect(decide({ ...later, lastSeen: '2026-11-20T13:00:00.000Z' }, notifications, SEEN + 240 * MINUTE)).toEqual({
      send: false,
      reason: 'said-already',
    });
  });

  it('tells the end once, and that it fails again after it', () => {
    const ended = { ...CAUSE, outcome: 'recovered' } as const;
    expect(decide(ended, [toldOf(BUFFERS)])).toMatchObject({ send: true, reason: 'resolved' });
    expect(decide(ended, [toldOf(BUFFERS, { outcome: 'recovered' })])).toEqual({ send: false, reason: 'nothing-new' });
    const notifications = [
      toldOf(BUFFERS, { reason: 'resolved', outcome: 'recovered', timeMs: SEEN + MINUTE }),
      toldOf(BUFFERS),
    ];
    expect(decide({ ...CAUSE, lastSeen: '2026-11-20T10:02:00.000Z' }, notifications, SEEN + 3 * MINUTE)).toMatchObject({
      send: true,
      reason: 'still-failing',
    });
    expect(decide(SYMPTOM, [toldOf(BUFFERS)])).toEqual({ send: false, reason: 'cause-known' });
    expect(decide({ ...SYMPTOM, outcome: 'recovered' }, [toldOf(BUFFERS)])).toMatchObject({
      send: true,
      reason: 'resolved',
      subject: { cause: BUFFERS },
    });
  });
});

describe('findSubject', () => {
  it('takes the first cause, before symptoms that stand above it', () => {
    expect(findSubject(makeIncident([makeDiagnosis(LOST), makeDiagnosis(BUFFERS)]), POLICY)).toMatchObject({
      cause: BUFFERS,
      diagnosis: 1,
    });
  });

  it('takes a symptom that stands for itself before a failure that no rule names, and that before its own symptoms', () => {
    const { unknown } = UNKNOWN;
    expect(findSubject(makeIncident([makeDiagnosis(LOST)], { unknown }), POLICY)).toMatchObject({
      cause: LOST,
      symptom: true,
    });
    expect(findSubject(makeIncident([makeDiagnosis(LOST, { symptom: true })], { unknown }), POLICY)).toMatchObject({
      cause: 'unknown:f1',
      symptom: true,
    });
    expect(findSubject(makeIncident([makeDiagnosis(LOST, { symptom: true })]), POLICY)).toMatchObject({
      cause: LOST,
      symptom: true,
    });
  });
});

describe('decideAlert, for what jobs share', () => {
  const child: Incident = { ...CAUSE, parent: 'platform-1' };
  const platformOf = (jobs: number, outcome: Incident['outcome'] = 'failing'): Incident => ({
    ...CAUSE,
    outcome,
    attempts: [],
    platform: { kind: 'zookeeper', thing: 'zk:2181', jobs, clusters: 2, children: [] },
  });

  it('tells a child no more, and takes back what waits to be said of it', () => {
    expect(decide(child)).toEqual({ send: false, reason: 'part-of-platform' });
    expect(decide(child, [toldOf(BUFFERS, { isPending: true })])).toMatchObject({
      send: false,
      reason: 'part-of-platform',
      withdrawsPending: true,
    });
  });

  it('leads whoever was told of it to its parent, once, unless it is over', () => {
    const notifications = toldOf(BUFFERS);
    const pending = toldOf(BUFFERS, { reason: 'escalated', isPending: true });

    expect(decide(child, [notifications])).toMatchObject({ send: true, reason: 'joined', replacesPending: false });
    expect(decide(child, [pending, notifications])).toMatchObject({
      send: true,
      reason: 'joined',
      replacesPending: true,
    });
    expect(decide(child, [toldOf(BUFFERS, { reason: 'joined' }), notifications]).send).toBe(false);
    expect(decide(child, [toldOf(BUFFERS, { reason: 'joined', isPending: true }), notifications])).toEqual({
      send: false,
      reason: 'said-already',
    });
    expect(decide({ ...child, outcome: 'failed' }, [toldOf(BUFFERS, { outcome: 'recovered' })]).send).toBe(false);
  });

  it('lets a platform incident gather its jobs, and tells it again when they are twice as many', () => {
    expect(decide(platformOf(3))).toMatchObject({ reason: 'new-incident', notBeforeMs: SEEN + 31_000 });
    expect(decide(platformOf(5), [toldOf(BUFFERS, { jobs: 3 })])).toEqual({ send: false, reason: 'nothing-new' });
    expect(decide(platformOf(6), [toldOf(BUFFERS, { jobs: 3 })])).toMatchObject({ send: true, reason: 'grown' });
    expect(decide(platformOf(12), [toldOf(BUFFERS, { reason: 'grown', jobs: 6 })])).toMatchObject({ reason: 'grown' });
  });

  it('brings the number of jobs in a message up to date until it is sent', () => {
    const pending = toldOf(BUFFERS, { isPending: true, jobs: 3, timeMs: SEEN + 5000 });

    expect(decide(platformOf(4), [pending])).toMatchObject({ replacesPending: true, notBeforeMs: SEEN + 5000 });
    expect(decide(platformOf(3), [pending])).toEqual({ send: false, reason: 'said-already' });
  });

  it('says its end, and does not call another rule of its jobs a correction', () => {
    const notifications = [toldOf('cluster.zookeeper-unavailable/connection-loss', { jobs: 3 })];

    expect(decide(platformOf(3, 'recovered'), notifications)).toMatchObject({ send: true, reason: 'resolved' });
    expect(decide(platformOf(3), notifications)).toEqual({ send: false, reason: 'nothing-new' });
  });
});
