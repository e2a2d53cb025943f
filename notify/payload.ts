// What Alert.payload holds, as JSON text: the rendered message and what is needed to send it later, join it with
// others, or end it, also after a restart. Rows of others (or damaged ones) read as undefined.
import { isObject } from '../core/json.js';
import type { CardLabels } from '../core/config/rows/route.js';
import type { Incident, Severity } from '../core/types.js';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export interface Payload {
  /** Which notifier sends it; several processes may keep their rows in one store. */
  readonly instance: string;
  /** Messages of one topic (an incident, an alert that came in) are sent in their order. */
  readonly topic: string;
  readonly notBeforeMs: number;
  /** After it the message is given up. */
  readonly deadlineMs: number;
  readonly symptom: boolean;
  readonly severity: Severity;
  readonly outcome: Incident['outcome'];
  /** The incident's last failure when this was said; absent without times, and in rows of older releases. */
  readonly seenMs?: number | undefined;
  /** Of a platform incident: its jobs when this was said. */
  readonly jobs?: number | undefined;
  /** Messages of one receiver and group that are due together go out as one. */
  readonly group: string;
  /** Rendered for the receiver's channel. */
  readonly message: JsonObject;
  /** What is said of this incident when it rides along in another's message. */
  readonly brief: JsonObject;
  /** Until when an Alertmanager is told again that it goes on; absent elsewhere. */
  readonly openUntilMs?: number;
  /** What later messages about the same incident find it by at its service; absent where they cannot, and before. */
  readonly receipt?: JsonObject | undefined;
  /** The alert that came in, while its diagnosis may still follow. */
  readonly inbound?: JsonObject;
  readonly followUntilMs?: number;
  /** What it is routed by; absent in rows of older releases. */
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
    // Not JSON: not a payload of ours.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** How long a message is tried, from its first try on. */
export const DELIVER_DEADLINE_MS = 6 * 3_600_000;

/** A plain value as JSON, without what JSON cannot hold. */
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
