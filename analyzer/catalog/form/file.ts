// Defines a rule's file in the form of one file a rule, as rules/rule.schema.json allows it. read.ts makes the rule of
// it that compile.ts compiles; its cases are the proof.
import type { Owner, Severity } from '../../../core/documents/incident.js';
import type { CaptureType, RuleStatus, Scope, SourceFile, StepOn, WhereFile } from '../rule.js';

/** Text in one language (then zh.yaml has the Chinese one, if there is one), or in both. */
export type OneOrBoth = string | { readonly en: string; readonly zh: string };

/** Conditions on an entry. */
export interface FormWhere extends Omit<WhereFile, 'frame' | 'failure'> {
  readonly at?: string;
  readonly in?: 'failure' | 'any' | 'remark';
}

/** Form of the message that the rule finds. */
export interface FindFile extends FormWhere {
  readonly id?: string;
  readonly is?: string;
  readonly regex?: string;
  readonly anchor?: string;
  readonly words?: readonly string[];
  readonly flink?: string;
  readonly same?: readonly string[];
  readonly so?: string;
  readonly source?: string | SourceFile | readonly SourceFile[];
}

export interface ExceptFile extends FormWhere {
  readonly is?: string;
  readonly regex?: string;
  readonly why?: string;
}

export interface StepLineFile extends FormWhere {
  readonly id?: string;
  readonly is?: string;
  readonly regex?: string;
  readonly anchor?: string;
}

export interface StepsFile {
  readonly within: string;
  readonly on?: StepOn;
  readonly apart?: string;
  readonly count?: number;
  readonly seen?: string | StepLineFile;
  readonly unseen?: string | StepLineFile;
}

export interface ReasonFile {
  readonly say: OneOrBoth;
  readonly weight?: number;
  readonly when?: string | boolean;
}

export interface FormFixFile {
  readonly id?: string;
  readonly do: OneOrBoth;
  readonly for?: string | readonly string[];
  readonly flink?: string;
  readonly when?: string | boolean;
  readonly set?: Readonly<Record<string, string>>;
  readonly from?: string;
  readonly risk?: 'low' | 'medium' | 'high';
  readonly cost?: OneOrBoth;
  readonly verify?: OneOrBoth;
}

/** Values by id, or a list whose ids are counted. */
export type Listed<Value> = Readonly<Record<string, Value>> | readonly Value[];

export interface FormFile {
  readonly status?: RuleStatus;
  readonly title: OneOrBoth;
  readonly why: OneOrBoth;
  readonly owner?: Owner;
  readonly severity?: Severity;
  readonly role?: 'cause' | 'symptom';
  readonly scope?: Scope;
  readonly standsAlone?: boolean;
  readonly general?: boolean | 'last';
  readonly confidence?: number;
  readonly explains?: readonly string[];
  readonly in?: FormWhere['in'];
  readonly flink?: string;
  readonly find: string | Listed<string | FindFile>;
  readonly captures?: Readonly<Record<string, CaptureType>>;
  readonly not?: readonly (string | ExceptFile)[];
  readonly before?: StepsFile | readonly StepsFile[];
  readonly after?: StepsFile | readonly StepsFile[];
  readonly around?: StepsFile | readonly StepsFile[];
  readonly peer?: string;
  readonly let?: Readonly<Record<string, string | number | boolean>>;
  readonly reasons?: Readonly<Record<string, string | readonly [number, string] | ReasonFile>>;
  readonly fix: string | Listed<string | FormFixFile>;
  readonly see?: string | readonly string[];
  readonly note?: string;
  readonly cases?: readonly CaseFile[];
}

/** File that changes a rule of the catalogs before. */
export interface ChangeFile {
  readonly status: 'disabled' | 'extended';
  readonly not?: FormFile['not'];
  readonly note?: string;
}

/** Case that proves a rule: a log, and what must be found in it. */
export interface CaseFile {
  readonly throws?: string | readonly string[];
  readonly log?: string | readonly string[];
  readonly recording?: string;
  readonly near?: string | readonly string[];
  readonly 'near-line'?: string;
  readonly in?: string;
  readonly frames?: string;
  readonly task?: string;
  readonly flink?: string;
  readonly file?: string;
  readonly from?: 'constructed' | 'lab' | 'production';
  readonly scenario?: string;
  readonly note?: string;
  readonly gives?: Readonly<Record<string, string>>;
  readonly so?: string | readonly string[];
  readonly fix?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Chinese texts of a rule, in the area's zh.yaml by `<cause>/<variant>`. */
export interface ChineseFile {
  readonly title?: string;
  readonly why?: string;
  readonly reasons?: Readonly<Record<string, string>>;
  readonly fix?: Readonly<
    Record<string, string | { readonly do?: string; readonly cost?: string; readonly verify?: string }>
  >;
}

/** True if the document is a rule's file. It must be valid by rules/rule.schema.json, which guarantees this type. */
export function isFormFile(value: unknown): value is FormFile | ChangeFile {
  return typeof value === 'object' && value !== null;
}

/** True if the file is a rule of its own, and changes no other. */
export function isWholeForm(file: FormFile | ChangeFile): file is FormFile {
  return 'find' in file;
}
