// Implements "jobtrace silences add|list|expire": manages silences, which mute alerts for a while, directly in the
// store and as the user who runs it. The subcommands have the names of amtool. A running service reads silences every
// five seconds.
import { toIso, normalizeTime } from '../../core/time/iso.js';
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { ROUTE_LABELS, type MatcherSettings, type RouteLabel, Silence } from '../../core/documents/silence.js';
import { createError } from '../../core/errors.js';
import { expireSilence, findSilenceProblems, stateOfSilence } from '../../core/documents/silence-state.js';
import { findNearest } from '../../core/text/nearest.js';
import { readDuration } from '../../core/time/duration.js';
import type { Store } from '../../store/store.js';
import { CONFIG_OPTION, DATA_OPTION, STORE_OPTION, type Command, type Invocation } from '../command.js';
import { openExistingStore } from '../service/open.js';
import { readSettings } from '../settings.js';
import { write } from '../terminal/write.js';

const WHERE = [DATA_OPTION, STORE_OPTION, CONFIG_OPTION];
const DEFAULT_DURATION = '1h';
const FORMAT = { name: 'format', value: 'FORMAT', values: ['text', 'json'], help: 'Output format.' };

export const SILENCES_ADD: Command = {
  name: 'silences add',
  operands: 'LABEL=PATTERN[,PATTERN]…',
  summary: 'Create a silence: matching incidents send no notifications until it ends.',
  options: [
    ...WHERE,
    { name: 'duration', value: 'TIME', help: `Duration, such as 30m, 2h or 1d (default ${DEFAULT_DURATION}).` },
    { name: 'end', value: 'TIME', help: 'End time (ISO), instead of --duration.' },
    { name: 'start', value: 'TIME', help: 'Start time (ISO; default: now).' },
    { name: 'comment', value: 'TEXT', help: 'Reason (required).' },
    { name: 'by', value: 'NAME', help: 'Your name (default: the user name).' },
    FORMAT,
  ],
  examples: [
    'jobtrace silences add job=pay-* --duration 2h --comment "migration of the ledger"',
    'jobtrace silences add cluster=prod-7 severity=warning,error --end 2026-11-28T08:00:00+08:00 --comment upgrade',
  ],
  run: (invocation) => withStore(invocation, 'write', addSilence),
};

export const SILENCES_LIST: Command = {
  name: 'silences list',
  operands: '',
  summary: 'List silences, the last to end first.',
  options: [...WHERE, { name: 'expired', help: 'Include expired silences.' }, FORMAT],
  examples: ['jobtrace silences list', 'jobtrace silences list --expired --format json'],
  run: (invocation) => withStore(invocation, 'read', listSilences),
};

export const SILENCES_EXPIRE: Command = {
  name: 'silences expire',
  operands: 'ID…',
  summary: 'Expire silences now.',
  options: WHERE,
  examples: ['jobtrace silences expire 3f0c9a1b-5a0e-4f39-9d0a-8b1f5a3c2e11'],
  run: (invocation) => withStore(invocation, 'write', expireSilences),
};

async function withStore(
  invocation: Invocation,
  to: 'read' | 'write',
  work: (store: Store, invocation: Invocation) => Promise<void>,
): Promise<number> {
  const store = await openExistingStore(readSettings(invocation).settings, to);
  try {
    await work(store, invocation);
    return 0;
  } finally {
    await store.close();
  }
}

async function addSilence(store: Store, { operands, option, terminal }: Invocation): Promise<void> {
  const nowMs = Date.now();
  const startsAt = option('start') ?? toIso(nowMs);
  const duration = readDuration(option('duration') ?? DEFAULT_DURATION);
  if (duration === undefined)
    throw usage('silences add', `--duration is "${option('duration') ?? ''}", but must be such as 30m, 2h or 1d.`);
  const endMs = option('end') === undefined ? Date.parse(startsAt) + duration : Date.parse(option('end') ?? '');
  const silence: Silence = {
    id: randomUUID(),
    matchers: readMatchers(operands),
    startsAt: normalizeTime(startsAt),
    endsAt: Number.isNaN(endMs) ? (option('end') ?? '') : toIso(endMs),
    createdBy: option('by') ?? userInfo().username,
    comment: option('comment') ?? '',
  };
  const problems = findSilenceProblems(silence, nowMs);
  if (problems.length > 0) throw usage('silences add', `${problems.join('; ')}.`);
  await store.silences.save(silence);
  await write(
    terminal,
    option('format') === 'json' ? `${JSON.stringify(silence, null, 2)}\n` : `${silence.id}  until ${silence.endsAt}\n`,
  );
}

async function listSilences(store: Store, { option, has, terminal }: Invocation): Promise<void> {
  const nowMs = Date.now();
  const found = await store.silences.find(has('expired') ? {} : { after: toIso(nowMs) });
  const silences = found.map((silence) => ({ ...silence, state: stateOfSilence(silence, nowMs) }));
  if (option('format') === 'json') {
    await write(terminal, `${JSON.stringify({ silences }, null, 2)}\n`);
    return;
  }
  if (silences.length === 0) await write(terminal, 'No silences.\n');
  for (const { id, state, matchers, startsAt, endsAt, createdBy, comment } of silences)
    await write(
      terminal,
      `${id}  ${state.padEnd('expired'.length)}  ${printMatchers(matchers)}  ${startsAt} – ${endsAt}  ${createdBy}: ${comment}\n`,
    );
}

async function expireSilences(store: Store, { operands, terminal }: Invocation): Promise<void> {
  if (operands.length === 0) throw usage('silences expire', 'silences expire needs the id of a silence.');
  const known = await store.silences.find();
  for (const id of operands) {
    const silence = known.find((candidate) => candidate.id === id);
    if (silence === undefined) throw createError('JT_NOT_FOUND', { what: `The silence "${id}"` });
    const expired = expireSilence(silence, Date.now());
    if (expired !== undefined) await store.silences.save(expired);
    await write(terminal, `${id}  ${expired === undefined ? 'had expired already' : 'expired'}\n`);
  }
}

/** Reads matchers such as `job=pay-*` and `severity=error,critical`. A repeated label adds its patterns. */
function readMatchers(operands: readonly string[]): MatcherSettings {
  const matchers: Partial<Record<RouteLabel, string[]>> = {};
  for (const operand of operands) {
    const [name = '', ...rest] = operand.split('=');
    const label = ROUTE_LABELS.find((known) => known === name);
    if (label === undefined || rest.length === 0) {
      const nearest = findNearest(name, ROUTE_LABELS);
      const hint = nearest === undefined ? `one of ${ROUTE_LABELS.join(', ')}` : `did you mean ${nearest}=…?`;
      throw usage('silences add', `"${operand}" is not LABEL=PATTERN: ${hint}`);
    }
    matchers[label] = [...(matchers[label] ?? []), ...rest.join('=').split(',')];
  }
  return matchers;
}

function printMatchers(matchers: MatcherSettings): string {
  return ROUTE_LABELS.flatMap((label) => {
    const value = matchers[label];
    return value === undefined ? [] : [`${label}=${typeof value === 'string' ? value : value.join(',')}`];
  }).join(' ');
}

function usage(command: string, problem: string): Error {
  return createError('JT_USAGE', { problem, command });
}
