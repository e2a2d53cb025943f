// Defines a route: an address (schemas/addresses.ts has the schemas), the required role, and a function from request to
// answer. Routes are data; only server.ts knows the web framework that serves them, so the types follow from our table
// and not from fastify's type provider, which would type serve-route.ts only.
import type { Language } from '../../core/types.js';
import type { ReceivedAlert } from '../../core/documents/alert.js';
import type { RuleSheet, RuleTrial, WrittenRule, RuleInfo } from '../../core/documents/rule.js';
import type { Feedback } from '../../core/documents/feedback.js';
import type { PrecisionFloor } from '../../core/documents/precision.js';
import type { ReadableStore } from '../../store/scope.js';
import type { Viewer } from '../auth/roles.js';
import type { ConcurrencyLimits } from './concurrency.js';
import type { Metrics } from './metrics.js';
import type { Address, BodyOf, PartOf } from '../schemas/addresses.js';
import type { ReceiverTrial } from '../schemas/alerts.js';
import type { RuleSaved, StoredPast } from '../schemas/author.js';
import type { DiagnoseDocument } from '../schemas/incidents.js';

export type Schema = Readonly<Record<string, unknown>>;

/** Route of an address, whose schemas give the types of what `handle` takes and answers. */
export interface Route<At extends Address = Address> {
  readonly at: At;
  /** Lowest role that may use the route; undefined means anybody, also without a token. */
  readonly role: Viewer['role'] | undefined;
  /** True if only viewers who see all clusters may use the route, because its answer or effect covers all of them. */
  readonly isOfAll?: true;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** Size limit of the body, in bytes; set if the address takes one. */
  readonly maxBytes?: number;
  /** Limits of concurrent requests; undefined means no limit. */
  readonly concurrency?: ConcurrencyLimits;
  /** Statuses of errors in addition to those that every route may answer. */
  readonly refusals?: readonly number[];
  /** Action for the audit log, such as `feedback`. It is recorded after success. */
  readonly audited?: string;
  /** Returns the note for the audit log in place of `audited`; undefined if there is nothing to record. */
  describeAudit?(request: Request<At>): AuditNote | undefined;
  handle(request: Request<At>): Promise<AnswerTo<At>>;
}

/** Returns the route as it is; the compiler checks it with the schemas of its address. */
export function route<At extends Address>(declared: Route<NoInfer<At>> & { readonly at: At }): Route {
  return declared;
}

/** Action of a person, for the audit log. */
export interface AuditNote {
  readonly what: string;
  readonly about?: string | undefined;
  readonly detail?: string | undefined;
}

/** Request that the schemas of its address have accepted. Empty texts of a query are left out. */
export interface Request<At extends Address = Address> {
  readonly params: PartOf<At, 'params'>;
  readonly query: PartOf<At, 'query'>;
  readonly body: PartOf<At, 'body'>;
  readonly viewer: Viewer;
  /** Address of the caller, as limits count it. */
  readonly address: string;
  /** Store that shows only data in the viewer's scope. */
  readonly store: ReadableStore;
  /** Signal that aborts when the caller disconnects or the server closes. */
  readonly signal: AbortSignal;
  header(name: string): string | undefined;
}

export type AnswerHeaders = Readonly<Record<string, string | string[]>>;

export type Answer<Body = unknown> =
  | {
      readonly kind: 'json';
      readonly body: Body;
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

/** Answer of an address, whose body one of its schemas describes. */
export type AnswerTo<At extends Address> = Answer<BodyOf<At>>;

/** Files of a drafted rule that matches the failure of a log. */
export interface RuleOutline {
  /** Id of the rule; undefined if only a person can decide which cause it is. */
  readonly id: string | undefined;
  readonly ruleYaml: string;
  readonly matchLog: string;
  readonly nearMissLog: string;
  /** Whole text of the rule's file, with its cases. */
  readonly file: string;
  /** Rule that already matches the failure. */
  readonly named: string | undefined;
}

/** Functions of the engine for rule authors. */
export interface Authoring {
  /** Returns a draft of a rule; undefined if nothing failed in these lines. */
  readonly draftRule: (lines: string) => RuleOutline | undefined;
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

export function readLanguage(
  { language }: Pick<Services, 'language'>,
  { query }: { readonly query: { readonly lang?: Language | undefined } },
): Language {
  return query.lang ?? language;
}
