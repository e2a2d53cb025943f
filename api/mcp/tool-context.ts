// Defines the context of an assistant's tools: the store in the scope of the caller, and functions of the engine. The
// front door passes these functions, because stages do not import each other. Types only; serve.ts builds the tools.
import type { Diagnosis, Incident, Severity, UnknownFailure, Owner } from '../../core/documents/incident.js';
import type { Language } from '../../core/types.js';
import type { ReadableStore } from '../../store/scope.js';
import type { RuleOutline } from '../http/route.js';

/** Findings in a log that is not stored. */
export interface LogFindings {
  readonly diagnoses: readonly Diagnosis[];
  readonly unknown: readonly UnknownFailure[];
  readonly incidents: readonly Pick<Incident, 'job' | 'process' | 'outcome' | 'restarts' | 'firstSeen' | 'lastSeen'>[];
}

/** Rule in a readable form; its texts contain `{placeholders}` for values from a log. */
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
  /** Diagnoses a text or an archive. Throws JT_REQUEST_INVALID if it is not a log. */
  readonly diagnoseText: (bytes: Buffer, language: Language) => Promise<LogFindings>;
  /** Diagnoses a file or a folder of this machine; absent if the caller is not a local user of the machine. */
  readonly diagnoseFile?: (path: string, language: Language) => Promise<LogFindings>;
  readonly listRules: (language: Language) => readonly RuleArticle[];
  /** Returns a draft of a rule; undefined if nothing failed in this log. */
  readonly draftRule: (log: string) => RuleOutline | undefined;
  /** Replaces secrets by ***, because a pasted log was not redacted before. */
  readonly hideSecrets: (text: string) => string;
}

export interface ToolContext extends AssistantHooks {
  /** Opens the store in the scope of the caller at the first question to it. Throws the error of opening. */
  readonly openStore: () => Promise<ReadableStore>;
  readonly language: Language;
  /** Public address of the page; empty if it is not configured. */
  readonly publicUrl: string;
  readonly now: () => number;
}

/** Answer of a tool: a header, then blocks in order of importance. */
export interface Reply {
  readonly header: string;
  readonly blocks: readonly string[];
  /** Instruction for requesting the content after the last block. */
  readonly further?: string | undefined;
}
