// Defines what the engine itself knows of logs, as rows of tables: which entry ends something, which trace is harmless,
// what only follows from another failure, and what an exception complains of. The rows stand in rules/engine/*.yaml, as
// rules/engine.schema.json allows them; read.ts reads and compiles them. The code in analyzer/entry asks them.
import type { Component, FileKind, Level } from '../../core/types.js';
import type { Pattern } from '../../core/regex.js';
import type { CodeOwners, PackageOwner } from '../../flink/trace/packages.js';

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

/** Tables of names. Their rows have neither conditions on an entry nor a proof. */
export const NAME_TABLES = ['packages', 'wrappers', 'shared'] as const;

export type NameTable = (typeof NAME_TABLES)[number];

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

interface NameRow {
  readonly id: string;
  readonly why: string;
  readonly disabled?: boolean;
}

/** Owner of code. The longest package that the name of a frame begins with decides. */
export interface PackageRow extends NameRow {
  readonly owner: PackageOwner;
  readonly packages: readonly string[];
}

/** Exception classes that only carry another exception. */
export interface WrapperRow extends NameRow {
  readonly classes: readonly string[];
}

/** Kind of thing that jobs of several clusters can share, as the file has it. */
export interface SharedRow extends NameRow {
  readonly causes: readonly string[];
  readonly values?: readonly string[];
  readonly patterns?: readonly string[];
  readonly machine?: boolean;
  readonly ofCluster?: boolean;
}

export type EngineFile = Readonly<
  Partial<
    Record<EngineTable, readonly EngineRowFile[]> & {
      readonly packages: readonly PackageRow[];
      readonly wrappers: readonly WrapperRow[];
      readonly shared: readonly SharedRow[];
    }
  >
>;

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

/**
 * Kind of thing that jobs of several clusters can share, and where its address stands. The first address that is found
 * counts.
 */
export interface SharedKind {
  /** Name of the kind. */
  readonly id: string;
  readonly causes: readonly string[];
  /** Names of values that a rule captured or computed. */
  readonly values: readonly string[];
  /** Patterns of the address in those values and in the lines that prove the cause; the first group is the address. */
  readonly patterns: readonly Pattern[];
  /** True if the thing is the machine of the first line that proves the cause. */
  readonly isMachine: boolean;
  /** True if it names something of one cluster alone. Two jobs are enough then, because the thing is named. */
  readonly isOfCluster: boolean;
}

/** Tables by name. The first row of a table that fits decides; a team's rows stand before the built-in ones. */
export interface Engine extends Readonly<Record<EngineTable, readonly EngineRow[]>> {
  readonly packages: readonly PackageRow[];
  readonly wrappers: readonly WrapperRow[];
  readonly shared: readonly SharedKind[];
  /** Look-ups in `packages` and `wrappers`. */
  readonly code: CodeOwners;
}

/**
 * Returns the texts of a row that may make an entry a failure. The scan looks for them as for the anchors of
 * rules.
 */
export function listFailureWords({ table, words }: EngineRow): readonly string[] {
  return table === 'marks' || table === 'ends' ? words : [];
}
