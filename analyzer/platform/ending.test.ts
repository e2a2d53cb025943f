import { describe, expect, it } from 'vitest';
import type { JobView, ProcessView } from '../topology/view.js';
import { findEndings, type ClusterSituation, type Ending } from './ending.js';
import { createProcessRegistry, listChangeKeys, type ReportedProcess } from './process-registry.js';
import { findSilenceWindow } from './regularity.js';

const NOW = Date.parse('2026-11-20T10:00:00Z');
const [JM, TM] = ['node1:/log/flink-u-standalonesession-0-node1', 'node1:/log/flink-u-taskexecutor-0-node1'];
const second = (before: number): number => NOW - before * 1000;
const iso = (before: number): string => new Date(second(before)).toISOString();

function jobOf(
  id: string,
  states: readonly (readonly [before: number, to: string])[],
  more: Partial<JobView> = {},
): JobView {
  return {
    id,
    name: `name of ${id}`,
    states: states.map(([before, to]) => ({ time: second(before), from: 'CREATED', to, process: JM })),
    checkpoints: [{ id: 7, time: second(40) }],
    refusals: [],
    taskRuns: states.filter(([, to]) => to === 'RUNNING').map(([before]) => second(before) + 500),
    attemptBegins: [],
    stopped: [],
    deployments: [],
    tasks: new Map(),
    ...more,
  };
}

function processOf(process: string, more: Partial<ProcessView> = {}): ProcessView {
  return {
    process,
    component: process === TM ? 'taskmanager' : 'jobmanager',
    names: new Set(),
    options: new Map(),
    dynamicOptions: new Map(),
    ends: [],
    starts: [second(3000)],
    memory: {},
    ...more,
  };
}

function lifeOf(process: string, more: Partial<ReportedProcess> = {}): ReportedProcess {
  return {
    process,
    cluster: 'session-a',
    component: process === TM ? 'taskmanager' : 'jobmanager',
    wrote: iso(30),
    started: iso(3000),
    host: 'node1',
    isWatched: true,
    quietMs: 30_000,
    goneForMs: undefined,
    ...more,
  };
}

const GONE = { gone: iso(20), goneForMs: 20_000 };

function find(situation: Partial<ClusterSituation> & { readonly views?: readonly ProcessView[] }): readonly Ending[] {
  const { views = [processOf(JM), processOf(TM)], ...rest } = situation;
  return findEndings({
    jobs: [jobOf('a', [[2000, 'RUNNING']]), jobOf('b', [[2000, 'RUNNING']]), jobOf('done', [[900, 'FINISHED']])],
    processes: new Map(views.map((view) => [view.process, view])),
    lastLines: new Map(
      [JM, TM].map((process) => [
        process,
        { path: process, line: 1, offset: 0, text: 'Completed checkpoint 7', time: second(30) },
      ]),
    ),
    lives: [lifeOf(JM), lifeOf(TM)],
    isRead: true,
    silenceMs: undefined,
    hadTasks: (process, job) => process === TM && job === 'a',
    now: NOW,
    ...rest,
  });
}

const summarize = (endings: readonly Ending[]): unknown =>
  endings.map(({ kind, jobs, isHa, isOver }) => [kind, jobs.map(({ id }) => id).join(), isHa, isOver]);

