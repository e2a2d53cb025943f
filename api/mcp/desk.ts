// What the tools of an assistant work with: the store, in the scope of whoever asks, and what only the engine can do,
// handed in by the front door because stages do not import each other. Types alone; serve.ts makes tools of it.
import type { Diagnosis, Incident, Language, Severity, UnknownFailure, Owner } from '../../core/types.js';
import type { ReadableStore } from '../../store/scope.js';
import type { RuleSketch } from '../route.js';

/** What was found in a log that is not stored. */
export interface LogFindings {
  readonly diagnoses: readonly Diagnosis[];
  readonly unknown: readonly UnknownFailure[];
  readonly incidents: readonly Pick<Incident, 'job' | 'process' | 'outcome' | 'restarts' | 'firstSeen' | 'lastSeen'>[];
}

/** A rule as people read it; texts hold `{placeholders}` for what is found in a log. */
export interface RuleArticle {
  readonly id: string;
  readonly cause: string;
  readonly title: string;
  readonly summary: string;
  readonly severity: Severity;
  readonly owner: Owner;
  readonly status: Diagnosis['status'];
  readonly anchors: readonly string[];
  readonly reasons: readonly string[];
  readonly fixes: readonly { readonly text: string; readonly patch: Readonly<Record<string, string>> }[];
  readonly references: readonly string[];
}

export interface AssistantHooks {
  /** A text, or an archive. Throws JT_REQUEST_INVALID for what is no log. */
  readonly diagnoseText: (bytes: Buffer, language: Language) => Promise<LogFindings>;
  /** A file or a folder of the machine; absent where whoever asks does not sit at it. */
  readonly diagnoseFile?: (path: string, language: Language) => Promise<LogFindings>;
  readonly listRules: (language: Language) => readonly RuleArticle[];
  /** Undefined: nothing failed in this log. */
  readonly draftRule: (log: string) => RuleSketch | undefined;
  /** Secrets → ***: nothing else of a pasted log was ever redacted. */
  readonly hideSecrets: (text: string) => string;
}

export interface Desk extends AssistantHooks {
  /** Opens the store, in the scope of whoever asks, with the first question to it; throws what opening throws. */
  readonly openStore: () => Promise<ReadableStore>;
  readonly language: Language;
  /** Where people reach the page; empty when nobody said so. */
  readonly publicUrl: string;
  readonly now: () => number;
}

/** What a tool says: a head, then blocks in the order in which they matter. */
export interface Reply {
  readonly head: string;
  readonly blocks: readonly string[];
  /** How to ask for what stands behind the last block. */
  readonly further?: string | undefined;
}
