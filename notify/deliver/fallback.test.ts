import { describe, expect, it } from 'vitest';
import { openStore } from '../../store/open.js';
import { openDingtalk } from '../channels/testing/dingtalk.js';
import { sendCards } from '../channels/testing/cards.js';
import { CAUSE, START, makeDiagnosis, makeIncident } from '../../core/testing/incidents.js';
import { useFixture } from '../testing/notifier.js';

const fixture = useFixture(() => openStore({ kind: 'sqlite', path: ':memory:' }));

function makeStorm(jobs: number, causes: number): readonly ReturnType<typeof makeIncident>[] {
  return Array.from({ length: jobs }, (_, index) =>
    makeIncident([makeDiagnosis(`area.cause-${index % causes}/rule`)], {
      id: `incident-${index}`,
      cluster: `cluster-${index % 40}`,
      job: { id: String(index).padStart(32, '0'), name: `job-${index}` },
    }),
  );
}

describe('what a receiver does not take', () => {
  it('goes to its fallback, with the card, the refusal and what to change, and no further', async () => {
    const robot = await openDingtalk({ token: 'geheim-1' }, START);
    const url = `${robot.url}/robot/send?access_token=geheim-2`;
    const notifier = fixture.createNotifier({
      receivers: [
        { name: 'on-call', kind: 'dingtalk', url, fallback: 'hook' },
        { name: 'hook', fallback: 'on-call' },
      ],
    });
    await notifier.incidentChanged(CAUSE);
    for (let step = 0; step < 3; step += 1) await notifier.stepOnce();

    expect(fixture.types().toSorted()).toEqual(['jobtrace.alert.undelivered', 'jobtrace.incident.opened']);
    const notifications = fixture.sink.received.find(({ body }) => body['type'] === 'jobtrace.alert.undelivered');
    expect(notifications?.body['data']).toMatchObject({
      headline: 'Title of network.insufficient-buffers/total',
      fix: 'Raise the minimum.',
      notice: expect.stringMatching(/"on-call", which rejected it.*token is not exist.*Copy the whole URL/),
    });
    expect(JSON.stringify(fixture.sink.received)).not.toContain('geheim-2');
    await robot.close();
  });

  it('goes there as well while a receiver refuses for many minutes, and to the receiver again behind that', async () => {
    const robot = await openDingtalk({ token: 'geheim-1' }, START);
    const url = `${robot.url}/robot/send?access_token=geheim-1`;
    // Another program has used up the robot's limit.
    for (let count = 0; count < 21; count += 1) await sendCards({ kind: 'dingtalk', url });
    const notifier = fixture.createNotifier({
      receivers: [
        { name: 'on-call', kind: 'dingtalk', url, fallback: 'hook' },
        { name: 'hook', perMinute: 1000 },
      ],
    });
    const notifications = () => fixture.types().filter((type) => type === 'jobtrace.alert.undelivered').length;
    const asked = robot.answers.length;
    for (const [index, incident] of makeStorm(3, 3).entries()) {
      await notifier.incidentChanged(incident);
      for (let step = 0; step < 2; step += 1) await notifier.stepOnce();
      expect([notifications(), robot.answers.length - asked]).toEqual([index + 1, 1]);
    }

    fixture.nowMs += 600_000;
    robot.nowMs = fixture.nowMs;
    await notifier.incidentChanged({ ...CAUSE, lastSeen: new Date(fixture.nowMs).toISOString() });
    await notifier.stepOnce();
    expect(robot.accepted.at(-1)).toContain('Title of network.insufficient-buffers/total');
    expect(notifications()).toBe(3);
    await robot.close();
  });
});

describe('a storm', () => {
  it('of 1,000 jobs breaks no limit, and a digest says everything', async () => {
    const robot = await openDingtalk({ token: 'geheim-1' }, START);
    const url = `${robot.url}/robot/send?access_token=geheim-1`;
    const notifier = fixture.createNotifier({ receivers: [{ name: 'on-call', kind: 'dingtalk', url }] });
    for (const incident of makeStorm(1000, 8)) await notifier.incidentChanged(incident);
    for (let second = 0; second < 60; second += 1) {
      await notifier.stepOnce();
      fixture.nowMs += 1000;
      robot.nowMs = fixture.nowMs;
    }

    expect(robot.answers.filter(({ text }) => !text.includes('"errcode":0'))).toEqual([]);
    expect(robot.accepted).toHaveLength(1);
    expect(robot.accepted[0]).toContain('1000 alerts at once, 8 causes');
    expect((await fixture.store.alerts.find({ limit: 5000 })).filter(({ state }) => state !== 'sent')).toEqual([]);
    await robot.close();
  });

  it('that goes on sends no more than the robot may, wherever its minute begins', async () => {
    const robot = await openDingtalk({ token: 'geheim-1' }, START);
    const url = `${robot.url}/robot/send?access_token=geheim-1`;
    const notifier = fixture.createNotifier({ receivers: [{ name: 'on-call', kind: 'dingtalk', url }] });
    for (const incident of makeStorm(240, 240)) {
      await notifier.incidentChanged(incident);
      await notifier.stepOnce();
      fixture.nowMs += 500;
      robot.nowMs = fixture.nowMs;
    }

    expect(robot.answers.filter(({ text }) => !text.includes('"errcode":0'))).toEqual([]);
    expect(robot.accepted.length).toBeLessThanOrEqual(36);
    await robot.close();
  });
});
