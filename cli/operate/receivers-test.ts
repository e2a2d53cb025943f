// Implements "jobtrace receivers test NAME": sends a test message to one receiver of the settings, and prints its
// answer word for word and the recommended change. The address is never printed.
import { createError } from '../../core/errors.js';
import type { Language } from '../../core/types.js';
import { findReceiverProblems } from '../../notify/deliver/settings.js';
import { sendTrial, type ReceiverTest } from '../../notify/deliver/trial.js';
import { CONFIG_OPTION, LANG_OPTION, type Command, type Invocation } from '../command.js';
import { languageOf, proxiesOf, readSettings } from '../settings.js';
import { write } from '../terminal/write.js';

export const RECEIVERS_TEST: Command = {
  name: 'receivers test',
  operands: 'NAME…',
  summary: 'Sends a test message to receivers, and shows what they answered and what to change.',
  options: [CONFIG_OPTION, LANG_OPTION],
  examples: ['jobtrace receivers test on-call --config /etc/jobtrace/jobtrace.yaml'],
  run: runTest,
};

const REFUSED = 1;

async function runTest(invocation: Invocation): Promise<number> {
  const { settings } = readSettings(invocation);
  const receivers = settings['notify.receivers'];
  const wanted = invocation.operands.map((name) => ({ name, receiver: receivers.find((item) => item.name === name) }));
  const missing = wanted.filter(({ receiver }) => receiver === undefined).map(({ name }) => `"${name}"`);
  const known = receivers.map(({ name }) => name).join(', ');
  if (wanted.length === 0 || missing.length > 0)
    throw createError('JT_USAGE', {
      problem: `${wanted.length === 0 ? 'A receiver must be named' : `No receiver is called ${missing.join(', ')}`}; there are: ${known === '' ? 'none' : known}.`,
      command: 'receivers test',
    });
  const problems = findReceiverProblems(receivers);
  if (problems.length > 0)
    throw createError('JT_CONFIG_INVALID', { problems: problems.map((problem) => `  ${problem}`).join('\n') });
  const trials: ReceiverTest[] = [];
  for (const { receiver } of wanted) {
    if (receiver === undefined) continue;
    const trial = await sendTrial(
      receiver,
      { publicUrl: settings['api.publicUrl'], proxies: proxiesOf(settings) },
      Date.now(),
    );
    trials.push(trial);
    await write(invocation.terminal, renderTrial(trial, languageOf(settings)));
  }
  return trials.every(({ ok }) => ok) ? 0 : REFUSED;
}

const WORDS: Readonly<
  Record<Language, Readonly<Record<'answer' | 'nobody' | 'taken' | 'refused' | 'advice', string>>>
> = {
  en: { answer: 'Answer', nobody: 'none', taken: 'taken', refused: 'not taken', advice: 'What to do' },
  zh: { answer: '应答', nobody: '无', taken: '已接收', refused: '未接收', advice: '处理办法' },
};

function renderTrial({ receiver, kind, ok, answer, error, reason, advice }: ReceiverTest, language: Language): string {
  const words = WORDS[language];
  const why = reason === undefined ? '' : ` (${reason})`;
  return [
    `${ok ? '✔' : '✖'} ${receiver} · ${kind} · ${ok ? words.taken : `${words.refused}${why}`}`,
    `  ${words.answer}: ${answer ?? error ?? words.nobody}`,
    `  ${words.advice}: ${advice[language]}`,
    '',
  ].join('\n');
}
