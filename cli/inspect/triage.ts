// Implements "jobtrace triage": acknowledges, resolves, ignores for a while, merges or reopens an incident, as the
// buttons of the page do; without an incident it lists the current states. It writes directly to the store, as the user
// who runs it. A running service reads the changes every five seconds.
import { toIso } from '../../core/time/iso.js';
import { userInfo } from 'node:os';
import { createError } from '../../core/errors.js';
import { omitMissing } from '../../core/json.js';
import { TRIAGE_STATES } from '../../core/types.js';
import type { Triage } from '../../core/documents/triage.js';
import { findMergeProblems, findTriageProblems, listCurrentTriage } from '../../core/documents/card-state.js';
import { readDuration } from '../../core/time/duration.js';
import type { Store } from '../../store/store.js';
import { CONFIG_OPTION, DATA_OPTION, STORE_OPTION, type Command, type Invocation } from '../command.js';
import { openExistingStore } from '../service/open.js';
import { readSettings } from '../settings.js';
import { write } from '../terminal/write.js';

export const TRIAGE: Command = {
  name: 'triage',
  operands: `[INCIDENT ${TRIAGE_STATES.join('|')}]`,
  summary: 'Acknowledge, resolve, ignore, merge or reopen an incident; without one, list the triage history.',
  options: [
    DATA_OPTION,
    STORE_OPTION,
    CONFIG_OPTION,
    { name: 'duration', value: 'TIME', help: 'With "ignored": duration, such as 30m, 8h or 7d (default: forever).' },
    { name: 'into', value: 'INCIDENT', help: 'With "merged": target incident.' },
    { name: 'comment', value: 'TEXT', help: 'Reason.' },
    { name: 'by', value: 'NAME', help: 'Your name (default: the user name).' },
    { name: 'format', value: 'FORMAT', values: ['text', 'json'], help: 'Output format.' },
  ],
  examples: [
    'jobtrace triage 3f0c9a1b acknowledged --by anna',
    'jobtrace triage 3f0c9a1b ignored --duration 8h --comment "the source moves tonight"',
  ],
  run: async (invocation) => {
    const [incidentId] = invocation.operands;
    const { settings } = readSettings(invocation);
    const store = await openExistingStore(settings, incidentId === undefined ? 'read' : 'write');
    try {
      if (incidentId === undefined) await listWords(store, invocation);
      else await say(store, incidentId, invocation);
      return 0;
    } finally {
      await store.close();
    }
  },
};

async function say(store: Store, incidentId: string, { operands, option, terminal }: Invocation): Promise<void> {
  const nowMs = Date.now();
  const state = TRIAGE_STATES.find((word) => word === operands[1]);
  if (state === undefined || operands.length > 2)
    throw usage(
      `triage needs an incident and one of ${TRIAGE_STATES.join(', ')}, not "${operands.slice(1).join(' ')}".`,
    );
  const incident = await store.findIncident(incidentId);
  if (incident === undefined) throw createError('JT_NOT_FOUND', { what: `The incident "${incidentId}"` });
  const triage: Triage = {
    incidentId: incident.id,
    state,
    ...omitMissing({ until: readUntil(option('duration'), nowMs), comment: option('comment') }),
    ...omitMissing({ into: await findMergeTarget(store, option('into')) }),
    by: option('by') ?? userInfo().username,
    at: toIso(nowMs),
  };
  const problems = findTriageProblems(triage, nowMs);
  if (problems.length > 0) throw usage(`${problems.join('; ')}.`);
  await store.triage.save(triage);
  await write(terminal, option('format') === 'json' ? `${JSON.stringify(triage, null, 2)}\n` : renderWord(triage));
}

async function findMergeTarget(store: Store, id: string | undefined): Promise<string | undefined> {
  if (id === undefined) return undefined;
  const target = await store.findIncident(id);
  if (target === undefined) throw createError('JT_NOT_FOUND', { what: `The incident "${id}"` });
  const [word] = await store.triage.find({ where: { incidentId: [target.id] } });
  const problems = findMergeProblems(word);
  if (problems.length > 0) throw usage(`${problems.join('; ')}.`);
  return target.id;
}

function readUntil(duration: string | undefined, nowMs: number): string | undefined {
  if (duration === undefined) return undefined;
  const ms = readDuration(duration);
  if (ms === undefined) throw usage(`--duration is "${duration}", but must be such as 30m, 8h or 7d.`);
  return toIso(nowMs + ms);
}

async function listWords(store: Store, { option, terminal }: Invocation): Promise<void> {
  const triage = [...listCurrentTriage(await store.triage.find()).values()];
  if (option('format') === 'json') {
    await write(terminal, `${JSON.stringify({ triage }, null, 2)}\n`);
    return;
  }
  if (triage.length === 0) await write(terminal, 'No triage history.\n');
  for (const word of triage) await write(terminal, renderWord(word));
}

function renderWord({ incidentId, state, until, into, comment, by, at }: Triage): string {
  const end = `${until === undefined ? '' : ` until ${until}`}${into === undefined ? '' : ` into ${into}`}`;
  const why = comment === undefined ? '' : `: ${comment}`;
  return `${at}  ${incidentId}  ${state}${end} by ${by}${why}\n`;
}

function usage(problem: string): Error {
  return createError('JT_USAGE', { problem, command: 'triage' });
}
