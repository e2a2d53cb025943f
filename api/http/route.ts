// Defines a route: an address, the required role, its JSON schemas, and a function from request to answer. Routes are
// data; only server.ts knows the web framework that serves them.
import { LANGUAGES, type Language } from '../../core/types.js';
import type { ReceivedAlert } from '../../core/documents/alert.js';
import { type RuleSheet, type RuleTrial, WrittenRule, RuleInfo } from '../../core/documents/rule.js';
import type { Feedback } from '../../core/documents/feedback.js';
import type { PrecisionFloor } from '../../core/documents/precision.js';
import type { ReadableStore } from '../../store/scope.js';
import type { Viewer } from '../auth/roles.js';
import type { ConcurrencyLimits } from './concurrency.js';
import type { Metrics } from './metrics.js';
import type { ReceiverTrial } from '../schemas/alerts.js';
import type { RuleSaved, StoredPast } from '../schemas/author.js';
import type { DiagnoseDocument } from '../schemas/incidents.js';

export type Schema = Readonly<Record<string, unknown>>;

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Path with `:name` for parameters; the OpenAPI document writes them in braces. */
  readonly path: string;
  /** Lowest role that may use the route; undefined means anybody, also without a token. */
  readonly role: Viewer['role'] | undefined;
  /** True if only viewers who see all clusters may use the route, because its answer or effect covers all of them. */
  readonly isOfAll?: true;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly body?: { readonly type: 'json' | 'text'; readonly schema: Schema; readonly maxBytes: number };
  /** Limits of concurrent requests; undefined means no limit. */
  readonly concurrency?: ConcurrencyLimits;
  readonly answers: Readonly<Record<number, Schema>>;
  /** Statuses of errors in addition to those that every route may answer. */
  readonly refusals?: readonly number[];
  /**
   * Action for the audit log, such as `feedback`, or a function that returns the note. It is recorded after success.
   */
  readonly audited?: string | ((request: Request) => AuditNote | undefined);
  handle(request: Request): Promise<Answer>;
}

/** Action of a person, for the audit log. */
export interface AuditNote {
  readonly what: string;
  readonly about?: string | undefined;
  readonly detail?: string | undefined;
}

/** Values that the route's schemas have accepted. */
export interface Request {
  readonly params: RequestValues;
  readonly query: RequestValues;
  readonly body: unknown;
  readonly viewer: Viewer;
  /** Address of the caller, as limits count it. */
  readonly address: string;
  /** Store that shows only data in the viewer's scope. */
  readonly store: ReadableStore;
  /** Signal that aborts when the caller disconnects or the server closes. */
  readonly signal: AbortSignal;
  header(name: string): string | undefined;
}

export interface RequestValues {
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  flag(name: string): boolean;
  list(name: string): readonly string[];
}

export type AnswerHeaders = Readonly<Record<string, string | string[]>>;

export type Answer =
  | {
      readonly kind: 'json';
      readonly body: unknown;
      readonly status?: number;
      readonly headers?: AnswerHeaders;
    }
  | { readonly kind: 'redirect'; readonly location: string; readonly headers?: AnswerHeaders }
  | { readonly kind: 'text'; readonly text: string; readonly contentType: string; readonly status?: number }
  /** File that is sent in chunks as they become available. */
  | {
      readonly kind: 'file';
      readonly chunks: AsyncIterable<string>;
      readonly contentType: string;
      readonly name: string;
    }
  /** Server-sent events in their wire format. */
  | { readonly kind: 'events'; readonly events: AsyncIterable<string> };

/** Files of a drafted rule that matches the failure of a log. */
export interface RuleSketch {
  /** Id of the rule; undefined if only a person can decide which cause it is. */
  readonly id: string | undefined;
  readonly ruleYaml: string;
  readonly matchLog: string;
  readonly nearMissLog: string;
  /** Rule that already matches the failure. */
  readonly named: string | undefined;
}

/** Functions of the engine for rule authors. */
export interface Authoring {
  /** Returns a draft of a rule; undefined if nothing failed in these lines. */
  readonly draftRule: (lines: string) => RuleSketch | undefined;
  readonly tryRule: (rule: WrittenRule, language: Language) => RuleTrial;
  /** Tests a rule with the last `days` days of the store. Throws JT_RULE_INVALID. */
  readonly askPast: (rule: Pick<WrittenRule, 'id' | 'rule'>, store: ReadableStore, days: number) => Promise<StoredPast>;
  /** Returns a rule from the team's own rules; undefined if it is not among them. */
  readonly readRule: (id: string) => WrittenRule | undefined;
  /**
   * Saves a rule; undefined if there is no folder for it. Throws JT_RULE_INVALID, JT_REQUEST_INVALID (the rule exists
   * already), JT_FILE_UNWRITABLE.
   */
  readonly saveRule:
    ((rule: WrittenRule, how: { readonly by: string; readonly replace: boolean }) => RuleSaved) | undefined;
}

/**
 * Services for routes; server.ts creates them once. The store is not part of them, because each request has its own.
 */
export interface Services {
  readonly version: string;
  readonly language: Language;
  /** Public address of the page; empty if it is not configured. */
  readonly publicUrl: string;
  readonly metrics: Metrics;
  /** Precision guard: a rule whose precision is below it sends no alerts. */
  readonly floor: PrecisionFloor;
  /**
   * Returns the feedback on diagnoses of all clusters, because the decision whether a rule sends alerts is the same for
   * everybody.
   */
  readonly findVerdicts: () => Promise<readonly Feedback[]>;
  readonly now: () => number;
  /** Throws JT_REQUEST_INVALID if a scope names a team that is not defined. */
  readonly checkScope: (scope: readonly string[]) => void;
  readonly rules: () => readonly RuleInfo[];
  /** Returns the matchers, answers and sample logs of a rule; undefined if they are not known. */
  readonly ruleSheet: (id: string, language: Language) => RuleSheet | undefined;
  readonly ruleProblems: () => readonly string[];
  /** Functions for rule authors; undefined if rules cannot be written here. */
  readonly authoring: Authoring | undefined;
  readonly diagnosePaste: ((bytes: Buffer, language: Language) => Promise<DiagnoseDocument>) | undefined;
  readonly receiveAlerts: ((message: unknown) => Promise<readonly ReceivedAlert[]>) | undefined;
  /** Sends a test message; resolves to undefined if no receiver has this name. */
  readonly testReceiver: ((name: string) => Promise<ReceiverTrial | undefined>) | undefined;
  /** Live stream: poll and heartbeat intervals in milliseconds, and the largest number of records in one poll. */
  readonly live: { readonly pollMs: number; readonly heartbeatMs: number; readonly maxRecords: number };
}

export function readLanguage({ language }: Pick<Services, 'language'>, { query }: Pick<Request, 'query'>): Language {
  return readWord(LANGUAGES, query.text('lang')) ?? language;
}

/** Returns the text as one of the words of a list; undefined if it is none of them. */
export function readWord<Word extends string>(words: readonly Word[], text: string | undefined): Word | undefined {
  return words.find((word) => word === text);
}

export function createValues(source: unknown): RequestValues {
  const read = (name: string): unknown =>
    typeof source === 'object' && source !== null ? Object.getOwnPropertyDescriptor(source, name)?.value : undefined;
  return {
    text(name) {
      const value = read(name);
      return typeof value === 'string' && value !== '' ? value : undefined;
    },
    number(name) {
      const value = read(name);
      return typeof value === 'number' ? value : undefined;
    },
    flag: (name) => read(name) === true,
    list(name) {
      const value = read(name);
      return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
    },
  };
}
