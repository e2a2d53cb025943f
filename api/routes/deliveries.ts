// Which receivers do not take their alerts: the alerts that were given up in the last days, and those that wait after
// a failure, one row for each receiver. In: alerts of the store, newest first. The page shows it above the incidents.
import type { Alert } from '../../store/store.js';
import type { Answer, Request, Route, Services } from '../route.js';
import { DELIVERY_LIST, QUERIES } from '../schemas.js';

/** What a person would still act on. */
const SHOWN_MS = 7 * 24 * 3_600_000;
/** Of each state. */
const MOST_ALERTS = 1000;

interface TroubledReceiver {
  readonly receiver: string;
  readonly undeliverable: number;
  /** Tried in vain, and to be tried again. */
  readonly waiting: number;
  /** Of the oldest of them. */
  readonly since: string;
  readonly lastError?: string;
}

export function createDeliveryRoutes(services: Services): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/deliveries',
      role: 'reader',
      tag: 'alerts',
      summary: 'Receivers that do not take their alerts',
      description: 'Alerts that were given up in the last seven days, and those that wait after a failure.',
      query: QUERIES.none,
      answers: { 200: DELIVERY_LIST },
      handle: (request) => listDeliveries(services, request),
    },
  ];
}

async function listDeliveries({ now }: Services, { store }: Request): Promise<Answer> {
  const [lost, waiting] = await Promise.all([
    store.findAlerts({ state: 'undeliverable', limit: MOST_ALERTS }),
    store.findAlerts({ state: 'pending', limit: MOST_ALERTS }),
  ]);
  const since = new Date(now() - SHOWN_MS).toISOString();
  const alerts = [
    ...lost.filter(({ sentAt }) => sentAt >= since),
    ...waiting.filter(({ error }) => error !== undefined),
  ];
  return {
    kind: 'json',
    body: {
      receivers: groupDeliveries(alerts),
      complete: lost.length < MOST_ALERTS && waiting.length < MOST_ALERTS,
    },
  };
}

/** Receivers that lose alerts before those that only wait. */
function groupDeliveries(alerts: readonly Alert[]): readonly TroubledReceiver[] {
  return [...new Set(alerts.map(({ receiver }) => receiver))]
    .map((receiver) =>
      describeDelivery(
        receiver,
        alerts.filter((alert) => alert.receiver === receiver),
      ),
    )
    .sort((left, right) => right.undeliverable - left.undeliverable || (left.receiver < right.receiver ? -1 : 1));
}

function describeDelivery(receiver: string, alerts: readonly Alert[]): TroubledReceiver {
  const byTime = [...alerts].sort((left, right) => (left.sentAt < right.sentAt ? -1 : 1));
  const undeliverable = alerts.filter(({ state }) => state === 'undeliverable').length;
  return {
    receiver,
    undeliverable,
    waiting: alerts.length - undeliverable,
    since: byTime[0]?.sentAt ?? '',
    lastError: byTime.findLast(({ error }) => error !== undefined)?.error,
  };
}
