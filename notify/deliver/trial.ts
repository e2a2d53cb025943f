// Sends a test message to one receiver and returns the service's answer with advice. The message is a card that says
// that it is a test, sent at once and like every other message. If the channel keeps messages open, the test is closed
// afterwards.
import { toIso } from '../../core/time/iso.js';
import type { ReceiverSettings } from '../../core/config/receiver.js';
import type { Proxies } from '../../core/proxy.js';
import type { Diagnosis, Incident } from '../../core/documents/incident.js';
import type { Text } from '../../core/types.js';
import type { AlertReason } from '../decide/decide.js';
import type { Card } from '../card/render.js';
import { REFUSALS } from '../channels/refusal.js';
import type { RefusalReason, SendResult } from '../channels/result.js';
import { sendParts } from './send.js';
import { findReceiverRisk } from './settings.js';
import { CHANNELS } from '../channels/table.js';

export interface ReceiverTest {
  readonly receiver: string;
  readonly kind: ReceiverSettings['kind'];
  readonly ok: boolean;
  /** Exact answer of the service, without its address; absent without an answer. */
  readonly answer?: string | undefined;
  readonly error?: string | undefined;
  readonly reason?: RefusalReason | undefined;
  /** Advice on what to change or to check. */
  readonly advice: Text;
}

export interface TrialOptions {
  /** Address of the page, for links. */
  readonly publicUrl: string;
  readonly proxies: Proxies;
}

const CHECK_CHANNEL: Text = {
  en: 'Accepted. Check that it appears in the channel.',
  zh: '服务端已接受，请到接收端确认消息是否显示。',
};
const CHECK_URL: Text = {
  en: 'Check the URL, and that this machine can reach it (proxy, firewall, DNS).',
  zh: '请检查地址，以及本机能否访问该地址（代理、防火墙、DNS）。',
};

export async function sendTrial(
  receiver: ReceiverSettings,
  { publicUrl, proxies }: TrialOptions,
  nowMs: number,
): Promise<ReceiverTest> {
  const result = await send(receiver, 'new-incident', { publicUrl, proxies }, nowMs);
  if (result.ok && CHANNELS[receiver.kind].canEdit) await send(receiver, 'resolved', { publicUrl, proxies }, nowMs);
  const about = { receiver: receiver.name, kind: receiver.kind, answer: result.answer };
  if (result.ok) return { ...about, ok: true, advice: addRisk(CHECK_CHANNEL, findReceiverRisk(receiver)) };
  const { error, reason } = result;
  return { ...about, ok: false, error, reason, advice: chooseAdvice(result) };
}

/** Advice by the status that a service without a table of reasons answered. */
const STATUS_ADVICE: readonly (readonly [status: RegExp, advice: Text])[] = [
  [/^40[13]\b/, { en: 'Check the token or permissions.', zh: '请检查令牌或权限。' }],
  [/^404\b/, { en: 'Check the URL.', zh: '请检查 URL。' }],
];

function chooseAdvice({ reason, answer = '' }: Pick<ReceiverTest, 'reason' | 'answer'>): Text {
  if (reason !== undefined) return REFUSALS[reason].advice;
  return STATUS_ADVICE.find(([status]) => status.test(answer))?.[1] ?? CHECK_URL;
}

function addRisk(advice: Text, risk: Text | undefined): Text {
  return risk === undefined ? advice : { en: `${advice.en} ${risk.en}`, zh: `${advice.zh}${risk.zh}` };
}

function send(
  receiver: ReceiverSettings,
  reason: AlertReason,
  { publicUrl, proxies }: TrialOptions,
  nowMs: number,
): Promise<SendResult> {
  const channel = CHANNELS[receiver.kind];
  const { language, zone, template } = receiver;
  const subject = { cause: 'test', symptom: false, severity: 'warning', diagnosis: 0 } as const;
  const incident = makeIncident(reason, nowMs);
  const card: Card = { incident, subject, reason, language, publicUrl, nowMs, zone, template };
  const message = channel.renderIncident(card, undefined);
  return sendParts([{ message, brief: {} }], { receiver, proxies, id: `msg_test-${nowMs}`, nowMs }, 0);
}

function makeIncident(reason: AlertReason, nowMs: number): Incident {
  const time = toIso(nowMs);
  return {
    id: 'test',
    cluster: 'test',
    job: { id: '0'.repeat(32), name: 'test' },
    processes: [],
    firstSeen: time,
    lastSeen: time,
    outcome: reason === 'resolved' ? 'recovered' : 'failing',
    restarts: 1,
    attempts: [{ number: 1, failedAt: time, rules: ['test'] }],
    diagnoses: {
      en: [
        makeDiagnosis('Jobtrace test message: nothing has failed', 'This is how a diagnosis looks here.', [
          'No action is needed.',
          'Options of a fix are shown on their own lines.',
        ]),
      ],
      zh: [
        makeDiagnosis('Jobtrace 测试消息：没有任何故障', '诊断在此处的显示效果如下。', [
          '无需任何操作。',
          '修复所涉及的配置项单独成行。',
        ]),
      ],
    },
    unknown: [],
    facts: {},
  };
}

function makeDiagnosis(title: string, summary: string, [fix = '', evidence = '']: readonly string[]): Diagnosis {
  return {
    cause: 'test',
    rule: 'test',
    title,
    summary,
    severity: 'warning',
    confidence: 1,
    symptom: false,
    owner: 'platform',
    status: 'stable',
    count: 1,
    reasons: [],
    fixes: [{ id: 'none', text: fix, patch: { 'taskmanager.memory.process.size': '2g' }, risk: 'low' }],
    evidence: [{ file: 'test.log', line: 1, text: `java.lang.Exception: ${evidence}` }],
    explains: [],
    references: [],
    values: {},
    score: {},
  };
}
