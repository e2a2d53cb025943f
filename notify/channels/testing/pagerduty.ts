// Test double of PagerDuty's Events API v2. Checks events by the rules of the service's page, joins them by their key,
// and answers as the service does. Only tests import it.
import { openDouble, type Double, type DoubleAnswer, type DoubleRequest } from './double.js';

const MAX_BYTES = 512 * 1024;

/** Opens the double. `open`: the open alerts by their key, each with its last summary. */
export async function openPagerduty(
  routingKey: string,
  nowMs: number,
): Promise<Double & { readonly open: ReadonlyMap<string, string> }> {
  const open = new Map<string, string>();
  const double = await openDouble(
    (request) => judge(request, routingKey, open),
    ({ status }) => status === 202,
    nowMs,
  );
  return Object.assign(double, { open });
}

function judge({ method, url, text }: DoubleRequest, routingKey: string, open: Map<string, string>): DoubleAnswer {
  if (method !== 'POST' || url.pathname !== '/v2/enqueue') return refuse(404, 'Not Found', []);
  if (Buffer.byteLength(text) > MAX_BYTES) return refuse(413, 'Payload too large', []);
  const { routing_key: key, event_action: action, dedup_key: dedup, payload, links } = Object(JSON.parse(text));
  const { summary, source, severity } = Object(payload);
  const isEnd = action === 'resolve' || action === 'acknowledge';
  const errors = [
    [key !== routingKey || key.length !== 32, "'routing_key' is invalid"],
    [!isEnd && action !== 'trigger', "'event_action' is invalid"],
    [dedup !== undefined && (typeof dedup !== 'string' || dedup.length > 255), "'dedup_key' is too long"],
    [!isEnd && !isText(summary, 1024), "'payload.summary' is missing or blank"],
    [!isEnd && !isText(source, 1024), "'payload.source' is missing or blank"],
    [!isEnd && !['critical', 'error', 'warning', 'info'].includes(severity), "'payload.severity' is invalid"],
    [!isEnd && !(Array.isArray(links) && links.every((link) => URL.canParse(Object(link).href))), "'links' is invalid"],
  ].flatMap(([isWrong, error]) => (isWrong === true ? [String(error)] : []));
  if (errors.length > 0) return refuse(400, 'Event object is invalid', errors);
  if (isEnd) open.delete(String(dedup));
  else open.set(String(dedup), String(summary));
  return { status: 202, text: JSON.stringify({ status: 'success', message: 'Event processed', dedup_key: dedup }) };
}

function refuse(status: number, message: string, errors: readonly string[]): DoubleAnswer {
  return { status, text: JSON.stringify({ status: 'invalid event', message, errors }) };
}

function isText(text: unknown, max: number): boolean {
  return typeof text === 'string' && text !== '' && text.length <= max;
}