describe('an ending', () => {
  it('is none where all processes run', () => {
    expect(find({})).toEqual([]);
  });

  it('is a lost cluster where JobManager and TaskManagers are gone without a word, with the last checkpoints', () => {
    const [ending] = find({ lives: [lifeOf(JM, GONE), lifeOf(TM, GONE)] });

    expect(summarize(ending === undefined ? [] : [ending])).toEqual([['cluster-lost', 'a,b', false, false]]);
    expect(ending?.jobs[0]).toMatchObject({ name: 'name of a', checkpoint: { id: 7 }, isBack: false });
    expect(ending?.begin).toBe(second(30));
    expect(ending?.processes).toEqual([JM, TM]);
  });

  it.each([
    ['lines that are stored are not read yet', {}, { isRead: false }],
    ['its file was written after its last line', { wrote: iso(22) }, {}],
  ])('is not found for a while where %s: they may say that it was told to stop', (_why, more, situation) => {
    const lives = (gone: object): ReportedProcess[] => [
      lifeOf(JM, { ...gone, ...more }),
      lifeOf(TM, { ...gone, ...more }),
    ];

    expect(find({ lives: lives(GONE), ...situation })).toEqual([]);
    expect(find({ lives: lives({ gone: iso(50), goneForMs: 50_000 }), ...situation })[0]?.kind).toBe('cluster-lost');
    expect(find({ lives: [lifeOf(JM), lifeOf(TM, { ...GONE, ...more })], ...situation })).toEqual([]);
  });

  it('is a lost JobManager where the TaskManagers live, and says whether somebody recovers its jobs', () => {
    const lives = [lifeOf(JM, GONE), lifeOf(TM)];
    const ha = processOf(JM, { options: new Map([['high-availability.type', 'zookeeper']]) });

    expect(summarize(find({ lives }))).toEqual([['jobmanager-lost', 'a,b', false, false]]);
    expect(summarize(find({ lives, views: [ha, processOf(TM)] }))).toEqual([['jobmanager-lost', 'a,b', true, false]]);
  });

  it('is over when all jobs run again, under their id or their name', () => {
    const lives = [lifeOf(JM, GONE), lifeOf(TM)];
    const back = jobOf('a', [
      [2000, 'RUNNING'],
      [15, 'RUNNING'],
    ]);
    const again = jobOf('c', [[15, 'RUNNING']], {
      name: 'name of b',
      states: [{ time: second(15), from: 'CREATED', to: 'RUNNING', process: 'another' }],
    });

    expect(summarize(find({ lives, jobs: [back, jobOf('b', [[2000, 'RUNNING']])] }))).toEqual([
      ['jobmanager-lost', 'a,b', false, false],
    ]);
    expect(summarize(find({ lives, jobs: [back, jobOf('b', [[2000, 'RUNNING']]), again] }))).toEqual([
      ['jobmanager-lost', 'a,b', false, true],
    ]);
  });

  it('is a stop where the log says so, whether or not it is started again', () => {
    const stopped = {
      ends: [
        { time: second(25), reason: 'signal', detail: '15: SIGTERM' },
        { time: second(24), reason: 'exit' },
      ],
    } as const;
    const views = [processOf(JM, { ...stopped, ends: [...stopped.ends] }), processOf(TM)];
    const restarted = [processOf(JM, { ends: [...stopped.ends], starts: [second(3000), second(10)] }), processOf(TM)];

    expect(summarize(find({ views, lives: [lifeOf(JM, GONE), lifeOf(TM, GONE)] }))).toEqual([
      ['cluster-stopped', 'a,b', false, false],
    ]);
    expect(summarize(find({ views: restarted }))).toEqual([['cluster-stopped', 'a,b', false, false]]);
  });

  it('is left to its rule where the log tells a fatal error, and no news where no job ran', () => {
    const fatal = processOf(JM, { ends: [{ time: second(31), reason: 'fatal' }] });
    const lives = [lifeOf(JM, GONE), lifeOf(TM)];

    expect(find({ views: [fatal, processOf(TM)], lives })).toEqual([]);
    expect(find({ lives, jobs: [jobOf('done', [[900, 'FINISHED']])] })).toEqual([]);
    expect(find({ lives, jobs: [] })).toEqual([]);
  });

  it('is a replaced JobManager where its log begins anew without a word, or another one begins without HA', () => {
    const views = [processOf(JM, { starts: [second(3000), second(10)] }), processOf(TM)];
    const successor = processOf('node1:/log/flink-u-standalonesession-1-node1', { starts: [second(10)] });
    const unseen = lifeOf(JM, { started: undefined, quietMs: 60_000 });

    expect(summarize(find({ views }))).toEqual([['jobmanager-replaced', 'a,b', false, false]]);
    expect(summarize(find({ views: [processOf(JM), processOf(TM), successor], lives: [unseen, lifeOf(TM)] }))).toEqual([
      ['jobmanager-replaced', 'a,b', false, false],
    ]);
    expect(find({ views: [processOf(JM), processOf(TM), successor] })).toEqual([]);
  });

  it('is a lost TaskManager with the jobs that had tasks there, also where no JobManager tells', () => {
    const told = processOf(TM, { ends: [{ time: second(30), reason: 'signal' }] });
    const lives = [lifeOf(JM), lifeOf(TM, GONE)];

    expect(summarize(find({ lives }))).toEqual([['taskmanager-lost', 'a', false, false]]);
    expect(find({ lives, views: [processOf(JM), told] })).toEqual([]);
  });

  it('is silence only where nobody sees the processes, all agents look, and who wrote was regular', () => {
    const quiet = { started: undefined, quietMs: 90_000, wrote: iso(90) };
    const lives = [lifeOf(JM, quiet), lifeOf(TM, { ...quiet, quietMs: 400_000 })];

    expect(summarize(find({ lives, silenceMs: 60_000 }))).toEqual([['cluster-silent', 'a,b', false, false]]);
    expect(find({ lives, silenceMs: undefined })).toEqual([]);
    expect(find({ lives, silenceMs: 120_000 })).toEqual([]);
    expect(find({ lives: [lifeOf(JM, { ...quiet, isWatched: false }), lifeOf(TM, quiet)], silenceMs: 60_000 })).toEqual(
      [],
    );
    expect(
      find({ lives: [lifeOf(JM, { ...quiet, started: iso(3000) }), lifeOf(TM, quiet)], silenceMs: 60_000 }),
    ).toEqual([]);
    expect(find({ lives, silenceMs: 60_000, jobs: [jobOf('done', [[900, 'FINISHED']])] })).toEqual([]);
  });

  it('is a log folder that is gone while its JobManager runs', () => {
    expect(summarize(find({ lives: [lifeOf(JM, { removed: iso(20) }), lifeOf(TM)] }))).toEqual([
      ['logs-gone', 'a,b', false, false],
    ]);
  });

  it('is no news when it was more than an hour ago', () => {
    const old = { gone: iso(4000), goneForMs: 4_000_000, wrote: iso(4100) };

    expect(find({ lives: [lifeOf(JM, old), lifeOf(TM, old)] })).toEqual([]);
  });
});

