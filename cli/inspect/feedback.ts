// Implements "jobtrace feedback": rates a diagnosis as right, wrong or helpful, as the buttons of the page do; without
// an incident it lists the precision of each rule, lowest first. It writes directly to the store, as the user who runs
// it.
import { toIso } from '../../core/time/iso.js';
import { userInfo } from 'node:os';
import { createError } from '../../core/errors.js';
import { VERDICTS } from '../../core/types.js';
import { isBelowFloor, measurePrecision } from '../../core/documents/precision.js';
import { readFloor } from '../../notify/policy.js';
import type { Store } from '../../store/store.js';
import { CONFIG_OPTION, DATA_OPTION, STORE_OPTION, type Command, type Invocation } from '../command.js';
import { openExistingStore } from '../service/open.js';
import { readSettings } from '../settings.js';
import { write } from '../terminal/write.js';

export const FEEDBACK: Command = {
  name: 'feedback',
  operands: `[INCIDENT ${VERDICTS.join('|')}]`,
  summary: 'Rate a diagnosis; without an incident, show the accuracy of each rule.',
  options: [
    DATA_OPTION,
    STORE_OPTION,
    CONFIG_OPTION,
    { name: 'rule', value: 'ID', help: 'Rule of the diagnosis (default: the top one).' },
    { name: 'by', value: 'NAME', help: 'Your name (default: the user name).' },
    { name: 'format', value: 'FORMAT', values: ['text', 'json'], help: 'Output format.' },
  ],
  examples: ['jobtrace feedback', 'jobtrace feedback 3f0c9a1b helped --by anna'],
  run: async (invocation) => {
    const [incidentId] = invocation.operands;
    const { settings } = readSettings(invocation);
    const store = await openExistingStore(settings, incidentId === undefined ? 'read' : 'write');
    try {
      if (incidentId === undefined) await listRules(store, invocation);
      else await say(store, incidentId, invocation);
      return 0;
    } finally {
      await store.close();
    }
  },
};

async function say(store: Store, incidentId: string, { operands, option, terminal }: Invocation): Promise<void> {
  const verdict = VERDICTS.find((word) => word === operands[1]);
  if (verdict === undefined || operands.length > 2)
    throw createError('JT_USAGE', {
      problem: `feedback needs an incident and one of ${VERDICTS.join(', ')}, not "${operands.slice(1).join(' ')}".`,
      command: 'feedback',
    });
  const incident = await store.findIncident(incidentId);
  if (incident === undefined) throw createError('JT_NOT_FOUND', { what: `The incident "${incidentId}"` });
  const rules = incident.diagnoses.en.map((diagnosis) => diagnosis.rule);
  const rule = option('rule') ?? rules[0];
  if (rule === undefined || !rules.includes(rule))
    throw createError('JT_USAGE', {
      problem:
        rules.length === 0
          ? `the incident "${incidentId}" has no diagnosis to rate.`
          : `--rule is "${rule ?? ''}", but the incident has ${rules.join(', ')}.`,
      command: 'feedback',
    });
  const by = option('by') ?? userInfo().username;
  await store.feedback.save({ incidentId: incident.id, rule, verdict, by, at: toIso(Date.now()) });
  await write(terminal, `${rule} rated ${verdict === 'helped' ? 'right (it helped)' : verdict} by ${by}.\n`);
}

async function listRules(store: Store, invocation: Invocation): Promise<void> {
  const floor = readFloor(readSettings(invocation).settings);
  const rules = [...measurePrecision(await store.feedback.find())]
    .map(([rule, precision]) => ({ rule, ...precision, alerts: !isBelowFloor(precision, floor) }))
    .sort((a, b) => a.share - b.share || a.rule.localeCompare(b.rule));
  if (invocation.option('format') === 'json') {
    await write(invocation.terminal, `${JSON.stringify({ rules }, null, 2)}\n`);
    return;
  }
  if (rules.length === 0) await write(invocation.terminal, 'No ratings yet.\n');
  const width = rules.reduce((max, { rule }) => Math.max(max, rule.length), 0);
  for (const { rule, right, wrong, share, low, high, alerts } of rules)
    await write(
      invocation.terminal,
      `${rule.padEnd(width)}  correct ${percent(share)} (${percent(low)} to ${percent(high)}), ${right} of ${right + wrong}${alerts ? '' : '; alerts paused'}\n`,
    );
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
