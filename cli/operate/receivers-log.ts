// Implements "jobtrace receivers log": prints sent, waiting and given-up alerts, newest last. It reads the store only,
// and asks the same pipeline as the service (notify/routing/) for the reason why a message waits.
import type { Settings } from '../../core/config/settings.js';
import { createError } from '../../core/errors.js';
import { readRouting } from '../../notify/policy.js';
import { parsePayload } from '../../notify/card/payload.js';
import { readAnnotations } from '../../notify/routing/router.js';
import { findPaths, holdPath, type RoutingContext } from '../../notify/routing/pipeline.js';
import { createRoutingContext } from '../../notify/routing/context.js';
import { readSilences, readTriage } from '../../notify/routing/annotations.js';
import { Alert } from '../../core/documents/alert.js';
import type { Store } from '../../store/store.js';
import { CONFIG_OPTION, DATA_OPTION, STORE_OPTION, type Command, type Invocation } from '../command.js';
import { openExistingStore } from '../service/open.js';
import { readSettings } from '../settings.js';
import { write } from '../terminal/write.js';

const STATES = Alert.properties.state.enum;
const DEFAULT_LIMIT = 100;
const MAX = 10_000;

export const RECEIVERS_LOG: Command = {
  name: 'receivers log',
  operands: '',
  summary: 'Show the notification log: what was sent, what is queued and why, what failed.',
  options: [
    DATA_OPTION,
    STORE_OPTION,
    CONFIG_OPTION,
    { name: 'receiver', value: 'NAME', help: 'Messages to this receiver.' },
    { name: 'incident', value: 'ID', help: 'Messages about this incident.' },
    { name: 'state', value: 'STATE', values: STATES, help: 'Messages in this state.' },
    {
      name: 'limit',
      short: 'n',
      value: 'N',
      help: `Maximum number of messages, newest first (default ${DEFAULT_LIMIT}).`,
    },
    { name: 'format', value: 'FORMAT', values: ['text', 'ndjson'], help: 'Output format.' },
  ],
  examples: ['jobtrace receivers log --state pending', 'jobtrace receivers log --receiver on-call --format ndjson'],
  run: async (invocation) => {
    const { settings } = readSettings(invocation);
    const limit = readLimit(invocation);
    const store = await openExistingStore(settings);
    try {
      const context = await openRoutingContext(store, settings);
      for (const alert of (await findAlerts(store, invocation, limit)).reverse())
        await write(invocation.terminal, renderAlert(alert, findHold(alert, context), invocation));
      return 0;
    } finally {
      await store.close();
    }
  },
};

async function findAlerts(store: Store, { option }: Invocation, limit: number): Promise<Alert[]> {
  const receiver = option('receiver');
  const found = await store.alerts.find({
    where: { incidentId: option('incident'), state: STATES.find((known) => known === option('state')) },
    limit: receiver === undefined ? limit : MAX,
  });
  return found.filter((alert) => receiver === undefined || alert.receiver === receiver).slice(0, limit);
}

async function openRoutingContext(store: Store, settings: Settings): Promise<RoutingContext> {
  const receivers = settings['notify.receivers'].map(({ name }) => name);
  const silences = await readSilences(store, Date.now());
  return {
    ...createRoutingContext({ ...readRouting(settings), receivers }),
    silences,
    triage: await readTriage(store),
  };
}

/** Returns the reason why an alert is held back, such as `within-mute-time (night)`; undefined if there is none. */
function findHold(alert: Alert, context: RoutingContext): string | undefined {
  const payload = alert.state === 'pending' ? parsePayload(alert.payload) : undefined;
  if (payload?.labels === undefined) return undefined;
  const { labels } = payload;
  const path = findPaths(labels, context).find(isTo(alert.receiver));
  if (path === undefined) return undefined;
  const { state, reasons } = holdPath(
    path,
    { labels, annotations: readAnnotations(alert, payload) },
    context,
    Date.now(),
  );
  const last = reasons.at(-1);
  return state === 'held' && last !== undefined ? `${last.reason} (${last.about})` : undefined;
}

function isTo(receiver: string): (path: { readonly receiver: string }) => boolean {
  return (path) => path.receiver === receiver;
}

function renderAlert(alert: Alert, hold: string | undefined, { option }: Invocation): string {
  const { sentAt, receiver, state, reason, cause, incidentId, attempts, error } = alert;
  if (option('format') === 'ndjson') {
    const { payload, ...rest } = alert;
    return `${JSON.stringify({ ...rest, hold })}\n`;
  }
  const tried = attempts > 1 ? `, ${attempts} attempts` : '';
  const why = error === undefined ? '' : `: ${error}`;
  const held = hold === undefined ? '' : `, held: ${hold}`;
  return `${sentAt}  ${state.padEnd('undeliverable'.length)}  ${receiver}  ${reason}  ${cause}  ${incidentId}${tried}${held}${why}\n`;
}

function readLimit({ option }: Invocation): number {
  const text = option('limit') ?? String(DEFAULT_LIMIT);
  if (/^[1-9]\d{0,4}$/.test(text)) return Math.min(Number(text), MAX);
  throw createError('JT_USAGE', {
    problem: `--limit is "${text}", but must be a whole number from 1 to 99999.`,
    command: 'receivers log',
  });
}
