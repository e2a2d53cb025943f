// What a route is: an address, who may call it, its JSON schemas, and a function from request to answer. Routes
// are data; server.ts is the only file that knows which web framework serves them.
import {
  LANGUAGES,
  type Incident,
  type Language,
  type ReceivedAlert,
  type RulePast,
  type RuleSheet,
  type RuleTrial,
  type Text,
} from '../core/types.js';
import type { Feedback, PrecisionFloor } from '../core/routing/feedback.js';
import type { ReadableStore } from '../store/scope.js';
import type { Alert } from '../store/store.js';
import type { Viewer } from './auth.js';
import type { CrowdLimits } from './crowd.js';
import type { Metrics } from './metrics.js';

export type Schema = Readonly<Record<string, unknown>>;

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** With `:name` for parts; see OpenAPI for the same with braces. */
  readonly path: string;
  /** Least role; undefined = anybody, also without a token. */
  readonly role: Viewer['role'] | undefined;
  /** Only for who sees all clusters: what it answers, or does, is of all of them. */
  readonly isOfAll?: true;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly body?: { readonly type: 'json' | 'text'; readonly schema: Schema; readonly maxBytes: number };
  /** How many may be under way at once; left out: any number. */
  readonly crowd?: CrowdLimits;
  readonly answers: Readonly<Record<number, Schema>>;
  /** Statuses of errors beside those that every route may answer. */
  readonly refusals?: readonly number[];
  /** What is noted of who did it, such as `feedback`, when it was done. */
  readonly audited?: string | ((request: Request) => AuditNote | undefined);
  handle(request: Request): Promise<Answer>;
}

/** What somebody did, for the audit trail. */
export interface AuditNote {
  readonly what: string;
  readonly about?: string | undefined;
  readonly detail?: string | undefined;
}

/** Values that the route's schemas have already accepted. */
export interface Request {
  readonly params: RequestValues;
  readonly query: RequestValues;
  readonly body: unknown;
  readonly viewer: Viewer;
  /** Where the request comes from, as limits count it. */
  readonly address: string;
  /** Shows what is of the viewer's scope, and nothing else. */
  readonly store: ReadableStore;
  /** Aborts when the caller went away or the server closes. */
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
  /** A file, as it becomes ready. */
  | {
      readonly kind: 'file';
      readonly chunks: AsyncIterable<string>;
      readonly contentType: string;
      readonly name: string;
    }
  /** Server-sent events, already in their wire form. */
  | { readonly kind: 'events'; readonly events: AsyncIterable<string> };

/** One rule of the catalog as plain data; more fields than these are passed on as they are. */
export interface RuleInfo {
  readonly id: string;
  readonly title: string | Readonly<Record<Language, string>>;
  readonly status: 'draft' | 'test' | 'stable';
  readonly [field: string]: unknown;
}

/** The `jobtrace diagnose --format json` document (docs/architecture.md). */
export interface DiagnoseDocument {
  readonly diagnoses: readonly unknown[];
  readonly unknown: readonly unknown[];
  readonly facts: unknown;
  readonly incidents: readonly unknown[];
}

/** What a receiver said to a test message, and what to change. */
export interface ReceiverTrial {
  readonly receiver: string;
  readonly kind: string;
  readonly ok: boolean;
  readonly answer?: string | undefined;
  readonly error?: string | undefined;
  readonly reason?: string | undefined;
  readonly advice: Text;
}

/** A rule that is being written: its id and the texts of its files. */
export interface WrittenRule {
  readonly id: string;
  readonly rule: string;
  readonly match: string;
  readonly nearMiss: string;
}

/** The files of a rule that names the failure of a log. */
export interface RuleSketch {
  /** Undefined where only a person can say which cause it is. */
  readonly id: string | undefined;
  readonly ruleYaml: string;
  readonly matchLog: string;
  readonly nearMissLog: string;
  /** Rule that names the failure already. */
  readonly named: string | undefined;
}

/** Where more was stored than is looked at, `isCut`. */
export interface StoredPast extends RulePast {
  readonly days: number;
  readonly isCut: boolean;
}

/** The engine for those who write rules. */
export interface Authoring {
  /** Undefined: nothing failed in these lines. */
  readonly draftRule: (lines: string) => RuleSketch | undefined;
  readonly tryRule: (rule: WrittenRule, language: Language) => RuleTrial;
  /** Of the last days of what the store shows. Throws JT_RULE_INVALID. */
  readonly askPast: (rule: Pick<WrittenRule, 'id' | 'rule'>, store: ReadableStore, days: number) => Promise<StoredPast>;
  /** As it stands among the team's own; undefined where it is none of them. */
  readonly readRule: (id: string) => WrittenRule | undefined;
  /**
   * Undefined where there is no folder for it. Throws JT_RULE_INVALID, JT_REQUEST_INVALID (there is one already),
   * JT_FILE_UNWRITABLE.
   */
  readonly saveRule:
    | ((
        rule: WrittenRule,
        how: { readonly by: string; readonly replace: boolean },
      ) => { readonly id: string; readonly place: string; readonly todos: readonly string[] })
    | undefined;
}

/** What routes work with; server.ts fills it once. The store is each request's own. */
export interface Services {
  readonly version: string;
  readonly language: Language;
  /** Where people reach the page; empty when nobody said so. */
  readonly publicUrl: string;
  readonly metrics: Metrics;
  /** Below it a rule alerts nobody. */
  readonly floor: PrecisionFloor;
  /** What people said of diagnoses, of all clusters: whether a rule alerts is the same for everybody. */
  readonly findVerdicts: () => Promise<readonly Feedback[]>;
  readonly now: () => number;
  /** Throws JT_REQUEST_INVALID for a scope that names a team which nobody defines. */
  readonly checkScope: (scope: readonly string[]) => void;
  readonly rules: () => readonly RuleInfo[];
  /** What a rule looks for, what it answers and what proves it; undefined where nobody can tell. */
  readonly ruleSheet: (id: string, language: Language) => RuleSheet | undefined;
  readonly ruleProblems: () => readonly string[];
  /** Undefined: rules are written elsewhere. */
  readonly authoring: Authoring | undefined;
  readonly diagnosePaste: ((bytes: Buffer, language: Language) => Promise<DiagnoseDocument>) | undefined;
  readonly receiveAlerts: ((message: unknown) => Promise<readonly ReceivedAlert[]>) | undefined;
  /** Sends a test message; resolves to undefined where no receiver has this name. */
  readonly testReceiver: ((name: string) => Promise<ReceiverTrial | undefined>) | undefined;
  /** How often the live stream looks for records and says that it is alive, and how many it takes at a look. */
  readonly live: { readonly pollMs: number; readonly heartbeatMs: number; readonly maxRecords: number };
}

export const ALERT_STATES = [
  'sent',
  'pending',
  'undeliverable',
  'withdrawn',
] as const satisfies readonly Alert['state'][];
export const OUTCOMES = [
  'failing',
  'recovered',
  'failed',
  'canceled',
  'silent',
  'unknown',
] as const satisfies readonly Incident['outcome'][];

export function readLanguage({ language }: Pick<Services, 'language'>, { query }: Pick<Request, 'query'>): Language {
  return readWord(LANGUAGES, query.text('lang')) ?? language;
}

/** A text as one of the words of a list; undefined when it is none of them. */
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
