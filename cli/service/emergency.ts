// Creates the emergency stage from the settings. It reports failures of Jobtrace itself without using the store: an
// unavailable store (checked by the analyzer and the API), and records that no analyzer processes (checked by the API).
import { errorText } from '../../core/fault.js';
import type { Settings } from '../../core/config/settings.js';
import type { Log } from '../../core/log.js';
import { pause } from '../../core/time/wait.js';
import { runEmergency, type EmergencyCheck } from '../../notify/deliver/emergency.js';
import type { Collections, StoreHealth } from '../../store/store.js';
import { hostOf, proxiesOf } from '../settings.js';
import type { Stage } from './stages.js';

/** Time, in milliseconds, after which a store without an answer counts as unavailable. */
const ANSWER_MS = 5000;
/**
 * Time, in milliseconds, without a heartbeat after which no analyzer is running. Analyzers send one every two seconds.
 */
const BEAT_MS = 30_000;
/** Key of the state with the analyzers' heartbeats (analyzer/platform/lease.ts). */
const ASSIGNMENT_KEY = 'analyzer/parts';

/** Creates the stage. `part` is the name of this process in messages. */
export function createEmergency(
  settingsReloader: { readonly settings: Settings },
  store: Pick<StoreHealth, 'check'> & Pick<Collections, 'states'>,
  part: string,
  log: Log,
  { checksAnalyzer }: { readonly checksAnalyzer: boolean },
): Stage {
  const { settings } = settingsReloader;
  const where = `${part} (${hostOf(settings)})`;
  return (signal) =>
    runEmergency(
      {
        checks: [checkStore(store, where), ...(checksAnalyzer ? [checkAnalyzer(store, where)] : [])],
        receivers: () => listReceivers(settingsReloader.settings),
        publicUrl: settings['api.publicUrl'],
        proxies: proxiesOf(settings),
        log: log.child({ stage: 'emergency' }),
        afterMs: settings['notify.emergencyAfterMs'],
      },
      signal,
    );
}

function listReceivers(settings: Settings): Settings['notify.receivers'] {
  const names = settings['notify.emergency'];
  return settings['notify.receivers'].filter(({ name }) => names.includes(name));
}

function checkStore(store: Pick<StoreHealth, 'check'>, where: string): EmergencyCheck {
  return {
    id: 'jobtrace.store-unreachable',
    title: {
      en: 'Jobtrace cannot reach its store: failures are not reported',
      zh: 'Jobtrace 无法访问存储：故障无法告警',
    },
    summary: (problem) => ({
      en: `The ${where} cannot use the store: ${problem} Agents keep their data and send it later; until then no failures are detected.`,
      zh: `${where} 无法使用存储：${problem} 采集端会保留已读内容并稍后发送；在此之前无法发现任何故障。`,
    }),
    fix: {
      en: 'Check that the store is running, has free space, and is reachable from this machine.',
      zh: '请确认存储正在运行且有剩余空间，并确认本机可以访问。',
    },
    findProblem: () => within(store.check().then(() => undefined, errorText)),
  };
}

/** Checks the document with the analyzers' heartbeats; another check covers the store itself. */
function checkAnalyzer(store: Pick<Collections, 'states'>, where: string): EmergencyCheck {
  let known: string | undefined;
  let changedAt = performance.now();
  return {
    id: 'jobtrace.no-analyzer',
    title: {
      en: 'No Jobtrace analyzer is running: failures are not reported',
      zh: '没有 Jobtrace 分析器在运行：故障无法告警',
    },
    summary: (problem) => ({
      en: `Reported by the ${where}: ${problem}. Logs are still stored; failures in them are detected when an analyzer runs again.`,
      zh: `${where} 发现：${problem}。日志仍被存储，分析器恢复运行后才能发现其中的故障。`,
    }),
    fix: {
      en: 'Start an analyzer, and check the log of the previous one (journalctl -u jobtrace-analyzer, kubectl logs).',
      zh: '请启动分析器，并查看之前分析器的日志（journalctl -u jobtrace-analyzer、kubectl logs）。',
    },
    findProblem: async () => {
      try {
        const text = (await store.states.load(ASSIGNMENT_KEY))?.value;
        if (text !== known) changedAt = performance.now();
        known = text;
      } catch {
        // The heartbeats cannot be read while the store is unavailable, so the time starts again.
        changedAt = performance.now();
      }
      const silentMs = performance.now() - changedAt;
      return silentMs >= BEAT_MS ? 'no heartbeat of an analyzer for 30 seconds' : undefined;
    },
  };
}

async function within(answer: Promise<string | undefined>): Promise<string | undefined> {
  const ended = new AbortController();
  const late = pause(ANSWER_MS, ended.signal).then(() => `no answer within ${ANSWER_MS} ms.`);
  const problem = await Promise.race([answer, late]);
  ended.abort();
  return problem;
}
