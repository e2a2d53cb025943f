// Implements "jobtrace receivers route": prints the receivers of a card and the reason, by the current settings. It
// asks the same pipeline as the service (notify/routing/), sends nothing, and prints for every tried route which label
// did not match.
import { SEVERITY } from '../../core/documents/incident.js';
import { toIso } from '../../core/time/iso.js';
import type { CardLabels } from '../../core/config/route.js';
import type { Settings } from '../../core/config/settings.js';
import { createError, JobtraceError } from '../../core/errors.js';
import { printDuration } from '../../core/time/duration.js';
import { readMoment } from '../../core/time/moment.js';
import { readRouting } from '../../notify/policy.js';
import { withTeams } from '../../notify/routing/labels.js';
import { printMatchers } from '../../notify/routing/matchers.js';
import { routeCard, type Path, type RoutingContext } from '../../notify/routing/pipeline.js';
import { findRoutingProblems, createRoutingContext } from '../../notify/routing/context.js';
import { readSilences } from '../../notify/routing/annotations.js';
import { tryTree, type RouteTrial } from '../../notify/routing/tree.js';
import { CONFIG_OPTION, DATA_OPTION, RULES_OPTION, STORE_OPTION, type Command, type Invocation } from '../command.js';
import { openCatalog } from '../inspect/rules.js';
import { openExistingStore } from '../service/open.js';
import { readSettings } from '../settings.js';
import { paint, styleOf, type Style } from '../terminal/print.js';
import { write, writeNote } from '../terminal/write.js';

export const RECEIVERS_ROUTE: Command = {
  name: 'receivers route',
  operands: '',
  summary: 'Dry-run routing: show which receivers a card would reach, and why.',
  options: [
    CONFIG_OPTION,
    DATA_OPTION,
    STORE_OPTION,
    RULES_OPTION,
    { name: 'job', value: 'NAME', help: 'Name or id of the job.' },
    { name: 'cause', value: 'ID', help: 'Id of a cause or a rule; sets severity and owner as well.' },
    { name: 'cluster', value: 'NAME', help: 'The Flink cluster.' },
    { name: 'team', value: 'NAME', help: 'A team, in addition to the teams of the job and the cluster.' },
    { name: 'severity', value: 'LEVEL', values: SEVERITY.enum, help: 'Severity.' },
    { name: 'owner', value: 'OWNER', help: 'Owner: user-code, configuration, connector, …' },
    { name: 'at', value: 'TIME', help: 'Time (default: now): 15m, 2h, 7d or an ISO time.' },
    { name: 'format', value: 'FORMAT', values: ['text', 'json'], help: 'Output format.' },
  ],
  examples: [
    'jobtrace receivers route --job pay-ledger --cause network.insufficient-buffers',
    'jobtrace receivers route --cluster prod-1 --severity critical --at 2026-11-28T03:00:00+08:00',
  ],
  run: async (invocation) => {
    const { settings } = readSettings(invocation);
    const nowMs = readTime(invocation);
    const labels = readLabels(invocation, settings);
    const silences = await findSilences(invocation, settings, nowMs);
    const context: RoutingContext = { ...openRoutingContext(settings), silences, triage: new Map() };
    const trials = tryTree(context.tree, labels);
    const paths = routeCard(labels, context, nowMs);
    const { stdout, environment } = invocation.terminal;
    await write(
      invocation.terminal,
      invocation.option('format') === 'json'
        ? `${JSON.stringify(describe(labels, nowMs, trials, paths), null, 2)}\n`
        : render(labels, nowMs, trials, paths, styleOf(stdout, environment)),
    );
    return 0;
  },
};

/** Reads the routing. Throws JT_CONFIG_INVALID with everything that a service would reject. */
function openRoutingContext(settings: Settings): ReturnType<typeof createRoutingContext> {
  const receivers = settings['notify.receivers'].map(({ name }) => name);
  const routing = { ...readRouting(settings), receivers };
  const problems = findRoutingProblems(routing);
  if (problems.length > 0)
    throw createError('JT_CONFIG_INVALID', { problems: problems.map((problem) => `  ${problem}`).join('\n') });
  return createRoutingContext(routing);
}

/** Reads the silences of the store. Without a store the card is routed as if there were no silences. */
async function findSilences(
  { terminal }: Invocation,
  settings: Settings,
  nowMs: number,
): Promise<RoutingContext['silences']> {
  try {
    const store = await openExistingStore(settings);
    try {
      return await readSilences(store, nowMs);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof JobtraceError)) throw error;
    writeNote(terminal, `Silences not checked: ${error.message}\n`);
    return [];
  }
}

