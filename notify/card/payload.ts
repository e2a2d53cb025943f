// Defines the content of Alert.payload, as JSON text: the rendered message and all data to send it later, join it with
// others, or end it, even after a restart. Foreign or damaged rows are parsed as undefined.
import { isObject } from '../../core/json.js';
import type { CardLabels } from '../../core/config/route.js';
import type { Incident, Severity } from '../../core/documents/incident.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface Payload {
  /** Name of the notifier that sends the message. Several processes may keep their rows in one store. */
  readonly instance: string;
  /** Key within which messages are sent in order: an incident, or an alert that came in. */
  readonly topic: string;
  readonly notBeforeMs: number;
  /** Time after which the message is given up. */
  readonly deadlineMs: number;
  readonly symptom: boolean;
  readonly severity: Severity;
  readonly outcome: Incident['outcome'];
  /**
   * Time of the incident's last failure when the message was made; absent without times, and in rows of older releases.
   */
  readonly seenMs?: number | undefined;
  /** Number of jobs of a platform incident when the message was made. */
  readonly jobs?: number | undefined;
  /** Group of the message. Messages of one receiver and group that are due together are sent as one. */
  readonly group: string;
  /** Message, rendered for the receiver's channel. */
  readonly message: JsonObject;
  /** Short form of the incident, for use in the message of another incident. */
  readonly brief: JsonObject;
  /** Time until which an Alertmanager is notified again that the alert continues; absent for other channels. */
  readonly openUntilMs?: number;
  /**
   * Identifier at the service by which later messages about the incident find this one; absent if the service has none,
   * and before sending.
   */
  readonly receipt?: JsonObject | undefined;
  /** Alert that came in, while its diagnosis may still follow. */
  readonly inbound?: JsonObject;
  readonly followUntilMs?: number;
  /** Labels for routing; absent in rows of older releases. */
  readonly labels?: CardLabels | undefined;
}

export function renderPayload(payload: Payload): string {
  return JSON.stringify(payload);
}

export function parsePayload(text: string | undefined): Payload | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isPayload(value) ? value : undefined;
  } catch (error) {
    // Text that is not JSON is not a payload of Jobtrace.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Time, in milliseconds since the first try, in which a message is retried. */
export const DELIVER_DEADLINE_MS = 6 * 3_600_000;

/** Copies a plain value as JSON, without what JSON cannot hold. */
export function toJsonObject(value: object): JsonObject {
  const copy: unknown = JSON.parse(JSON.stringify(value));
  return isJsonObject(copy) ? copy : {};
}

export function isJsonObject(value: unknown): value is JsonObject {
  return isObject(value);
}

function isPayload(value: unknown): value is Payload {
  if (!isJsonObject(value)) return false;
  const texts = ['instance', 'topic', 'severity', 'outcome', 'group'].every((key) => typeof value[key] === 'string');
  const numbers = ['notBeforeMs', 'deadlineMs'].every((key) => typeof value[key] === 'number');
  return (
    texts &&
    numbers &&
    typeof value['symptom'] === 'boolean' &&
    isJsonObject(value['message']) &&
    isJsonObject(value['brief'])
  );
}
