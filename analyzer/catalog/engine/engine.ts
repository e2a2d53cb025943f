// What the engine itself knows of logs, as rows of tables: which entry ends something, which trace is harmless, what
// only follows from another failure, what an exception complains of. The rows stand in rules/engine/*.yaml, as
// rules/engine.schema.json allows them; read.ts reads and compiles them. The room `entry` asks them.
import type { Component, FileKind, Level } from '../../../core/types.js';
import type { Pattern } from '../../../core/regex.js';

/** The tables, in the order in which they are listed. */
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
 * task and job: a transition; process: it ends or does not start; client: a submission; bare: a trace without any line
 * around it.
 */
export type FailureKind = 'task' | 'job' | 'process' | 'client' | 'bare';

export type Complaint =
  'denied' | 'unreachable' | 'existing' | 'missing' | 'conflict' | 'unsupported' | 'limit' | 'unfit' | 'defect';

export type EchoOf = 'checkpoint';

type Words = string | readonly string[];

/** What an entry must be; all of it must hold. */
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

/** A log that proves a row: its text, a text in a file of that name, or a file below the folder of the rules. */
export type EngineLog = string | { readonly file: string; readonly text: string } | { readonly path: string };

export interface EngineRowFile extends Omit<EngineConditionFile, 'ends'> {
  readonly id: string;
  readonly why: string;
  /** Switches off the row of this id in the folders before. */
  readonly disabled?: boolean;
  readonly unless?: readonly EngineConditionFile[];
  /** Of `ends`: what ended. */
  readonly ends?: FailureKind | 'nothing';
  /** Of `ends` and `suspects`: also when the program's own code logs it. */
  readonly byUser?: boolean;
  /** Of `suspects`: only in an excerpt that tells of nothing that ended. */
  readonly excerpt?: boolean;
  /** Of `echoes`: what tells the failure that is repeated. */
  readonly of?: EchoOf;
  /** Of `complaints`. */
  readonly complaint?: Complaint;
  /** Of `complaints`: parts of the class's name. */
  readonly parts?: readonly string[];
  readonly match?: readonly EngineLog[];
  readonly nearmiss?: readonly EngineLog[];
}

export type EngineFile = Readonly<Partial<Record<EngineTable, readonly EngineRowFile[]>>>;

/** An empty list asks nothing. */
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
  /** `engine.<table>/<id>`. */
  readonly id: string;
  readonly table: EngineTable;
  readonly why: string;
  readonly unless: readonly EngineCondition[];
  readonly outcome: FailureKind | 'nothing' | undefined;
  readonly byUser: boolean;
  readonly excerpt: boolean;
  readonly of: EchoOf | undefined;
  readonly complaint: Complaint | undefined;
  readonly parts: readonly string[];
  /** The file in which it stands, and its logs. */
  readonly path: string;
  readonly match: readonly EngineLog[];
  readonly nearmiss: readonly EngineLog[];
}

/** The first row of a table that fits decides; a team's rows stand before the built-in ones. */
export type Engine = Readonly<Record<EngineTable, readonly EngineRow[]>>;

/** Texts of this row call for a closer look at an entry: the scan looks for them as for the anchors of rules. */
export function listMarks({ table, words }: EngineRow): readonly string[] {
  return table === 'marks' || table === 'ends' ? words : [];
}