describe('the window of silence', () => {
  const everyMs = (pause: number, count: number): readonly number[] =>
    Array.from({ length: count }, (_, index) => index * pause);

  it('is three times the longest pause of who wrote regularly, at least a minute', () => {
    expect(findSilenceWindow(everyMs(10_000, 100))).toBe(60_000);
    expect(findSilenceWindow(everyMs(60_000, 100))).toBe(180_000);
    expect(findSilenceWindow(everyMs(10_000, 100), 660_000)).toBe(660_000);
  });

  it('is none of who wrote little, in one burst, or at long intervals', () => {
    expect(findSilenceWindow([])).toBeUndefined();
    expect(findSilenceWindow(everyMs(10_000, 15))).toBeUndefined();
    expect(findSilenceWindow(everyMs(5, 500))).toBeUndefined();
    expect(findSilenceWindow(everyMs(400_000, 100))).toBeUndefined();
    expect(findSilenceWindow([...everyMs(10_000, 50), 3_000_000])).toBeUndefined();
  });
});

describe('what agents say', () => {
  const status = (id: string, time: string, more: object = {}) => ({
    ...{ id, host: id, time, files: 1, lagBytes: 0, shippedRecords: 0, counters: {}, conditions: [], processes: [] },
    ...more,
  });
  const silentOf = (book: ReturnType<typeof createProcessRegistry>, now: number): readonly string[] =>
    book.agents(now).flatMap(({ status: { id }, isSilent }) => (isSilent ? [id] : []));

  it('shows a silent agent by the clock of who looks, not by its own', () => {
    const book = createProcessRegistry();
    const [ahead, behind] = ['2026-11-20T12:00:00Z', '2026-11-20T08:00:00Z'];

    book.update([status('ahead', ahead), status('behind', behind)], NOW);
    book.update([status('ahead', ahead), status('behind', '2026-11-20T08:00:31Z')], NOW + 31_000);

    expect(silentOf(book, NOW + 31_000)).toEqual(['ahead']);
  });

  it('tells whose clock is off, from two reports on, until it is set', () => {
    const book = createProcessRegistry();
    const aheadOf = (now: number): readonly number[] => book.agents(now).map(({ aheadMs }) => aheadMs);
    const hour = 3_600_000;
    const at = (ms: number): string => new Date(NOW + ms).toISOString();

    book.update([status('ahead', at(hour)), status('behind', at(-hour)), status('right', at(-2000))], NOW);
    expect(aheadOf(NOW)).toEqual([0, 0, 0]);
    book.update([status('ahead', at(hour + 5000)), status('behind', at(-hour)), status('right', at(3000))], NOW + 5000);
    expect(aheadOf(NOW + 5000)).toEqual([hour, 0, 0]);
    book.update([status('ahead', at(hour + 5000)), status('behind', at(8000 - hour))], NOW + 8000);
    expect(aheadOf(NOW + 8000)).toEqual([hour, -hour]);
    book.update([status('ahead', at(11_000)), status('behind', at(11_000))], NOW + 11_000);
    expect(aheadOf(NOW + 11_000)).toEqual([0, 0]);
  });

  it('excuses who could not report, and expects nobody who was stopped in order', () => {
    const book = createProcessRegistry();
    const agents = [status('n1', iso(5)), status('n2', iso(5), { stopped: iso(5) })];

    book.update(agents, NOW);
    book.resetTimes();
    book.update(agents, NOW + 120_000);
    expect(silentOf(book, NOW + 120_000)).toEqual([]);
    book.update(agents, NOW + 151_000);
    expect(silentOf(book, NOW + 151_000)).toEqual(['n1', 'n2']);
    expect(book.agents(NOW + 151_000).find(({ status: { id } }) => id === 'n2')?.status.stopped).toBeDefined();
  });

  it('marks nothing of a cluster that runs, and each end once it has settled', () => {
    const early = { gone: iso(2), goneForMs: 2000 };

    expect(listChangeKeys([lifeOf(JM), lifeOf(TM)], NOW)).toEqual([`started ${JM} ${iso(3000)}`]);
    expect(listChangeKeys([lifeOf(JM, { started: iso(9000) }), lifeOf(TM, early)], NOW)).toEqual([]);
    expect(listChangeKeys([lifeOf(JM, { started: iso(9000) }), lifeOf(TM, GONE)], NOW)).toEqual([
      `gone ${TM} ${iso(20)}`,
    ]);
  });
});
