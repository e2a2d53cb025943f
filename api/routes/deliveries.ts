// Routes for receivers with failed deliveries: alerts that were given up in the last days and alerts that wait after a
// failure, one row for each receiver; and a test message to a receiver. Takes alerts of the store, newest first. The
// page shows the rows above the incidents.
import { toIso } from '../../core/time/iso.js';
import { createError } from '../../core/errors.js';
import type { Alert } from '../../core/documents/alert.js';
import { route, type Answer, type Request, type Route, type Services } from '../http/route.js';
import type { DeliveryList, ReceiverTrial } from '../schemas/alerts.js';

/** Age, in milliseconds, up to which a given-up alert is shown, because a person may still act on it. */
const SHOWN_MS = 7 * 24 * 3_600_000;
/** Largest number of alerts that are read of each state. */
const MAX_ALERTS = 1000;

export function createDeliveryRoutes(services: Services): readonly Route[] {
  return [
    route({
      at: 'GET /api/v1/deliveries',
      role: 'reader',
      tag: 'alerts',
      summary: 'Receivers that do not take their alerts',
      description: 'Alerts that were given up in the last seven days, and those that wait after a failure.',
      handle: (request) => listDeliveries(services, request),
    }),
    route({
      at: 'POST /api/v1/receivers/:name/test',
      role: 'admin',
      isOfAll: true,
      tag: 'alerts',
      summary: 'Send a test message to a receiver',
      description: 'Answers with what the receiver said, word for word but for its address, and what to change.',
      handle: (request) => testReceiver(services, request),
    }),
  ];
}

async function testReceiver(
  services: Services,
  { params: { name } }: Request<'POST /api/v1/receivers/:name/test'>,
): Promise<Answer<ReceiverTrial>> {
  const trial = await services.testReceiver?.(name);
  if (trial === undefined) throw createError('JT_NOT_FOUND', { what: `A receiver with the name "${name}"` });
  return { kind: 'json', body: trial };
}

async function listDeliveries({ now }: Services, { store }: Request): Promise<Answer<DeliveryList>> {
  const [lost, waiting] = await Promise.all([
    store.alerts.find({ where: { state: 'undeliverable' }, limit: MAX_ALERTS }),
    store.alerts.find({ where: { state: 'pending' }, limit: MAX_ALERTS }),
  ]);
  const since = toIso(now() - SHOWN_MS);
  const alerts = [
    ...lost.filter(({ sentAt }) => sentAt >= since),
    ...waiting.filter(({ error }) => error !== undefined),
  ];
  return {
    kind: 'json',
    body: {
      receivers: groupDeliveries(alerts),
      complete: lost.length < MAX_ALERTS && waiting.length < MAX_ALERTS,
    },
  };
}

/** Groups alerts by receiver. Receivers that lose alerts come before those whose alerts only wait. */
function groupDeliveries(alerts: readonly Alert[]): DeliveryList['receivers'] {
  return [...new Set(alerts.map(({ receiver }) => receiver))]
    .map((receiver) =>
      describeDelivery(
        receiver,
        alerts.filter((alert) => alert.receiver === receiver),
      ),
    )
    .sort((left, right) => right.undeliverable - left.undeliverable || (left.receiver < right.receiver ? -1 : 1));
}

function describeDelivery(receiver: string, alerts: readonly Alert[]): DeliveryList['receivers'][number] {
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
