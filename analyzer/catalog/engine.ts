// Defines what the engine itself knows of logs, as rows of tables: which entry ends something, which trace is harmless,
// what only follows from another failure, and what an exception complains of. The rows stand in rules/engine/*.yaml, as
// rules/engine.schema.json allows them; read.ts reads and compiles them. The code in analyzer/entry asks them.
import type { Component, FileKind, Level } from '../../core/types.js';
import type { Pattern } from '../../core/regex.js';

/** Tables in the order in which they are listed. */
export const ENGINE_TABLES = [
  'marks',
  'ends',
  'harmless',
  'reported',
  'consequences',
  'echoes',
  'suspects',
  'printed',
  'dumps',
  'complaints',
] as const;

export type EngineTable = (typeof ENGINE_TABLES)[number];

/**
 * Kind of what ended. task and job: a transition; process: it ends or does not start; client: a submission; bare: a
 * trace without any line around it.
 */
export type FailureKind = 'task' | 'job' | 'process' | 'client' | 'bare';

export type Complaint =
  'denied' | 'unreachable' | 'existing' | 'missing' | 'conflict' | 'unsupported' | 'limit' | 'unfit' | 'defect';

export type EchoOf = 'checkpoint';

type Words = string | readonly string[];

/** Condition on an entry; all of its parts must hold. */
export interface EngineConditionFile {
  readonly words?: Words;
  readonly message?: string;
  readonly begins?: Words;
  readonly logger?: Words;
  readonly level?: readonly (Level | 'none')[];
  readonly layout?: readonly string[];
  readonly logged?: boolean;
  readonly trace?: boolean;
  readonly chain?: number;
  readonly exception?: Words;
  readonly root?: Words;
  readonly says?: Words;
  readonly frame?: Words;
  readonly file?: readonly FileKind[];
  readonly component?: readonly Component[];
  readonly ends?: readonly FailureKind[];
}

/** Log that proves a row: its text, a text in a file of that name, or a file below the folder of the rules. */
export type EngineLog = string | { readonly file: string; readonly text: string } | { readonly path: string };

export interface EngineRowFile extends Omit<EngineConditionFile, 'ends'> {
  readonly id: string;
  readonly why: string;
  /** True if it switches off the row with this id in the folders before. */
  readonly disabled?: boolean;
  readonly unless?: readonly EngineConditionFile[];
  /** Kind of what ended; only in rows of `ends`. */
  readonly ends?: FailureKind | 'nothing';
  /** True if the row also counts when the program's own code logs the entry; only in rows of `ends` and `suspects`. */
  readonly byUser?: boolean;
  /** True if the row counts only in an excerpt in which nothing ended; only in rows of `suspects`. */
  readonly excerpt?: boolean;
  /** Source that reports the repeated failure itself; only in rows of `echoes`. */
  readonly of?: EchoOf;
  /** Complaint of the exception; only in rows of `complaints`. */
  readonly complaint?: Complaint;
  /** Parts of the class name; only in rows of `complaints`. */
  readonly parts?: readonly string[];
  readonly match?: readonly EngineLog[];
  readonly nearmiss?: readonly EngineLog[];
}

export type EngineFile = Readonly<Partial<Record<EngineTable, readonly EngineRowFile[]>>>;

/** Compiled condition. An empty list asks for nothing. */
export interface EngineCondition {
  readonly words: readonly string[];
  readonly message: Pattern | undefined;
  readonly begins: readonly string[];
  readonly logger: readonly string[];
  readonly level: readonly string[];
  readonly layout: readonly string[];
  readonly logged: boolean | undefined;
  readonly trace: boolean | undefined;
  readonly chain: number;
  readonly exception: readonly string[];
  readonly root: readonly string[];
  readonly says: readonly string[];
  readonly frame: readonly string[];
  readonly file: readonly string[];
  readonly component: readonly string[];
  readonly ends: readonly string[];
}

export interface EngineRow extends EngineCondition {
  /** Id of the form `engine.<table>/<id>`. */
  readonly id: string;
  readonly table: EngineTable;
  readonly why: string;
  readonly unless: readonly EngineCondition[];
  readonly outcome: FailureKind | 'nothing' | undefined;
  readonly fromUserCode: boolean;
  readonly excerpt: boolean;
  readonly of: EchoOf | undefined;
  readonly complaint: Complaint | undefined;
  readonly parts: readonly string[];
  /** File in which the row stands, and its logs. */
  readonly path: string;
  readonly match: readonly EngineLog[];
  readonly nearmiss: readonly EngineLog[];
}

/** Tables by name. The first row of a table that fits decides; a team's rows stand before the built-in ones. */
export type Engine = Readonly<Record<EngineTable, readonly EngineRow[]>>;

/**
 * Returns the texts of a row that call for a closer look at an entry. The scan looks for them as for the anchors of
 * rules.
 */
export function listMarks({ table, words }: EngineRow): readonly string[] {
  return table === 'marks' || table === 'ends' ? words : [];
}