function readTime({ option }: Invocation): number {
  const text = option('at');
  if (text === undefined) return Date.now();
  const time = readMoment(text, Date.now());
  if (time !== undefined) return Date.parse(time);
  throw createError('JT_USAGE', {
    problem: `--at is "${text}", but must be an ISO time, or a duration back from now such as 2h.`,
    command: 'receivers route',
  });
}

/**
 * Returns the labels of the card. A cause in the catalog gets the severity and the owner of its rule, unless others are
 * given.
 */
function readLabels(invocation: Invocation, settings: Settings): CardLabels {
  const { option } = invocation;
  const cause = option('cause');
  const rule =
    cause === undefined
      ? undefined
      : openCatalog(invocation).rules.find((candidate) => candidate.id === cause || candidate.cause === cause);
  if (cause !== undefined && rule === undefined && !cause.startsWith('unknown:'))
    writeNote(invocation.terminal, `No rule has the cause "${cause}"; severity and owner are not derived from it.\n`);
  const list = (...values: readonly (string | undefined)[]): readonly string[] => [
    ...new Set(values.filter((value) => value !== undefined)),
  ];
  return withTeams(
    {
      cluster: list(option('cluster')),
      job: list(option('job')),
      severity: list(option('severity') ?? rule?.severity),
      cause: list(rule?.cause, cause),
      owner: list(option('owner') ?? rule?.owner),
    },
    list(option('team')),
    settings['notify.teams'],
  );
}

function describe(
  labels: CardLabels,
  nowMs: number,
  trials: readonly RouteTrial[],
  paths: readonly Path[],
): Readonly<Record<string, unknown>> {
  return {
    at: toIso(nowMs),
    labels,
    routes: trials.map(({ node, misfit, isReached }) => ({
      place: node.place,
      matchers: printMatchers(node.matchers),
      matches: misfit === undefined,
      misfit: misfit?.text,
      isReached,
    })),
    receivers: paths.map(({ receiver, state, reasons, node, escalatesAfterMs }) => ({
      receiver: receiver === '' ? null : receiver,
      state,
      reasons,
      groupBy: node.groupBy,
      groupWaitMs: node.groupWaitMs,
      repeatIntervalMs: node.repeatIntervalMs ?? null,
      escalatesAfterMs: escalatesAfterMs ?? null,
    })),
  };
}

function render(
  labels: CardLabels,
  nowMs: number,
  trials: readonly RouteTrial[],
  paths: readonly Path[],
  style: Style,
): string {
  const shown = Object.entries(labels)
    .filter(([, values]) => values.length > 0)
    .map(([label, values]) => `${label}=${values.join(',')}`);
  const width = paths.reduce((max, { receiver }) => Math.max(max, receiver.length), 'nobody'.length);
  return [
    `${shown.length === 0 ? 'a card without labels' : shown.join(' ')}  ${paint(toIso(nowMs), 'dim', style)}`,
    '',
    ...trials.map((trial) => renderTrial(trial, labels, style)),
    '',
    ...paths.map((path) => renderPath(path, width, style)),
    '',
  ].join('\n');
}

/** Renders a tried route, indented by its depth in the tree. */
function renderTrial({ node, misfit, isReached }: RouteTrial, labels: CardLabels, style: Style): string {
  const depth = node.place.split('.').length - 1;
  const wanted = node.matchers.length === 0 ? 'everything' : printMatchers(node.matchers);
  const because = misfit === undefined ? '' : `: ${misfit.label} is ${labels[misfit.label].join(', ') || 'not given'}`;
  const symbol = misfit === undefined ? paint('✔', 'green', style) : paint('✗', 'dim', style);
  const goesOn = node.continues && misfit === undefined ? ', continue' : '';
  return `${'  '.repeat(depth)}${symbol} ${node.place}  ${wanted}${because}${isReached ? paint('  ← selected', 'dim', style) : ''}${goesOn}`;
}

const STATES: Readonly<Record<Path['state'], 'green' | 'yellow' | 'dim'>> = {
  goes: 'green',
  held: 'yellow',
  dropped: 'dim',
};

function renderPath({ receiver, state, reasons, node }: Path, width: number, style: Style): string {
  const why = reasons.map(({ reason, about }) => `${reason} (${about})`).join(', ');
  const waits = node.groupWaitMs === 0 ? '' : `, waits ${printDuration(node.groupWaitMs)} for its group`;
  const repeats = node.repeatIntervalMs === undefined ? '' : `, again every ${printDuration(node.repeatIntervalMs)}`;
  const groups = `one message by ${node.groupBy.length === 0 ? 'reason' : node.groupBy.join(', ')}${waits}${repeats}`;
  const name = (receiver === '' ? 'nobody' : receiver).padEnd(width);
  return `${name}  ${paint(state.padEnd('dropped'.length), STATES[state], style)}  ${why}${state === 'dropped' ? '' : paint(`; ${groups}`, 'dim', style)}`;
}
